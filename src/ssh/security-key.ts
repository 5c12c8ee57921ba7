/** What a FIDO2 security key signs, and what it says about the person at it (OpenSSH's PROTOCOL.u2f). */

import { createHash } from 'node:crypto';
import type { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';

/** Somebody touched the token. */
const USER_PRESENT = 0x01;
/** Somebody gave its PIN or a fingerprint. */
const USER_VERIFIED = 0x04;

export interface SecurityKeyFlags {
  readonly isUserPresent: boolean;
  readonly isUserVerified: boolean;
  /** The byte as it was signed. */
  readonly raw: number;
  /** Signatures the token has made. Information only: tokens may begin again, or share a counter. */
  readonly counter: number;
}

/** Reads the part of a signature blob behind the inner signature. @throws WireError */
export function readFlags(reader: ByteReader): SecurityKeyFlags {
  const raw = reader.uint8();
  const counter = reader.uint32();
  return {
    isUserPresent: (raw & USER_PRESENT) !== 0,
    isUserVerified: (raw & USER_VERIFIED) !== 0,
    raw,
    counter,
  };
}

/** The bytes the token signed: it sees hashes only. */
export function securityKeyMessage(
  application: string,
  flags: Pick<SecurityKeyFlags, 'raw' | 'counter'>,
  message: Buffer,
): Buffer {
  return new ByteWriter(80)
    .bytes(sha256(Buffer.from(application, 'utf8')))
    .uint8(flags.raw)
    .uint32(flags.counter)
    .bytes(sha256(message))
    .finish();
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
