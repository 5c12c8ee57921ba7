/** Public keys on the wire (RFC 4253 section 6.6, RFC 5656, RFC 8709, and OpenSSH's PROTOCOL.u2f). */

import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';

export interface PublicKey {
  /** Type name at the start of the blob. */
  readonly type: string;
  /** The key as it stands on the wire. */
  readonly blob: Buffer;
  readonly keyObject: KeyObject;
  /** Size of the RSA modulus or of the curve. */
  readonly bits: number;
  /** Security keys (FIDO2) only: what the key was made for, part of everything it signs. */
  readonly application?: string;
}

/** A key cannot be used; the message says why and is safe to log. */
export class PublicKeyError extends Error {
  override readonly name = 'PublicKeyError';
  readonly code = 'PUBLIC_KEY_INVALID';
}

/** NIST SP 800-131A floor. */
const MIN_RSA_BITS = 2048;
/** Verifying with larger moduli is a way to burn our CPU (CVE-2026-39829). */
const MAX_RSA_BITS = 16_384;
/** OpenSSL's bound for large moduli. Below 3072 bits it takes any, and verifying then costs as much as signing. */
const MAX_RSA_EXPONENT_BYTES = 8;
const ED25519_KEY_BYTES = 32;
const UNCOMPRESSED = 0x04;

interface Curve {
  readonly wireName: string;
  readonly jwkName: string;
  readonly scalarBytes: number;
  readonly bits: number;
}

// Maps, because a type name comes from the peer and may be that of a member every object has.
const CURVES: ReadonlyMap<string, Curve> = new Map([
  ['ecdsa-sha2-nistp256', { wireName: 'nistp256', jwkName: 'P-256', scalarBytes: 32, bits: 256 }],
  ['ecdsa-sha2-nistp384', { wireName: 'nistp384', jwkName: 'P-384', scalarBytes: 48, bits: 384 }],
  ['ecdsa-sha2-nistp521', { wireName: 'nistp521', jwkName: 'P-521', scalarBytes: 66, bits: 521 }],
]);

/** Key types of security keys, each with the plain type whose fields it begins with. */
const SECURITY_KEY_TYPES: ReadonlyMap<string, string> = new Map([
  ['sk-ssh-ed25519@openssh.com', 'ssh-ed25519'],
  ['sk-ecdsa-sha2-nistp256@openssh.com', 'ecdsa-sha2-nistp256'],
]);
/** A credential made for a web site must not log in here; ssh-keygen makes none without this either. */
const APPLICATION_PREFIX = 'ssh:';

type KeyFields = Omit<PublicKey, 'type' | 'blob'>;

/** @throws PublicKeyError for a type we do not take, a size out of bounds, or a malformed blob */
export function parsePublicKey(blob: Buffer): PublicKey {
  try {
    const reader = new ByteReader(blob);
    const key = readPublicKey(reader.ascii(), reader);
    if (reader.remaining > 0) throw new PublicKeyError('the key has bytes behind its end');
    return key;
  } catch (error) {
    if (error instanceof PublicKeyError) throw error;
    throw new PublicKeyError('the key is malformed', { cause: error });
  }
}

/**
 * Reads the fields of a key that stand behind its type name; a certificate holds them in its middle.
 * @throws PublicKeyError, WireError
 */
export function readPublicKey(type: string, reader: ByteReader): PublicKey {
  const plainType = SECURITY_KEY_TYPES.get(type);
  const start = reader.offset;
  const fields = readFields(plainType ?? type, reader);
  const application = plainType === undefined ? {} : { application: readApplication(reader) };
  const blob = new ByteWriter(1024).string(type).bytes(reader.since(start)).finish();
  return { type, blob: Buffer.from(blob), ...fields, ...application };
}

/** @throws TypeError when SSH has no key type for it */
export function publicKeyFromKeyObject(keyObject: KeyObject): PublicKey {
  const jwk = keyObject.export({ format: 'jwk' });
  return parsePublicKey(encodeJwk(jwk));
}

function readFields(type: string, reader: ByteReader): KeyFields {
  if (type === 'ssh-ed25519') return parseEd25519(reader);
  if (type === 'ssh-rsa') return parseRsa(reader);
  const curve = CURVES.get(type);
  if (curve !== undefined) return parseEcdsa(curve, reader);
  throw new PublicKeyError(`keys of type ${type.slice(0, 64)} are not accepted`);
}

function readApplication(reader: ByteReader): string {
  const application = reader.text();
  if (!application.startsWith(APPLICATION_PREFIX))
    throw new PublicKeyError(
      `the security key was not made for SSH: its application is not "${APPLICATION_PREFIX}…"`,
    );
  return application;
}

function parseEd25519(reader: ByteReader): KeyFields {
  const value = reader.string();
  if (value.length !== ED25519_KEY_BYTES) throw new PublicKeyError('the Ed25519 key has a wrong length');
  return { keyObject: fromJwk({ kty: 'OKP', crv: 'Ed25519', x: value.toString('base64url') }), bits: 256 };
}

function parseRsa(reader: ByteReader): KeyFields {
  const exponent = positive(reader.string());
  const modulus = positive(reader.string());
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < MIN_RSA_BITS)
    throw new PublicKeyError(`the RSA key has ${bits} bits; at least ${MIN_RSA_BITS} are needed`);
  if (bits > MAX_RSA_BITS)
    throw new PublicKeyError(`the RSA key has ${bits} bits; at most ${MAX_RSA_BITS} are taken`);
  if (exponent.length > MAX_RSA_EXPONENT_BYTES)
    throw new PublicKeyError(`the exponent of the RSA key has more than ${MAX_RSA_EXPONENT_BYTES * 8} bits`);
  const jwk = { kty: 'RSA', e: exponent.toString('base64url'), n: modulus.toString('base64url') };
  return { keyObject: fromJwk(jwk), bits };
}

function parseEcdsa(curve: Curve, reader: ByteReader): KeyFields {
  if (reader.ascii() !== curve.wireName)
    throw new PublicKeyError('the ECDSA key names another curve than its type');
  const point = reader.string();
  if (point.length !== 1 + 2 * curve.scalarBytes || point[0] !== UNCOMPRESSED) {
    throw new PublicKeyError('the ECDSA key is not an uncompressed point');
  }
  const x = point.subarray(1, 1 + curve.scalarBytes).toString('base64url');
  const y = point.subarray(1 + curve.scalarBytes).toString('base64url');
  return { keyObject: fromJwk({ kty: 'EC', crv: curve.jwkName, x, y }), bits: curve.bits };
}

/** An mpint's magnitude without the sign byte. */
function positive(mpint: Buffer): Buffer {
  if (((mpint[0] ?? 0x80) & 0x80) !== 0)
    throw new PublicKeyError('the RSA key has a number that is not positive');
  let start = 0;
  while (start < mpint.length - 1 && mpint[start] === 0) start++;
  return mpint.subarray(start);
}

function fromJwk(key: webcrypto.JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch (cause) {
    throw new PublicKeyError('the key is not valid', { cause });
  }
}

function encodeJwk(jwk: webcrypto.JsonWebKey): Buffer {
  const field = (name: 'x' | 'y' | 'e' | 'n'): Buffer => Buffer.from(jwk[name] ?? '', 'base64url');
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519')
    return new ByteWriter().string('ssh-ed25519').string(field('x')).finish();
  if (jwk.kty === 'RSA')
    return new ByteWriter(1024).string('ssh-rsa').mpint(field('e')).mpint(field('n')).finish();
  for (const [type, curve] of CURVES) {
    if (jwk.kty !== 'EC' || jwk.crv !== curve.jwkName) continue;
    const point = Buffer.concat([Buffer.from([UNCOMPRESSED]), field('x'), field('y')]);
    return new ByteWriter().string(type).string(curve.wireName).string(point).finish();
  }
  throw new TypeError('SSH has no type for this key');
}
