/** Makes OpenSSH certificates field by field, good or odd, for fuzzing (PROTOCOL.certkeys). */

import { type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import type { PublicKey } from '../../src/ssh/public-key.ts';
import { ByteReader } from '../../src/wire/byte-reader.ts';
import { ByteWriter } from '../../src/wire/byte-writer.ts';

export const certificateShape = fc.record({
  kind: fc.constantFrom(1, 1, 1, 2, 0),
  principals: fc.array(fc.constantFrom('alice', 'bob', '', '*'), { maxLength: 3 }),
  validAfter: fc.constantFrom(0, 0, 2 ** 40),
  validBefore: fc.constantFrom(2 ** 40, 2 ** 40, 1),
  options: fc.array(
    fc.record({
      name: fc.constantFrom('source-address', 'force-command', 'verify-required', 'unknown@example.com'),
      value: fc.constantFrom('', '127.0.0.1/32', 'internal-sftp', '0.0.0.0/0,::/0'),
    }),
    { maxLength: 2 },
  ),
  extensions: fc.array(fc.constantFrom('permit-pty', 'no-touch-required', 'x'), { maxLength: 2 }),
  /** How often the authority is a certificate itself. */
  nesting: fc.constantFrom(0, 0, 0, 1, 2, 40),
});

export type CertificateShape = typeof certificateShape extends fc.Arbitrary<infer T> ? T : never;

export interface SigningKey {
  readonly publicKey: PublicKey;
  readonly privateKey: KeyObject;
}

/** An Ed25519 user certificate for `subject`, signed by `authority`. */
export function certificateBlob(subject: SigningKey, authority: SigningKey, shape: CertificateShape): Buffer {
  let issuer = authority.publicKey.blob;
  for (let level = 0; level < shape.nesting; level++) issuer = oneLevel(authority, issuer, authority, shape);
  return oneLevel(subject, issuer, authority, shape);
}

function oneLevel(
  subject: SigningKey,
  issuerBlob: Buffer,
  issuer: SigningKey,
  { kind, principals, validAfter, validBefore, options, extensions }: CertificateShape,
): Buffer {
  const fields = new ByteReader(subject.publicKey.blob);
  fields.string();
  const body = new ByteWriter(1024)
    .string('ssh-ed25519-cert-v01@openssh.com')
    .string(Buffer.alloc(32, 5))
    .string(fields.string())
    .uint64(7)
    .uint32(kind)
    .string('key id')
    .string(packed(principals))
    .uint64(validAfter)
    .uint64(validBefore)
    .string(packedPairs(options))
    .string(packedPairs(extensions.map((name) => ({ name, value: undefined }))))
    .string('')
    .string(issuerBlob)
    .finish();
  const signature = new ByteWriter(128)
    .string('ssh-ed25519')
    .string(sign(null, body, issuer.privateKey))
    .finish();
  return new ByteWriter(body.length + 128).bytes(body).string(signature).finish();
}

function packed(names: readonly string[]): Buffer {
  const writer = new ByteWriter(256);
  for (const name of names) writer.string(name);
  return writer.finish();
}

/** Names, each with its value: of an option a string inside the string. */
function packedPairs(
  pairs: readonly { readonly name: string; readonly value: string | undefined }[],
): Buffer {
  const writer = new ByteWriter(256);
  for (const { name, value } of pairs) {
    writer.string(name).string(value === undefined ? '' : new ByteWriter(64).string(value).finish());
  }
  return writer.finish();
}
