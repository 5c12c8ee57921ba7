/** The hash algorithms clients may ask for, by the names of draft-ietf-secsh-filexfer-extensions-00, section 3. */

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** One hash being computed. */
export interface HashState {
  update(view: Uint8Array): void;
  /** Called once, at the end. */
  digest(): Buffer;
}

export interface HashAlgorithm {
  readonly name: string;
  readonly digestBytes: number;
  create(): HashState;
}

function cryptographic(name: string, digestBytes: number): HashAlgorithm {
  return {
    name,
    digestBytes,
    create: () => {
      const hash = createHash(name);
      return { update: (view) => void hash.update(view), digest: () => hash.digest() };
    },
  };
}

/** Four bytes, the highest first, so that in hexadecimal it reads as everybody writes a CRC. */
const CRC32: HashAlgorithm = {
  name: 'crc32',
  digestBytes: 4,
  create: () => {
    let value = 0;
    return {
      update: (view) => {
        value = crc32(view, value);
      },
      digest: () => {
        const digest = Buffer.alloc(4);
        digest.writeUInt32BE(value);
        return digest;
      },
    };
  },
};

const ALGORITHMS: readonly HashAlgorithm[] = [
  cryptographic('md5', 16),
  cryptographic('sha1', 20),
  cryptographic('sha224', 28),
  cryptographic('sha256', 32),
  cryptographic('sha384', 48),
  cryptographic('sha512', 64),
  CRC32,
];

export const HASH_ALGORITHMS: ReadonlyMap<string, HashAlgorithm> = new Map(
  ALGORITHMS.map((algorithm) => [algorithm.name, algorithm]),
);

/** As `check-file` is advertised, and as errors name them. */
export const HASH_ALGORITHM_NAMES = ALGORITHMS.map(({ name }) => name).join(',');
