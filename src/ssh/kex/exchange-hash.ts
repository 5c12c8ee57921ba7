/** The exchange hash H and the keys derived from it (RFC 4253 sections 7.2 and 8). */

import { createHash } from 'node:crypto';
import { ByteWriter } from '../../wire/byte-writer.ts';
import type { DirectionKeys } from '../cipher/protection.ts';
import type { Protection } from '../cipher/suites.ts';

/** What both sides have said before the method's own fields. */
export interface ExchangeTranscript {
  readonly clientIdent: string;
  readonly serverIdent: string;
  readonly clientKexInit: Buffer;
  readonly serverKexInit: Buffer;
  readonly hostKeyBlob: Buffer;
}

/** H. `hashFields` and `secret` are encoded already. */
export function exchangeHash(
  hash: string,
  transcript: ExchangeTranscript,
  hashFields: Buffer,
  secret: Buffer,
): Buffer {
  const common = new ByteWriter(4096)
    .string(Buffer.from(transcript.clientIdent, 'latin1'))
    .string(Buffer.from(transcript.serverIdent, 'latin1'))
    .string(transcript.clientKexInit)
    .string(transcript.serverKexInit)
    .string(transcript.hostKeyBlob)
    .finish();
  return createHash(hash).update(common).update(hashFields).update(secret).digest();
}

/** What the derivation starts from. */
export interface KeySeed {
  readonly hash: string;
  /** K, encoded. */
  readonly secret: Buffer;
  /** H of this exchange. */
  readonly exchangeHash: Buffer;
  /** H of the connection's first exchange. */
  readonly sessionId: Buffer;
}

type KeySizes = Pick<Protection, 'ivBytes' | 'keyBytes' | 'macKeyBytes'>;

/** Keys of the direction client to server: letters A, C, E. */
export function clientKeys(seed: KeySeed, protection: KeySizes): DirectionKeys {
  return directionKeys(seed, protection, ['A', 'C', 'E']);
}

/** Keys of the direction server to client: letters B, D, F. */
export function serverKeys(seed: KeySeed, protection: KeySizes): DirectionKeys {
  return directionKeys(seed, protection, ['B', 'D', 'F']);
}

function directionKeys(
  seed: KeySeed,
  protection: KeySizes,
  [ivLetter, keyLetter, macLetter]: readonly [string, string, string],
): DirectionKeys {
  return {
    iv: derive(seed, ivLetter, protection.ivBytes),
    key: derive(seed, keyLetter, protection.keyBytes),
    macKey: derive(seed, macLetter, protection.macKeyBytes),
  };
}

function derive(seed: KeySeed, letter: string, byteCount: number): Buffer {
  const start = (): ReturnType<typeof createHash> =>
    createHash(seed.hash).update(seed.secret).update(seed.exchangeHash);
  let material = start().update(letter).update(seed.sessionId).digest();
  while (material.length < byteCount) material = Buffer.concat([material, start().update(material).digest()]);
  return material.subarray(0, byteCount);
}
