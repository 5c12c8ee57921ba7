/** Damages bytes in the ways that break parsers: flipped, cut, repeated, and lengths that lie. */

import fc from 'fast-check';

/** One damage. Places are fractions of the length in 1/65536, so that they fit whatever they are applied to. */
export type Mutation =
  | { readonly kind: 'set'; readonly place: number; readonly value: number }
  | { readonly kind: 'cut'; readonly place: number; readonly byteCount: number }
  | { readonly kind: 'insert'; readonly place: number; readonly bytes: readonly number[] }
  | { readonly kind: 'end'; readonly place: number }
  /** Four bytes become this number: what a length field would be. */
  | { readonly kind: 'length'; readonly place: number; readonly value: number }
  | { readonly kind: 'repeat'; readonly place: number; readonly byteCount: number };

const PLACES = 65_536;
const place = fc.nat(PLACES - 1);
const byte = fc.nat(255);
const odd = fc.oneof(
  fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fffb, 0x4_0000, 0x4_0001),
  fc.nat(300),
);

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), place, value: byte }),
  fc.record({ kind: fc.constant('cut' as const), place, byteCount: fc.integer({ min: 1, max: 40 }) }),
  fc.record({
    kind: fc.constant('insert' as const),
    place,
    bytes: fc.array(byte, { minLength: 1, maxLength: 12 }),
  }),
  fc.record({ kind: fc.constant('end' as const), place }),
  fc.record({ kind: fc.constant('length' as const), place, value: odd }),
  fc.record({ kind: fc.constant('repeat' as const), place, byteCount: fc.integer({ min: 1, max: 64 }) }),
);

/** None at all is as likely as many: whole messages must go on working too. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.oneof(
  fc.constant([]),
  fc.array(mutation, { minLength: 1, maxLength: 4 }),
);

export function mutated(bytes: Buffer, changes: readonly Mutation[]): Buffer {
  return changes.reduce(applied, bytes);
}

function applied(bytes: Buffer, change: Mutation): Buffer {
  const at = Math.floor((change.place * bytes.length) / PLACES);
  switch (change.kind) {
    case 'set':
      return spliced(bytes, at, 1, [change.value]);
    case 'cut':
      return spliced(bytes, at, change.byteCount, []);
    case 'insert':
      return spliced(bytes, at, 0, change.bytes);
    case 'end':
      return bytes.subarray(0, at);
    case 'repeat':
      return spliced(bytes, at, 0, [...bytes.subarray(at, at + change.byteCount)]);
    case 'length': {
      const field = Buffer.alloc(4);
      field.writeUInt32BE(change.value);
      return spliced(bytes, at, 4, [...field]);
    }
  }
}

function spliced(bytes: Buffer, at: number, removed: number, added: readonly number[]): Buffer {
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(added), bytes.subarray(at + removed)]);
}

/** Cuts `bytes` at fractions of its length. */
export function chunked(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = cuts.map((cut) => Math.floor((cut * bytes.length) / PLACES));
  const places = [...new Set([0, ...ends, bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

export const cuts: fc.Arbitrary<readonly number[]> = fc.array(place, { maxLength: 30 });
