import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteWriter } from '../wire/byte-writer.ts';
import { parseAuthorizedKey } from './authorized-key.ts';
import { checkAuthority, checkCertificate, parseCertificate } from './certificate.ts';
import { HostKey } from './host-key.ts';
import { PublicKeyError } from './public-key.ts';
import { USER_SIGNATURE_ALGORITHMS } from './signature.ts';
import {
  type CertificateFields,
  FOR_EVER,
  makeCertificate,
  NO_VALUE,
  optionValue,
} from './testing/certificate.ts';
import * as openssh from './testing/openssh-certificates.ts';

const NOW_SECONDS = Date.UTC(2026, 10, 20) / 1000;
const authority = generateKeyPairSync('ed25519').privateKey;
const key = new HostKey(generateKeyPairSync('ed25519').privateKey).publicKey.blob;

function make(fields: Partial<CertificateFields> = {}): Buffer {
  return makeCertificate({ key, authority, ...fields });
}

function blobOf(line: string): Buffer {
  return Buffer.from(line.split(' ')[1] ?? '', 'base64');
}

function check(
  blob: Buffer,
  algorithms: readonly string[] = USER_SIGNATURE_ALGORITHMS,
  nowSeconds = Date.now() / 1000,
): void {
  const certificate = parseCertificate(blob);
  checkCertificate(certificate, nowSeconds);
  checkAuthority(certificate, algorithms);
}

for (const [what, certificate, authorityLine, keyId] of [
  ['ed25519', openssh.ED25519_CERTIFICATE, openssh.ED25519_AUTHORITY, 'ed25519 of alice'],
  ['ecdsa', openssh.ECDSA_CERTIFICATE, openssh.ECDSA_AUTHORITY, 'ecdsa of alice'],
  ['rsa', openssh.RSA_CERTIFICATE, openssh.RSA_AUTHORITY, 'rsa of alice'],
] as const) {
  test(`certificate - one that ssh-keygen made is read and its signature holds: ${what}`, () => {
    const parsed = parseCertificate(blobOf(certificate));
    assert.equal(parsed.keyId, keyId);
    assert.deepEqual(parsed.authority.blob, parseAuthorizedKey(authorityLine).key.blob);
    checkCertificate(parsed, NOW_SECONDS);
    checkAuthority(parsed, USER_SIGNATURE_ALGORITHMS);
  });
}

test('certificate - fields and options are those ssh-keygen was told', () => {
  const first = parseCertificate(blobOf(openssh.ED25519_CERTIFICATE));
  assert.equal(first.serial, 1n);
  assert.deepEqual(first.principals, ['alice', 'backup']);
  assert.equal(first.validBefore, FOR_EVER);
  assert.equal(first.options.isSftpForced, true);
  assert.equal(first.options.isVerificationRequired, true);
  assert.equal(first.options.sourceAddresses?.includes('192.0.2.7'), true);
  assert.equal(first.options.sourceAddresses?.includes('2001:db8::7'), true);
  assert.equal(first.options.sourceAddresses?.includes('198.51.100.7'), false);
  const second = parseCertificate(blobOf(openssh.ECDSA_CERTIFICATE));
  assert.equal(second.serial, 2n ** 64n - 1n);
  assert.equal(second.options.isTouchOptional, true);
  assert.equal(second.options.isSftpForced, false);
});

test('certificate - the key in it is the one that was certified', () => {
  const certificate = parseCertificate(make());
  assert.deepEqual(certificate.key.blob, key);
  assert.equal(certificate.key.type, 'ssh-ed25519');
});

const now = BigInt(Math.floor(Date.now() / 1000));
const ca2 = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const refused: readonly [string, () => Buffer, RegExp][] = [
  ['of ssh-keygen for a host', () => blobOf(openssh.HOST_CERTIFICATE), /not one for users/],
  ['of ssh-keygen without principals', () => blobOf(openssh.NAMELESS_CERTIFICATE), /no principals/],
  ['of an unknown kind', () => make({ kind: 3 }), /not one for users/],
  ['that is not valid yet', () => make({ validAfter: now + 60n }), /not valid yet/],
  ['that has expired', () => make({ validBefore: now - 1n }), /has expired/],
  ['without principals', () => make({ principals: [] }), /no principals/],
  [
    'with 257 principals',
    () => make({ principals: Array.from({ length: 257 }, (_, index) => `u${index}`) }),
    /more than 256/,
  ],
  ['with an unknown critical option', () => make({ critical: [['no-such', NO_VALUE]] }), /"no-such"/],
  [
    'with source-address twice',
    () =>
      make({
        critical: [
          ['source-address', optionValue('10.0.0.0/8')],
          ['source-address', optionValue('0.0.0.0/0')],
        ],
      }),
    /twice/,
  ],
  [
    'with force-command twice',
    () =>
      make({
        critical: [
          ['force-command', optionValue('internal-sftp')],
          ['force-command', optionValue('internal-sftp')],
        ],
      }),
    /twice/,
  ],
  [
    'that forces a command',
    () => make({ critical: [['force-command', optionValue('sh')]] }),
    /another command/,
  ],
  [
    'that forces SFTP with arguments',
    () => make({ critical: [['force-command', optionValue('internal-sftp -R')]] }),
    /another command/,
  ],
  [
    'with bytes behind the value of an option',
    () =>
      make({ critical: [['force-command', Buffer.concat([optionValue('internal-sftp'), Buffer.of(0)])]] }),
    /bytes behind its value/,
  ],
  [
    'with a host name as source address',
    () => make({ critical: [['source-address', optionValue('*.example.com')]] }),
    /source-address/,
  ],
  [
    'with a value for verify-required',
    () => make({ critical: [['verify-required', optionValue('x')]] }),
    /value/,
  ],
  ['with bytes behind its end', () => make({ trailing: Buffer.of(0) }), /behind its end/],
  ['certified by a certificate', () => make({ authorityBlob: make() }), /is a certificate itself/],
  [
    'certified by a certificate of certificates, a thousand deep',
    () => {
      let blob = make();
      for (let depth = 0; depth < 1000; depth++)
        blob = new ByteWriter().string(blob.subarray(4, 36)).bytes(blob).finish();
      return make({ authorityBlob: blob });
    },
    /is a certificate itself/,
  ],
  [
    'signed by another than its authority',
    () => make({ authorityBlob: new HostKey(generateKeyPairSync('ed25519').privateKey).publicKey.blob }),
    /signature/,
  ],
  [
    'signed by its authority with SHA-1',
    () => make({ authority: ca2, signatureName: 'ssh-rsa' }),
    /signature/,
  ],
];
for (const [what, blob, message] of refused) {
  test(`certificate - one ${what} is refused`, () => {
    assert.throws(
      () => check(blob()),
      (error) => error instanceof PublicKeyError && message.test(error.message),
    );
  });
}

test('certificate - SHA-1 of an authority is taken where the policy lists it', () => {
  check(make({ authority: ca2, signatureName: 'ssh-rsa' }), ['ssh-rsa']);
});

test('certificate - it is valid from its first second on, and not in its last', () => {
  const blob = make({ validAfter: 1000n, validBefore: 2000n });
  check(blob, USER_SIGNATURE_ALGORITHMS, 1000);
  check(blob, USER_SIGNATURE_ALGORITHMS, 1999.9);
  assert.throws(() => check(blob, USER_SIGNATURE_ALGORITHMS, 999.9), /not valid yet/);
  assert.throws(() => check(blob, USER_SIGNATURE_ALGORITHMS, 2000), /expired/);
});

test('certificate - extensions that nobody knows give nothing and harm nothing', () => {
  check(
    make({
      extensions: [
        ['permit-pty', NO_VALUE],
        ['login@github.com', optionValue('alice')],
      ],
    }),
  );
});

test('certificate - an empty source-address is there, and matches nothing', () => {
  const { options } = parseCertificate(make({ critical: [['source-address', optionValue('')]] }));
  assert.equal(options.sourceAddresses?.includes('127.0.0.1'), false);
});

test('certificate - arbitrary bytes give PublicKeyError and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.throws(() => parseCertificate(Buffer.from(bytes)), PublicKeyError);
    }),
  );
});

test('certificate - one byte changed anywhere is refused', () => {
  const good = make({ critical: [['source-address', optionValue('192.0.2.0/24')]] });
  check(good);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const blob = Buffer.from(good);
      blob[at] = (blob[at] ?? 0) ^ change;
      assert.throws(() => check(blob), PublicKeyError);
    }),
    { numRuns: 500 },
  );
});

test('certificate - cut short anywhere it is refused', () => {
  const good = make();
  for (let length = 0; length < good.length; length++)
    assert.throws(() => parseCertificate(good.subarray(0, length)), PublicKeyError);
});
