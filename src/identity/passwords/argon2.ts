/** Argon2 (RFC 9106) as PHC strings, computed by Node's own implementation. */

import crypto, { type Argon2Algorithm, randomBytes, timingSafeEqual } from 'node:crypto';
import { IdentityFault } from '../decision.ts';
import { Secret } from '../secret.ts';
import { parsePhc, phcBase64 } from './phc.ts';

/** What new hashes are made with: the first choice of OWASP's Password Storage Cheat Sheet. */
const DEFAULT = { memoryKib: 19_456, passes: 2, parallelism: 1 } as const;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const VERSION = 0x13;

/** A record must not become an attack on the server. */
const MAX_MEMORY_KIB = 256 * 1024;
const MAX_PASSES = 10;
const MAX_PARALLELISM = 16;
/** RFC 9106 §3.1: 8 KiB for each lane. */
const MIN_MEMORY_KIB_PER_LANE = 8;

const ALGORITHMS: ReadonlyMap<string, Argon2Algorithm> = new Map([
  ['argon2id', 'argon2id'],
  ['argon2i', 'argon2i'],
  ['argon2d', 'argon2d'],
]);

export interface Argon2 {
  readonly scheme: 'argon2';
  readonly algorithm: Argon2Algorithm;
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/** Undefined where it is none, or one beyond the limits. */
export function parseArgon2(text: string): Argon2 | undefined {
  const phc = parsePhc(text);
  const algorithm = ALGORITHMS.get(phc?.id ?? '');
  if (phc === undefined || algorithm === undefined || phc.version !== VERSION) return undefined;
  const memoryKib = phc.parameters.get('m') ?? 0;
  const passes = phc.parameters.get('t') ?? 0;
  const parallelism = phc.parameters.get('p') ?? 0;
  const isInBounds =
    parallelism >= 1 &&
    parallelism <= MAX_PARALLELISM &&
    passes >= 1 &&
    passes <= MAX_PASSES &&
    memoryKib >= MIN_MEMORY_KIB_PER_LANE * parallelism &&
    memoryKib <= MAX_MEMORY_KIB;
  if (!isInBounds) return undefined;
  return { scheme: 'argon2', algorithm, memoryKib, passes, parallelism, salt: phc.salt, tag: phc.hash };
}

export function argon2Bytes({ memoryKib }: Argon2): number {
  return memoryKib * 1024;
}

export async function verifyArgon2(hash: Argon2, typed: Secret): Promise<boolean> {
  return timingSafeEqual(await compute(hash, hash.tag.length, typed), hash.tag);
}

/** Whether a new hash would withstand more. Memory and passes can stand in for each other. */
export function isWeakArgon2({ algorithm, memoryKib, passes, tag }: Argon2): boolean {
  return (
    algorithm !== 'argon2id' ||
    memoryKib * passes < DEFAULT.memoryKib * DEFAULT.passes ||
    tag.length < TAG_BYTES
  );
}

/** An Argon2id hash with a salt of its own, as a PHC string. */
export async function makeArgon2(typed: Secret): Promise<Secret> {
  const hash = { algorithm: 'argon2id', ...DEFAULT, salt: randomBytes(SALT_BYTES) } as const;
  const tag = await compute(hash, TAG_BYTES, typed);
  const parameters = `m=${hash.memoryKib},t=${hash.passes},p=${hash.parallelism}`;
  return new Secret(`$argon2id$v=${VERSION}$${parameters}$${phcBase64(hash.salt)}$${phcBase64(tag)}`);
}

/** What one new hash takes, in bytes. */
export const DEFAULT_ARGON2_BYTES = DEFAULT.memoryKib * 1024;

/** A hash of nobody's password with the cost of new ones. */
export function anyArgon2(): Argon2 {
  const [salt, tag] = [randomBytes(SALT_BYTES), randomBytes(TAG_BYTES)];
  return { scheme: 'argon2', algorithm: 'argon2id', ...DEFAULT, salt, tag };
}

function compute(
  { algorithm, memoryKib, passes, parallelism, salt }: Omit<Argon2, 'scheme' | 'tag'>,
  tagLength: number,
  typed: Secret,
): Promise<Buffer> {
  // Not a named import: on an older Node the whole module would not load.
  if (typeof crypto.argon2 !== 'function')
    throw new IdentityFault('CONFIGURATION_INVALID', 'Argon2 needs Node 24.7 or later.');
  return new Promise((resolve, reject) => {
    crypto.argon2(
      algorithm,
      { message: typed.reveal(), nonce: salt, parallelism, tagLength, memory: memoryKib, passes },
      (error, tag) => (error === null ? resolve(tag) : reject(error)),
    );
  });
}
