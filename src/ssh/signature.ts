/** Signature algorithms of host and user keys, and their blobs (RFC 4253 section 6.6, RFC 5656, RFC 8332, RFC 8709). */

import { type KeyObject, verify } from 'node:crypto';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import type { PublicKey } from './public-key.ts';
import { readFlags, type SecurityKeyFlags, securityKeyMessage } from './security-key.ts';

export interface SignatureAlgorithm {
  readonly name: string;
  /** Type of the key blob it goes with. */
  readonly keyType: string;
  /** Digest name for node:crypto; null where the algorithm brings its own. */
  readonly hash: string | null;
  /** ECDSA: bytes of r and of s. */
  readonly scalarBytes: number;
}

const ED25519_SIGNATURE_BYTES = 64;

const ALGORITHMS: readonly SignatureAlgorithm[] = [
  { name: 'ssh-ed25519', keyType: 'ssh-ed25519', hash: null, scalarBytes: 0 },
  { name: 'ecdsa-sha2-nistp256', keyType: 'ecdsa-sha2-nistp256', hash: 'sha256', scalarBytes: 32 },
  { name: 'ecdsa-sha2-nistp384', keyType: 'ecdsa-sha2-nistp384', hash: 'sha384', scalarBytes: 48 },
  { name: 'ecdsa-sha2-nistp521', keyType: 'ecdsa-sha2-nistp521', hash: 'sha512', scalarBytes: 66 },
  { name: 'rsa-sha2-512', keyType: 'ssh-rsa', hash: 'sha512', scalarBytes: 0 },
  { name: 'rsa-sha2-256', keyType: 'ssh-rsa', hash: 'sha256', scalarBytes: 0 },
  { name: 'sk-ssh-ed25519@openssh.com', keyType: 'sk-ssh-ed25519@openssh.com', hash: null, scalarBytes: 0 },
  {
    name: 'sk-ecdsa-sha2-nistp256@openssh.com',
    keyType: 'sk-ecdsa-sha2-nistp256@openssh.com',
    hash: 'sha256',
    scalarBytes: 32,
  },
];

/** RSA with SHA-1 (RFC 4253 section 6.6): for keys of hosts and users where an old security policy names it, nowhere else. */
export const RSA_SHA1: SignatureAlgorithm = {
  name: 'ssh-rsa',
  keyType: 'ssh-rsa',
  hash: 'sha1',
  scalarBytes: 0,
};

/** What `server-sig-algs` announces (RFC 8308 section 3.1): the algorithms users may sign with by default. */
export const USER_SIGNATURE_ALGORITHMS: readonly string[] = ALGORITHMS.map(({ name }) => name);

export function signatureAlgorithm(name: string): SignatureAlgorithm | undefined {
  return name === RSA_SHA1.name ? RSA_SHA1 : ALGORITHMS.find((algorithm) => algorithm.name === name);
}

/** Wraps what node:crypto made (r‖s for ECDSA) as `string name, string signature`. */
export function encodeSignature(algorithm: SignatureAlgorithm, raw: Buffer): Buffer {
  return new ByteWriter(raw.length + 64)
    .string(algorithm.name)
    .string(algorithm.scalarBytes === 0 ? raw : encodeScalars(raw, algorithm.scalarBytes))
    .finish();
}

/** A signature that holds. */
export interface VerifiedSignature {
  /** Security keys only: what the token says about who was at it. */
  readonly flags?: SecurityKeyFlags;
}

/**
 * Checks that `blob` is a signature of `message` by `key`, made with exactly `algorithm`. Malformed is undefined, and so
 * is a blob that names another algorithm than the request did.
 */
export function verifiedSignature(
  algorithm: SignatureAlgorithm,
  key: PublicKey,
  message: Buffer,
  blob: Buffer,
): VerifiedSignature | undefined {
  if (key.type !== algorithm.keyType) return undefined;
  try {
    const reader = new ByteReader(blob);
    if (reader.ascii() !== algorithm.name) return undefined;
    const raw = decodeRaw(algorithm, key, reader.string());
    // The flags stand outside of the inner string.
    const flags = key.application === undefined ? undefined : readFlags(reader);
    if (raw === undefined || reader.remaining > 0) return undefined;
    const signed = flags === undefined ? message : securityKeyMessage(key.application ?? '', flags, message);
    if (!isSigned(algorithm, key.keyObject, signed, raw)) return undefined;
    return flags === undefined ? {} : { flags };
  } catch {
    return undefined;
  }
}

/** Whether the signature holds, whatever a security key says about its user. */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  key: PublicKey,
  message: Buffer,
  blob: Buffer,
): boolean {
  return verifiedSignature(algorithm, key, message, blob) !== undefined;
}

function isSigned(algorithm: SignatureAlgorithm, key: KeyObject, message: Buffer, raw: Buffer): boolean {
  return verify(algorithm.hash, message, { key, dsaEncoding: 'ieee-p1363' }, raw);
}

function decodeRaw(algorithm: SignatureAlgorithm, key: PublicKey, signature: Buffer): Buffer | undefined {
  if (algorithm.scalarBytes > 0) return decodeScalars(signature, algorithm.scalarBytes);
  if (algorithm.hash === null) return signature.length === ED25519_SIGNATURE_BYTES ? signature : undefined;
  // Some clients drop leading zero bytes of RSA signatures; OpenSSH pads them too.
  return leftPadded(signature, Math.ceil(key.bits / 8));
}

function encodeScalars(raw: Buffer, scalarBytes: number): Buffer {
  return new ByteWriter(160).mpint(raw.subarray(0, scalarBytes)).mpint(raw.subarray(scalarBytes)).finish();
}

function decodeScalars(signature: Buffer, scalarBytes: number): Buffer | undefined {
  const reader = new ByteReader(signature);
  const r = scalar(reader.string(), scalarBytes);
  const s = scalar(reader.string(), scalarBytes);
  return r === undefined || s === undefined || reader.remaining > 0 ? undefined : Buffer.concat([r, s]);
}

/** A positive mpint at a fixed width. */
function scalar(mpint: Buffer, scalarBytes: number): Buffer | undefined {
  const isNegative = ((mpint[0] ?? 0) & 0x80) !== 0;
  if (isNegative) return undefined;
  let start = 0;
  while (start < mpint.length && mpint[start] === 0) start++;
  return leftPadded(mpint.subarray(start), scalarBytes);
}

function leftPadded(bytes: Buffer, byteCount: number): Buffer | undefined {
  if (bytes.length > byteCount) return undefined;
  return bytes.length === byteCount ? bytes : Buffer.concat([Buffer.alloc(byteCount - bytes.length), bytes]);
}
