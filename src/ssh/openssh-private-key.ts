/** Private keys in OpenSSH's own format, as ssh-keygen writes them (OpenSSH's PROTOCOL.key). */

import { createPrivateKey, type KeyObject, sign, verify, type webcrypto } from 'node:crypto';
import { ByteReader } from '../wire/byte-reader.ts';
import { type PublicKey, PublicKeyError, parsePublicKey } from './public-key.ts';

export type PrivateKeyErrorCode = 'PRIVATE_KEY_INVALID' | 'PRIVATE_KEY_ENCRYPTED';

/** A private key cannot be used. The message says why and the fix, and holds nothing of the key. */
export class PrivateKeyError extends Error {
  override readonly name = 'PrivateKeyError';
  readonly code: PrivateKeyErrorCode;

  constructor(code: PrivateKeyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const ARMOUR =
  /^-----BEGIN OPENSSH PRIVATE KEY-----\r?\n(?<base64>[A-Za-z0-9+/=\r\n]+)-----END OPENSSH PRIVATE KEY-----$/;
const MAGIC = Buffer.from('openssh-key-v1\0');
/** An RSA key of 16384 bits has some 13,000. */
const MAX_TEXT_CHARACTERS = 32_768;
const NOT_ENCRYPTED = 'none';
/** Block size of the cipher "none": the private part is padded to it. */
const BLOCK_BYTES = 8;
const ED25519_SEED_BYTES = 32;

export function isOpenSshPrivateKey(text: string): boolean {
  return text.trimStart().startsWith('-----BEGIN OPENSSH PRIVATE KEY-----');
}

/** The refusal of a key that has a passphrase, with the way to take it off. */
export function encryptedKey(): PrivateKeyError {
  return new PrivateKeyError(
    'PRIVATE_KEY_ENCRYPTED',
    "the key has a passphrase; take it off with: ssh-keygen -p -N '' -f <file>",
  );
}

/** @throws PrivateKeyError for a key with a passphrase, of a type we do not take, or a malformed one */
export function parseOpenSshPrivateKey(text: string): KeyObject {
  try {
    return parse(decode(text));
  } catch (error) {
    if (error instanceof PrivateKeyError) throw error;
    if (error instanceof PublicKeyError) throw malformed(error.message);
    // Without the cause: it may quote the key.
    throw malformed();
  }
}

function decode(text: string): ByteReader {
  const base64 = text.length > MAX_TEXT_CHARACTERS ? undefined : ARMOUR.exec(text.trim())?.groups?.base64;
  if (base64 === undefined) throw malformed();
  const reader = new ByteReader(Buffer.from(base64, 'base64'));
  if (!reader.bytes(MAGIC.length).equals(MAGIC)) throw malformed();
  return reader;
}

function parse(reader: ByteReader): KeyObject {
  const cipher = reader.ascii();
  const keyDerivation = reader.ascii();
  reader.string();
  if (cipher !== NOT_ENCRYPTED || keyDerivation !== NOT_ENCRYPTED) throw encryptedKey();
  if (reader.uint32() !== 1) throw malformed('the file holds more than one key');
  const publicKey = parsePublicKey(reader.string());
  const secret = reader.string();
  if (reader.remaining > 0 || secret.length % BLOCK_BYTES !== 0) throw malformed();
  const privateKey = parseSecret(new ByteReader(secret), publicKey);
  proveSame(privateKey, publicKey);
  return privateKey;
}

/** Two equal random numbers, type, fields of the type, comment, padding 1, 2, 3 … */
function parseSecret(reader: ByteReader, publicKey: PublicKey): KeyObject {
  const check = reader.uint32();
  if (reader.uint32() !== check || reader.ascii() !== publicKey.type) throw malformed();
  const jwk = { ...publicKey.keyObject.export({ format: 'jwk' }), ...privateFields(reader, publicKey) };
  reader.string();
  const padding = reader.rest();
  const isPadding = padding.every((byte, index) => byte === index + 1);
  if (!isPadding || padding.length >= BLOCK_BYTES) throw malformed();
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

/** What the JWK of the private key has beyond the public one. The public fields stand here again and are passed over. */
function privateFields(reader: ByteReader, { type, bits }: PublicKey): webcrypto.JsonWebKey {
  if (type === 'ssh-rsa') return rsaFields(reader);
  if (type === 'ssh-ed25519') {
    reader.string();
    return { d: base64Url(reader.string().subarray(0, ED25519_SEED_BYTES)) };
  }
  if (!type.startsWith('ecdsa-sha2-')) {
    throw new PrivateKeyError('PRIVATE_KEY_INVALID', `keys of type ${type} cannot be host keys`);
  }
  reader.string();
  reader.string();
  return { d: base64Url(number(reader), Math.ceil(bits / 8)) };
}

function rsaFields(reader: ByteReader): webcrypto.JsonWebKey {
  number(reader);
  number(reader);
  const d = number(reader);
  const qi = number(reader);
  const p = number(reader);
  const q = number(reader);
  if (p < 2n || q < 2n) throw malformed();
  return {
    d: base64Url(d),
    p: base64Url(p),
    q: base64Url(q),
    // Not in the file; the JWK needs them.
    dp: base64Url(d % (p - 1n)),
    dq: base64Url(d % (q - 1n)),
    qi: base64Url(qi),
  };
}

/** A positive `mpint`. */
function number(reader: ByteReader): bigint {
  const bytes = reader.string();
  if (bytes.length === 0 || bytes.readInt8(0) < 0) throw malformed();
  return BigInt(`0x${bytes.toString('hex')}`);
}

function base64Url(value: Buffer | bigint, byteCount = 0): string {
  if (typeof value !== 'bigint') return value.toString('base64url');
  const hex = value.toString(16);
  const digits = Math.max(hex.length + (hex.length % 2), 2 * byteCount);
  return Buffer.from(hex.padStart(digits, '0'), 'hex').toString('base64url');
}

/** The public half in the clear and the private one must belong together: nothing in the file authenticates it. */
function proveSame(privateKey: KeyObject, { keyObject }: PublicKey): void {
  const probe = Buffer.from('drawbridge host key');
  const hash = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  if (!verify(hash, probe, keyObject, sign(hash, probe, privateKey))) throw malformed();
}

function malformed(
  message = 'the key is malformed; copy the whole file as ssh-keygen wrote it',
): PrivateKeyError {
  return new PrivateKeyError('PRIVATE_KEY_INVALID', message);
}
