/** `{SSHA}`, `{SSHA256}` and `{SSHA512}`, base64 of digest and salt, as directories have them: read, never made. */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../secret.ts';

const SALTED_SHA = /^\{(SSHA|SSHA256|SSHA384|SSHA512)\}([A-Za-z0-9+/]{20,512}={0,2})$/i;
const MIN_SALT_BYTES = 4;

const DIGESTS: ReadonlyMap<string, { readonly digest: string; readonly byteCount: number }> = new Map([
  ['SSHA', { digest: 'sha1', byteCount: 20 }],
  ['SSHA256', { digest: 'sha256', byteCount: 32 }],
  ['SSHA384', { digest: 'sha384', byteCount: 48 }],
  ['SSHA512', { digest: 'sha512', byteCount: 64 }],
]);

export interface SaltedSha {
  readonly scheme: 'salted-sha';
  readonly digest: string;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Undefined where it is none, or has no salt. */
export function parseSaltedSha(text: string): SaltedSha | undefined {
  const [, name = '', base64 = ''] = SALTED_SHA.exec(text) ?? [];
  const kind = DIGESTS.get(name.toUpperCase());
  const bytes = Buffer.from(base64, 'base64');
  if (kind === undefined || bytes.length < kind.byteCount + MIN_SALT_BYTES) return undefined;
  return {
    scheme: 'salted-sha',
    digest: kind.digest,
    hash: bytes.subarray(0, kind.byteCount),
    salt: bytes.subarray(kind.byteCount),
  };
}

export function verifySaltedSha({ digest, salt, hash }: SaltedSha, typed: Secret): boolean {
  return timingSafeEqual(createHash(digest).update(typed.reveal()).update(salt).digest(), hash);
}
