/** Writes private keys in OpenSSH's format, for tests. Real ones of ssh-keygen are read by test/security. */

import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';

const MAGIC = Buffer.from('openssh-key-v1\0');
const LINE_CHARACTERS = 70;

export function openSshText(privateKey: KeyObject, { cipher = 'none', keyDerivation = 'none' } = {}): string {
  const jwk = privateKey.export({ format: 'jwk' });
  const blob = publicFields(createPublicKey(privateKey).export({ format: 'jwk' }));
  const secret = new ByteWriter().uint32(7).uint32(7).bytes(secretFields(jwk)).string('a comment');
  for (let byte = 1; secret.length % 8 !== 0; byte++) secret.uint8(byte);
  const bytes = new ByteWriter()
    .bytes(MAGIC)
    .string(cipher)
    .string(keyDerivation)
    .string('')
    .uint32(1)
    .string(blob)
    .string(secret.finish())
    .finish();
  const lines = bytes.toString('base64').match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join(
    '\n',
  );
}

/** Where the seed of an Ed25519 key begins in the bytes of the file. */
export function secretOffset(bytes: Buffer): number {
  const reader = new ByteReader(bytes, MAGIC.length);
  for (let field = 0; field < 3; field++) reader.string();
  reader.uint32();
  reader.string();
  reader.bytes(4 + 8);
  reader.string();
  reader.string();
  return reader.offset + 4;
}

type Jwk = webcrypto.JsonWebKey;
type JwkField = 'n' | 'e' | 'd' | 'qi' | 'p' | 'q' | 'x' | 'y';

function field(jwk: Jwk, name: JwkField): Buffer {
  return Buffer.from(jwk[name] ?? '', 'base64url');
}

function curveName({ crv = '' }: Jwk): string {
  return `nistp${crv.replace('P-', '')}`;
}

function point(jwk: Jwk): Buffer {
  return Buffer.concat([Buffer.from([4]), field(jwk, 'x'), field(jwk, 'y')]);
}

function publicFields(jwk: Jwk): Buffer {
  const writer = new ByteWriter();
  if (jwk.kty === 'RSA')
    return writer.string('ssh-rsa').mpint(field(jwk, 'e')).mpint(field(jwk, 'n')).finish();
  if (jwk.kty === 'OKP') return writer.string('ssh-ed25519').string(field(jwk, 'x')).finish();
  return writer
    .string(`ecdsa-sha2-${curveName(jwk)}`)
    .string(curveName(jwk))
    .string(point(jwk))
    .finish();
}

function secretFields(jwk: Jwk): Buffer {
  if (jwk.kty === 'RSA') {
    const writer = new ByteWriter().string('ssh-rsa');
    for (const name of ['n', 'e', 'd', 'qi', 'p', 'q'] as const) writer.mpint(field(jwk, name));
    return writer.finish();
  }
  if (jwk.kty === 'OKP') {
    const pair = Buffer.concat([field(jwk, 'd'), field(jwk, 'x')]);
    return new ByteWriter().string('ssh-ed25519').string(field(jwk, 'x')).string(pair).finish();
  }
  return new ByteWriter().bytes(publicFields(jwk)).mpint(field(jwk, 'd')).finish();
}
