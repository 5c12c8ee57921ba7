/** scrypt (RFC 7914) as PHC strings, `$scrypt$ln=16,r=8,p=1$salt$hash`: read, never made. */

import { scrypt, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../secret.ts';
import { parsePhc } from './phc.ts';

const MAX_MEMORY_BYTES = 256 * 1024 * 1024;
const MAX_LOG2_COST = 20;
const MAX_PARALLELISM = 16;
/** What all lanes go through, one after the other: about three seconds of one core. */
const MAX_WORK_BYTES = 1024 * 1024 * 1024;
/** OpenSSL counts somewhat more than the 128 · N · r of the RFC. */
const MEMORY_ALLOWANCE_BYTES = 1024 * 1024;

export interface Scrypt {
  readonly scheme: 'scrypt';
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Undefined where it is none, or one beyond the limits. */
export function parseScrypt(text: string): Scrypt | undefined {
  const phc = parsePhc(text);
  if (phc?.id !== 'scrypt') return undefined;
  const log2Cost = phc.parameters.get('ln') ?? 0;
  const blockSize = phc.parameters.get('r') ?? 0;
  const parallelism = phc.parameters.get('p') ?? 0;
  const isInBounds =
    log2Cost >= 1 &&
    log2Cost <= MAX_LOG2_COST &&
    blockSize >= 1 &&
    parallelism >= 1 &&
    parallelism <= MAX_PARALLELISM;
  const hash: Scrypt = {
    scheme: 'scrypt',
    cost: 2 ** log2Cost,
    blockSize,
    parallelism,
    salt: phc.salt,
    hash: phc.hash,
  };
  const isAffordable = scryptBytes(hash) <= MAX_MEMORY_BYTES && workBytes(hash) <= MAX_WORK_BYTES;
  return isInBounds && isAffordable ? hash : undefined;
}

/** RFC 7914 §2. */
export function scryptBytes({ cost, blockSize, parallelism }: Scrypt): number {
  return 128 * blockSize * (cost + parallelism);
}

function workBytes({ cost, blockSize, parallelism }: Scrypt): number {
  return 128 * blockSize * cost * parallelism;
}

export function verifyScrypt(stored: Scrypt, typed: Secret): Promise<boolean> {
  const { cost, blockSize, parallelism, salt, hash } = stored;
  const options = {
    cost,
    blockSize,
    parallelization: parallelism,
    maxmem: scryptBytes(stored) + MEMORY_ALLOWANCE_BYTES,
  };
  return new Promise((resolve, reject) => {
    scrypt(typed.reveal(), salt, hash.length, options, (error, key) =>
      error === null ? resolve(timingSafeEqual(key, hash)) : reject(error),
    );
  });
}
