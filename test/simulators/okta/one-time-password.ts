/** One-time passwords of the simulated devices (RFC 4226, RFC 6238), on Node's own cryptography. */

import { createHmac } from 'node:crypto';

/** RFC 6238 and every authenticator app: 30 seconds. */
export const TOTP_PERIOD_MS = 30_000;

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BITS_PER_CHARACTER = 5;

/** RFC 4226 section 5.3 with SHA-1. */
export function hotp(secretBase32: string, counter: number, digits = 6): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac('sha1', base32Bytes(secretBase32)).update(message).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  const number = (mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits;
  return String(number).padStart(digits, '0');
}

export function totp(secretBase32: string, nowMs: number, digits = 6): string {
  return hotp(secretBase32, totpCounter(nowMs), digits);
}

export function totpCounter(nowMs: number): number {
  return Math.floor(nowMs / TOTP_PERIOD_MS);
}

/** RFC 4648 section 6; spaces and padding are passed over, as people type secrets. */
function base32Bytes(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let bitCount = 0;
  for (const character of text.toUpperCase().replaceAll(/[\s=]/g, '')) {
    const value = BASE32.indexOf(character);
    if (value < 0) throw new Error('a secret is not Base32');
    bits = (bits << BITS_PER_CHARACTER) | value;
    bitCount += BITS_PER_CHARACTER;
    if (bitCount < 8) continue;
    bitCount -= 8;
    bytes.push((bits >> bitCount) & 0xff);
    bits &= (1 << bitCount) - 1;
  }
  return Buffer.from(bytes);
}
