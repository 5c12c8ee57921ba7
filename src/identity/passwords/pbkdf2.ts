/** PBKDF2 (RFC 8018) as passlib writes it, `$pbkdf2-sha256$29000$salt$hash`: read, never made. */

import { pbkdf2, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../secret.ts';

/** passlib's base64 has `.` for `+` and no padding. */
const PBKDF2 = /^\$pbkdf2(?:-(sha256|sha512))?\$(\d{1,8})\$([A-Za-z0-9./]{4,256})\$([A-Za-z0-9./]{22,256})$/;
/** Of what is derived: more than one digest multiplies the work and adds nothing (RFC 8018 section 5.2). */
const DIGEST_BYTES: ReadonlyMap<string, number> = new Map([
  ['sha1', 20],
  ['sha256', 32],
  ['sha512', 64],
]);
/** OWASP asks for 600,000 of SHA-256 and 1,400,000 of SHA-1. */
const MAX_ITERATIONS = 2_000_000;

export interface Pbkdf2 {
  readonly scheme: 'pbkdf2';
  readonly digest: string;
  readonly iterations: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Undefined where it is none, or one beyond the limits. */
export function parsePbkdf2(text: string): Pbkdf2 | undefined {
  const [, digest = 'sha1', iterationText = '', salt, hash] = PBKDF2.exec(text) ?? [];
  const iterations = Number(iterationText);
  if (salt === undefined || hash === undefined || iterations < 1 || iterations > MAX_ITERATIONS)
    return undefined;
  const parsed: Pbkdf2 = { scheme: 'pbkdf2', digest, iterations, salt: decoded(salt), hash: decoded(hash) };
  return parsed.hash.length <= (DIGEST_BYTES.get(digest) ?? 0) ? parsed : undefined;
}

export function verifyPbkdf2({ digest, iterations, salt, hash }: Pbkdf2, typed: Secret): Promise<boolean> {
  return new Promise((resolve, reject) => {
    pbkdf2(typed.reveal(), salt, iterations, hash.length, digest, (error, key) =>
      error === null ? resolve(timingSafeEqual(key, hash)) : reject(error),
    );
  });
}

function decoded(text: string): Buffer {
  return Buffer.from(text.replaceAll('.', '+'), 'base64');
}
