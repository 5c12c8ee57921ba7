import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteWriter } from '../wire/byte-writer.ts';
import { parseAuthorizedKey } from './authorized-key.ts';
import { fingerprint, HostKey } from './host-key.ts';
import { PublicKeyError, parsePublicKey, publicKeyFromKeyObject } from './public-key.ts';
import { encodeSignature, signatureAlgorithm, verifySignature } from './signature.ts';

// Made with ssh-keygen and its fingerprint printed by ssh-keygen -l.
const ED25519_LINE =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC5znmt3rVSEg7ROLPxVx98oy7ZzEkT72NvwN+VVqzwQ alice@example.com';
const ED25519_FINGERPRINT = 'SHA256:EAh7qMViOurIzVUzvMMsEWpA+XmMXNzJPn6kx8KTTjI';
const ECDSA_LINE =
  'ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBCxEBzMXMmyqlwQPVlyOXu7+8k1rgvQ78IURu6os8lZ7F+btdfWmNBH5tCB0E0VQwoUWCFgBhMzPVQUcP+CYk02/UqplmibP6aPxSwx0mszBtcHSmkpWD7H3RREGn6vTWw== bob';
const ECDSA_FINGERPRINT = 'SHA256:rYMF/q1tfjNfvW5y00IO3jHfRLiB4Mx+s9bwrquY5so';

test('authorized key - lines of ssh-keygen parse, and fingerprints equal its own', () => {
  assert.equal(fingerprint(parseAuthorizedKey(ED25519_LINE).key.blob), ED25519_FINGERPRINT);
  assert.equal(fingerprint(parseAuthorizedKey(`  ${ECDSA_LINE}  `).key.blob), ECDSA_FINGERPRINT);
});

const rejected: readonly [string, string, RegExp][] = [
  ['an option nobody obeys', `command="sh" ${ED25519_LINE}`, /command is not obeyed/],
  ['an RFC 4716 key', '---- BEGIN SSH2 PUBLIC KEY ----', /RFC 4716/],
  ['an empty line', '', /type base64 comment/],
  ["a type that is not the blob's", ED25519_LINE.replace('ssh-ed25519', 'ssh-rsa'), /another type/],
  ['base64 with junk', 'ssh-ed25519 AAAA!!', /type base64 comment/],
  ['a blob cut short', ED25519_LINE.replace(/(AAAA\S{20})\S+/, '$1'), /malformed|wrong length/],
  ['a DSA key', `ssh-dss ${new ByteWriter().string('ssh-dss').finish().toString('base64')}`, /not accepted/],
];
for (const [what, line, message] of rejected) {
  test(`authorized key - ${what} is refused with its reason`, () => {
    assert.throws(
      () => parseAuthorizedKey(line),
      (error) => error instanceof PublicKeyError && message.test(error.message),
    );
  });
}

test('A-26 public key - RSA below 2048 and above 16384 bits is refused', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  assert.throws(() => publicKeyFromKeyObject(weak), /1024 bits/);
  const modulus = Buffer.alloc(16_384 / 8 + 1, 0xff);
  const huge = new ByteWriter(4096)
    .string('ssh-rsa')
    .mpint(Buffer.from([1, 0, 1]))
    .mpint(modulus)
    .finish();
  assert.throws(() => parsePublicKey(huge), /at most 16384/);
});

test('A-26 public key - an RSA exponent as long as the modulus, which takes 12 ms to verify with, is refused', () => {
  const blob = (exponentBytes: number): Buffer =>
    new ByteWriter(1024)
      .string('ssh-rsa')
      .mpint(Buffer.alloc(exponentBytes, 0x55))
      .mpint(Buffer.alloc(384, 0xff))
      .finish();
  assert.equal(parsePublicKey(blob(8)).bits, 3072);
  for (const exponentBytes of [9, 384]) assert.throws(() => parsePublicKey(blob(exponentBytes)), /exponent/);
});

test('public key - bytes behind the end, a wrong curve name, a point off the curve are refused', () => {
  const { blob } = publicKeyFromKeyObject(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey);
  assert.throws(() => parsePublicKey(Buffer.concat([blob, Buffer.from([0])])), PublicKeyError);
  const renamed = Buffer.from(blob);
  renamed.write('nistp384', renamed.indexOf('nistp256', 20), 'latin1');
  assert.throws(() => parsePublicKey(renamed), PublicKeyError);
  const offCurve = Buffer.from(blob);
  offCurve[blob.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;
  assert.throws(() => parsePublicKey(offCurve), PublicKeyError);
});

test('public key - arbitrary bytes give PublicKeyError and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => parsePublicKey(Buffer.from(bytes)), PublicKeyError);
    }),
  );
});

test('signature - ECDSA values with leading zeros and high bits survive the wire form', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'secp521r1' });
  const key = publicKeyFromKeyObject(pair.publicKey);
  const algorithm = signatureAlgorithm('ecdsa-sha2-nistp521');
  assert.ok(algorithm);
  for (let round = 0; round < 200; round++) {
    const message = Buffer.from(`message ${round}`);
    const raw = sign('sha512', message, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
    assert.ok(verifySignature(algorithm, key, message, encodeSignature(algorithm, raw)));
  }
});

test('signature - arbitrary bytes verify as false, never throw', () => {
  const key = publicKeyFromKeyObject(generateKeyPairSync('ed25519').publicKey);
  const algorithm = signatureAlgorithm('ssh-ed25519');
  assert.ok(algorithm);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      assert.equal(verifySignature(algorithm, key, Buffer.from('m'), Buffer.from(bytes)), false);
    }),
  );
});

for (const type of ['ed25519', 'ecdsa-p256', 'rsa-3072'] as const) {
  test(`host key - ${type} is made, read back and signs what its public key verifies`, async () => {
    const pem = await HostKey.generatePem(type);
    const hostKey = HostKey.fromPem(pem);
    const publicKey = publicKeyFromKeyObject(createPublicKey(createPrivateKey(pem)));
    for (const name of hostKey.algorithms) {
      const algorithm = signatureAlgorithm(name);
      assert.ok(algorithm);
      const signature = await hostKey.sign(name, Buffer.from('H'));
      assert.ok(verifySignature(algorithm, publicKey, Buffer.from('H'), signature));
    }
    await assert.rejects(hostKey.sign('ssh-dss', Buffer.from('H')), TypeError);
  });
}
