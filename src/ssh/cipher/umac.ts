/** UMAC: universal hashing, then encryption of the hash (RFC 4418), with tags of 8 or 16 bytes. */

import { type Cipheriv, createCipheriv } from 'node:crypto';

export const UMAC_KEY_BYTES = 16;
export type UmacTagBytes = 8 | 16;

const AES_BLOCK_BYTES = 16;
/** The first layer turns each of these into 8 bytes (section 5.2). */
const L1_BLOCK_BYTES = 1024;
/** What NH takes at a time; a shorter end is filled up with zeros. */
const NH_UNIT_BYTES = 32;
/** Products of NH that are added up before the sums could pass 2^53: 32 of 48 bits each. */
const NH_EXACT_BYTES = 256;
/** From one pass to the next the key of the first layer moves on by this much. */
const L1_SHIFT_WORDS = 4;
const L2_KEY_BYTES = 24;
const L3_KEY_BYTES = 64;
/** Longer messages need POLY-128 (section 5.3). SSH has none. */
const MAX_MESSAGE_BYTES = 2 ** 24;
/** Each pass of the hash gives 4 bytes of the tag. */
const PASS_BYTES = 4;
/** Indexes of the key derivation (sections 4.2 and 5.1). */
const Derived = { PAD: 0, L1: 1, L2: 2, L3: 3, L3_XOR: 4 } as const;

const TWO_16 = 2 ** 16;
const TWO_32 = 2 ** 32;
/** 2^64 - 59 is the prime of the second layer, 2^36 - 5 that of the third. */
const P64_OFFSET = 59;
const P36 = 2n ** 36n - 5n;

/** Makes tags under one key. Not reentrant: the message is gathered in memory of the object. */
export class Umac {
  readonly tagBytes: UmacTagBytes;
  readonly #pad: Cipheriv;
  readonly #passes: readonly HashPass[];
  readonly #block = Buffer.alloc(L1_BLOCK_BYTES);
  readonly #words = new DataView(this.#block.buffer, this.#block.byteOffset, L1_BLOCK_BYTES);
  readonly #padInput = Buffer.alloc(AES_BLOCK_BYTES);

  constructor(key: Uint8Array, tagBytes: UmacTagBytes) {
    this.tagBytes = tagBytes;
    this.#pad = aes(derived(key, Derived.PAD, UMAC_KEY_BYTES));
    this.#passes = hashPasses(key, tagBytes / PASS_BYTES);
  }

  /** @param nonce 8 bytes, never twice with one key. @throws RangeError past 16 MiB */
  tag(nonce: Uint8Array, parts: readonly Uint8Array[]): Buffer {
    let messageBytes = 0;
    for (const part of parts) messageBytes += part.length;
    if (messageBytes > MAX_MESSAGE_BYTES) throw new RangeError('the message is too long for UMAC');
    const lastBytes = this.#absorbAllButLast(parts);
    const paddedBytes = Math.max(1, Math.ceil(lastBytes / NH_UNIT_BYTES)) * NH_UNIT_BYTES;
    this.#block.fill(0, lastBytes, paddedBytes);
    const tag = Buffer.alloc(this.tagBytes);
    const pad = this.#padFor(nonce);
    let offset = 0;
    for (const pass of this.#passes) {
      const hash = pass.finish(this.#words, paddedBytes, lastBytes, messageBytes > L1_BLOCK_BYTES);
      tag.writeUInt32BE((hash ^ pad.readUInt32BE(offset)) >>> 0, offset);
      offset += PASS_BYTES;
    }
    return tag;
  }

  /** @returns how many bytes of the last block are filled */
  #absorbAllButLast(parts: readonly Uint8Array[]): number {
    let filled = 0;
    for (const part of parts) {
      for (let at = 0; at < part.length; ) {
        if (filled === L1_BLOCK_BYTES) {
          for (const pass of this.#passes) pass.absorb(this.#words, L1_BLOCK_BYTES, L1_BLOCK_BYTES);
          filled = 0;
        }
        const taken = Math.min(part.length - at, L1_BLOCK_BYTES - filled);
        this.#block.set(part.subarray(at, at + taken), filled);
        filled += taken;
        at += taken;
      }
    }
    return filled;
  }

  /** PDF (section 3.3): two neighbouring nonces share one AES block where the tag is half as long. */
  #padFor(nonce: Uint8Array): Buffer {
    this.#padInput.set(nonce);
    if (this.tagBytes === AES_BLOCK_BYTES) return this.#pad.update(this.#padInput);
    const lowByte = nonce[7] ?? 0;
    this.#padInput[7] = lowByte & 0xfe;
    const start = (lowByte & 1) * this.tagBytes;
    return this.#pad.update(this.#padInput).subarray(start, start + this.tagBytes);
  }
}

/** Keys of one pass. */
interface PassKeys {
  /** 256 words. */
  readonly l1: Uint32Array;
  /** Of the second layer, in halves. RFC 4418 masks both to 25 bits. */
  readonly l2High: number;
  readonly l2Low: number;
  /** Four numbers below 2^36. The other four would be multiplied with zeros only. */
  readonly l3: readonly [number, number, number, number];
  readonly l3Xor: number;
}

/**
 * One pass of UHASH over the message: NH for each 1024 bytes, a polynomial modulo 2^64 - 59 over what NH gives, and an
 * inner product modulo 2^36 - 5 at the end. A number of JavaScript is exact to 53 bits, so 64-bit values are kept in
 * halves or quarters, and no product has more than 52 bits.
 */
class HashPass {
  readonly #keys: PassKeys;
  /** The last value of NH. */
  #high = 0;
  #low = 0;
  /** The polynomial so far: four quarters of 16 bits, the lowest first. */
  readonly #quarters = Float64Array.of(1, 0, 0, 0);

  constructor(keys: PassKeys) {
    this.#keys = keys;
  }

  absorb(words: DataView, paddedBytes: number, messageBytes: number): void {
    this.#nh(words, paddedBytes, messageBytes);
    if (this.#high < TWO_32 - 1) {
      this.#step(this.#high, this.#low);
      return;
    }
    // Values too near to 2^64 go in as a marker and the value less 59 (POLY, section 5.3.2).
    this.#step(TWO_32 - 1, TWO_32 - P64_OFFSET - 1);
    this.#step(this.#high, this.#low - P64_OFFSET);
  }

  /** Takes the last block in. @returns 32 bits of hash, and is ready for the next message */
  finish(words: DataView, paddedBytes: number, messageBytes: number, isLong: boolean): number {
    const quarters = this.#quarters;
    if (isLong) {
      this.absorb(words, paddedBytes, messageBytes);
      reduce(quarters);
    } else {
      this.#nh(words, paddedBytes, messageBytes);
      quarters[0] = this.#low % TWO_16;
      quarters[1] = Math.floor(this.#low / TWO_16);
      quarters[2] = this.#high % TWO_16;
      quarters[3] = Math.floor(this.#high / TWO_16);
    }
    const hash = this.#innerProduct();
    quarters[0] = 1;
    quarters.fill(0, 1);
    return hash;
  }

  /** NH plus the length in bits, modulo 2^64. Message words are little-endian (section 5.2.1, ENDIAN-SWAP). */
  #nh(words: DataView, paddedBytes: number, messageBytes: number): void {
    const key = this.#keys.l1;
    let low = messageBytes * 8;
    let high = 0;
    for (let at = 0; at < paddedBytes; ) {
      const end = Math.min(at + NH_EXACT_BYTES, paddedBytes);
      // The second factor (b) in halves: sums of 48-bit products. Written out, for a loop inside costs a quarter more.
      let byLowHalf = 0;
      let byHighHalf = 0;
      for (; at < end; at += NH_UNIT_BYTES) {
        const word = at >>> 2;
        const a0 = (words.getUint32(at, true) + (key[word] ?? 0)) >>> 0;
        const a1 = (words.getUint32(at + 4, true) + (key[word + 1] ?? 0)) >>> 0;
        const a2 = (words.getUint32(at + 8, true) + (key[word + 2] ?? 0)) >>> 0;
        const a3 = (words.getUint32(at + 12, true) + (key[word + 3] ?? 0)) >>> 0;
        const b0 = (words.getUint32(at + 16, true) + (key[word + 4] ?? 0)) | 0;
        const b1 = (words.getUint32(at + 20, true) + (key[word + 5] ?? 0)) | 0;
        const b2 = (words.getUint32(at + 24, true) + (key[word + 6] ?? 0)) | 0;
        const b3 = (words.getUint32(at + 28, true) + (key[word + 7] ?? 0)) | 0;
        byLowHalf += a0 * (b0 & 0xffff) + a1 * (b1 & 0xffff) + a2 * (b2 & 0xffff) + a3 * (b3 & 0xffff);
        byHighHalf += a0 * (b0 >>> 16) + a1 * (b1 >>> 16) + a2 * (b2 >>> 16) + a3 * (b3 >>> 16);
      }
      low += (byLowHalf >>> 0) + (byHighHalf & 0xffff) * TWO_16;
      high += Math.floor(byLowHalf / TWO_32) + Math.floor(byHighHalf / TWO_16);
    }
    this.#low = low % TWO_32;
    this.#high = (high + Math.floor(low / TWO_32)) % TWO_32;
  }

  /** polynomial = polynomial * key + (high, low), modulo 2^64 - 59. What is above 2^64 comes back times 59. */
  #step(high: number, low: number): void {
    const { l2High, l2Low } = this.#keys;
    const quarters = this.#quarters;
    const { 0: q0 = 0, 1: q1 = 0, 2: q2 = 0, 3: q3 = 0 } = quarters;
    quarters[0] = l2Low * q0 + P64_OFFSET * (l2High * q2) + low;
    quarters[1] = l2Low * q1 + P64_OFFSET * (l2High * q3);
    quarters[2] = l2Low * q2 + l2High * q0 + high;
    quarters[3] = l2Low * q3 + l2High * q1;
    carry(quarters);
    carry(quarters);
  }

  #innerProduct(): number {
    const { 0: q0 = 0, 1: q1 = 0, 2: q2 = 0, 3: q3 = 0 } = this.#quarters;
    const [k0, k1, k2, k3] = this.#keys.l3;
    const prime = Number(P36);
    const sum = ((q3 * k0 + q2 * k1) % prime) + ((q1 * k2 + q0 * k3) % prime);
    return ((sum % prime) ^ this.#keys.l3Xor) >>> 0;
  }
}

/** Brings the quarters to 16 bits; what goes over the top comes in at the bottom, times 59. */
function carry(quarters: Float64Array): void {
  let over = 0;
  for (let index = 0; index < 4; index++) {
    const value = (quarters[index] ?? 0) + over;
    over = Math.floor(value / TWO_16);
    quarters[index] = value - over * TWO_16;
  }
  quarters[0] = (quarters[0] ?? 0) + over * P64_OFFSET;
}

/** The one number below 2^64 - 59. */
function reduce(quarters: Float64Array): void {
  carry(quarters);
  carry(quarters);
  const { 0: q0 = 0, 1: q1, 2: q2, 3: q3 } = quarters;
  const top = TWO_16 - 1;
  if (q1 !== top || q2 !== top || q3 !== top || q0 < TWO_16 - P64_OFFSET) return;
  quarters.fill(0);
  quarters[0] = q0 - (TWO_16 - P64_OFFSET);
}

function hashPasses(key: Uint8Array, count: number): HashPass[] {
  const l1 = wordsOf(derived(key, Derived.L1, L1_BLOCK_BYTES + 4 * L1_SHIFT_WORDS * (count - 1)));
  const l2 = derived(key, Derived.L2, L2_KEY_BYTES * count);
  const l3 = derived(key, Derived.L3, L3_KEY_BYTES * count);
  const l3Xor = derived(key, Derived.L3_XOR, PASS_BYTES * count);
  return Array.from({ length: count }, (_, pass) => {
    const l1Start = pass * L1_SHIFT_WORDS;
    const l3Key = (index: number): number =>
      Number(l3.readBigUInt64BE(pass * L3_KEY_BYTES + index * 8) % P36);
    return new HashPass({
      l1: l1.subarray(l1Start, l1Start + L1_BLOCK_BYTES / 4),
      l2High: l2.readUInt32BE(pass * L2_KEY_BYTES) & 0x01ff_ffff,
      l2Low: l2.readUInt32BE(pass * L2_KEY_BYTES + 4) & 0x01ff_ffff,
      l3: [l3Key(4), l3Key(5), l3Key(6), l3Key(7)],
      l3Xor: l3Xor.readUInt32BE(pass * PASS_BYTES),
    });
  });
}

function wordsOf(bytes: Buffer): Uint32Array {
  return Uint32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32BE(index * 4));
}

/** KDF (section 3.2): AES in counter mode, counting from 1 behind the index. */
function derived(key: Uint8Array, index: number, byteCount: number): Buffer {
  const counters = Buffer.alloc(Math.ceil(byteCount / AES_BLOCK_BYTES) * AES_BLOCK_BYTES);
  for (let at = 0; at < counters.length; at += AES_BLOCK_BYTES) {
    counters.writeUInt32BE(index, at + 4);
    counters.writeUInt32BE(at / AES_BLOCK_BYTES + 1, at + 12);
  }
  return aes(key).update(counters).subarray(0, byteCount);
}

function aes(key: Uint8Array): Cipheriv {
  return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
}
