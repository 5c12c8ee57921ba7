/** Fuzz: any bytes, in any pieces, through the packet reader with every way of opening packets. */

import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { PlainCipher } from '../../src/ssh/cipher/plain.ts';
import type { PacketOpener, PacketSealer } from '../../src/ssh/cipher/protection.ts';
import { CIPHERS, MACS, needsMac, protection } from '../../src/ssh/cipher/suites.ts';
import { SshError } from '../../src/ssh/error.ts';
import { PacketReader, Scratch } from '../../src/ssh/packet-reader.ts';
import { PacketWriter } from '../../src/ssh/packet-writer.ts';
import { PaddingSource } from '../../src/ssh/padding.ts';
import { chunked, cuts, mutated, mutations } from './mutation.ts';
import type { FuzzTarget } from './target.ts';

/** Every cipher with every MAC that it needs, and what stands before the first keys. */
const SUITES: readonly Suite[] = [['plain', undefined], ...Object.keys(CIPHERS).flatMap(withMacs)];

type Suite = readonly [cipher: string, mac: string | undefined];

function withMacs(cipher: string): Suite[] {
  return needsMac(cipher) ? Object.keys(MACS).map((mac): Suite => [cipher, mac]) : [[cipher, undefined]];
}

const input = fc.record({
  suite: fc.nat(SUITES.length - 1),
  payloads: fc.array(fc.uint8Array({ minLength: 1, maxLength: 600 }), { maxLength: 4 }),
  mutations,
  garbage: fc.uint8Array({ maxLength: 120 }),
  cuts,
  otherCuts: cuts,
});

type Input = typeof input extends fc.Arbitrary<infer T> ? T : never;

function keyed(suite: number): { readonly sealer: PacketSealer; readonly opener: PacketOpener } {
  const [cipher = 'plain', mac] = SUITES[suite] ?? [];
  if (cipher === 'plain') return { sealer: new PlainCipher(), opener: new PlainCipher() };
  const chosen = protection(cipher, mac);
  const keys = {
    iv: Buffer.alloc(chosen.ivBytes, 3),
    key: Buffer.alloc(chosen.keyBytes, 1),
    macKey: Buffer.alloc(chosen.macKeyBytes, 2),
  };
  return { sealer: chosen.sealer(keys), opener: chosen.opener(keys) };
}

async function sealed(suite: number, payloads: readonly Uint8Array[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  const writer = new PacketWriter(stream, new PaddingSource(), new Scratch());
  writer.rekey(keyed(suite).sealer, { resetSequence: true });
  for (const payload of payloads) writer.write([payload]);
  await nextTurn();
  return Buffer.concat(chunks);
}

/** Payloads as hex, then how it ended: `waiting`, or the code of the error. */
function opened(suite: number, chunks: readonly Buffer[]): string[] {
  const reader = new PacketReader(new Scratch());
  reader.rekey(keyed(suite).opener, { resetSequence: true });
  const found: string[] = [];
  try {
    for (const chunk of chunks) {
      reader.push(Buffer.from(chunk));
      for (let payload = reader.next(); payload !== undefined; payload = reader.next()) {
        assert.ok(payload.length > 0, 'a packet has a message');
        found.push(payload.toString('hex'));
      }
    }
    return [...found, 'waiting'];
  } catch (error) {
    assert.ok(error instanceof SshError, `${error}`);
    assert.match(error.code, /^(PACKET|MAC)_INVALID$/);
    return [...found, error.code];
  }
}

export const packetParser: FuzzTarget<Input> = {
  name: 'packet-parser',
  input,
  async check({ suite, payloads, mutations: changes, garbage, ...pieces }) {
    const bytes = await sealed(suite, payloads);
    const damaged = Buffer.concat([mutated(bytes, changes), garbage]);
    const result = opened(suite, chunked(damaged, pieces.cuts));
    assert.deepEqual(opened(suite, chunked(damaged, pieces.otherCuts)), result, 'pieces make no difference');
    const sent = payloads.map((payload) => Buffer.from(payload).toString('hex'));
    const accepted = result.slice(0, -1);
    // What a MAC or tag protects is taken whole or not at all, and in order.
    if (suite > 0) assert.deepEqual(accepted, sent.slice(0, accepted.length));
    if (changes.length === 0 && garbage.length === 0) assert.deepEqual(result, [...sent, 'waiting']);
  },
};
