/** UMAC as RFC 4418 writes it, in big integers: slow, and with nothing in common with the one in use. For tests. */

import { createCipheriv } from 'node:crypto';

const WORD = 2n ** 32n;
const P36 = 2n ** 36n - 5n;
export const P64 = 2n ** 64n - 59n;
const L1_BLOCK_BYTES = 1024;

function aes(key: Uint8Array, plain: Uint8Array): Buffer {
  return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(plain);
}

function kdf(key: Uint8Array, index: number, byteCount: number): Buffer {
  const blocks: Buffer[] = [];
  for (let count = 1; count * 16 < byteCount + 16; count++) {
    const plain = Buffer.alloc(16);
    plain.writeBigUInt64BE(BigInt(index), 0);
    plain.writeBigUInt64BE(BigInt(count), 8);
    blocks.push(aes(key, plain));
  }
  return Buffer.concat(blocks).subarray(0, byteCount);
}

/** The 256 key words of the first layer in this pass. */
export function l1KeyWords(key: Uint8Array, pass: number): bigint[] {
  const bytes = kdf(key, 1, L1_BLOCK_BYTES + 48).subarray(pass * 16);
  return Array.from({ length: 256 }, (_, word) => BigInt(bytes.readUInt32BE(word * 4)));
}

/** The key of the polynomial in this pass. */
export function l2Key(key: Uint8Array, pass: number): bigint {
  return kdf(key, 2, 96).readBigUInt64BE(pass * 24) & 0x01ffffff01ffffffn;
}

/** NH with the length added. */
export function l1Hash(keyWords: readonly bigint[], block: Buffer): bigint {
  const padded = Buffer.alloc(Math.max(1, Math.ceil(block.length / 32)) * 32);
  block.copy(padded);
  let sum = BigInt(block.length * 8);
  const factor = (word: number) => (BigInt(padded.readUInt32LE(word * 4)) + (keyWords[word] ?? 0n)) % WORD;
  for (let unit = 0; unit < padded.length / 4; unit += 8) {
    for (let word = unit; word < unit + 4; word++) sum += factor(word) * factor(word + 4);
  }
  return sum % (WORD * WORD);
}

/** POLY with 64-bit words. */
export function polynomial(key: bigint, values: readonly bigint[]): bigint {
  let y = 1n;
  for (const value of values) {
    if (value >= 2n ** 64n - 2n ** 32n) {
      y = (key * y + P64 - 1n) % P64;
      y = (key * y + value - 59n) % P64;
    } else {
      y = (key * y + value) % P64;
    }
  }
  return y;
}

function hash(key: Uint8Array, pass: number, message: Buffer): bigint {
  const blocks: Buffer[] = [];
  for (let at = 0; at === 0 || at < message.length; at += L1_BLOCK_BYTES)
    blocks.push(message.subarray(at, at + L1_BLOCK_BYTES));
  const keyWords = l1KeyWords(key, pass);
  const values = blocks.map((block) => l1Hash(keyWords, block));
  const short = values.length === 1 ? values[0] : undefined;
  const input = Buffer.alloc(16);
  input.writeBigUInt64BE(short ?? polynomial(l2Key(key, pass), values), 8);
  const l3 = kdf(key, 3, 256).subarray(pass * 64);
  let sum = 0n;
  for (let index = 0; index < 8; index++)
    sum += BigInt(input.readUInt16BE(index * 2)) * (l3.readBigUInt64BE(index * 8) % P36);
  return ((sum % P36) % WORD) ^ BigInt(kdf(key, 4, 16).readUInt32BE(pass * 4));
}

/** The tag of 16 bytes for a nonce of 8. */
export function umac128ByDefinition(key: Uint8Array, nonce: Uint8Array, message: Buffer): Buffer {
  const tag = aes(kdf(key, 0, 16), Buffer.concat([nonce, Buffer.alloc(8)]));
  for (let pass = 0; pass < 4; pass++) {
    const masked = BigInt(tag.readUInt32BE(pass * 4)) ^ hash(key, pass, message);
    tag.writeUInt32BE(Number(masked), pass * 4);
  }
  return tag;
}

/** A block of 1024 bytes that the first layer of this pass turns into `value`. */
export function blockWithL1Hash(keyWords: readonly bigint[], value: bigint): Buffer {
  const wanted = (value - BigInt(L1_BLOCK_BYTES * 8) + WORD * WORD) % (WORD * WORD);
  const high = wanted / WORD;
  // high * (2^32 - 1) + 1 * a + 1 * b, where a + b = high + low.
  const rest = high + (wanted % WORD);
  const a = rest < WORD ? rest : WORD - 1n;
  const factors = new Map([
    [0, high],
    [4, WORD - 1n],
    [1, a],
    [5, 1n],
    [2, rest - a],
    [6, 1n],
  ]);
  const block = Buffer.alloc(L1_BLOCK_BYTES);
  for (let word = 0; word < 256; word++) {
    const masked = ((factors.get(word) ?? 0n) - (keyWords[word] ?? 0n) + WORD) % WORD;
    block.writeUInt32LE(Number(masked), word * 4);
  }
  return block;
}
