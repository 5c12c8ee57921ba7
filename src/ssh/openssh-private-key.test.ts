import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { HostKey } from './host-key.ts';
import { PrivateKeyError, parseOpenSshPrivateKey } from './openssh-private-key.ts';
import { signatureAlgorithm, verifySignature } from './signature.ts';
import { openSshText, secretOffset } from './testing/openssh-key.ts';

const KEYS: Readonly<Record<string, () => KeyObject>> = {
  ed25519: () => generateKeyPairSync('ed25519').privateKey,
  'ecdsa 256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'ecdsa 384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  'ecdsa 521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  'rsa 2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};

for (const [name, make] of Object.entries(KEYS)) {
  test(`private key - ${name} in OpenSSH form and in PEM signs for every algorithm of its type`, async () => {
    const privateKey = make();
    const expected = new HostKey(privateKey).fingerprint;
    const pkcs8 = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    for (const text of [openSshText(privateKey), pkcs8]) {
      const key = HostKey.fromPem(text);
      assert.equal(key.fingerprint, expected);
      for (const algorithmName of key.algorithms) {
        const algorithm = signatureAlgorithm(algorithmName);
        assert.ok(algorithm !== undefined);
        const message = Buffer.from('what is signed');
        const signature = await key.sign(algorithmName, message);
        assert.ok(verifySignature(algorithm, key.publicKey, message, signature), algorithmName);
      }
    }
  });
}

test('private key - leading zeros of the numbers come and go', () => {
  for (let count = 0; count < 100; count++) {
    const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
    const key = HostKey.fromPem(openSshText(privateKey));
    assert.equal(key.fingerprint, new HostKey(privateKey).fingerprint);
  }
});

test('private key - one with a passphrase is refused with the way to take it off', () => {
  const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const secret = { format: 'pem', cipher: 'aes-256-cbc', passphrase: 'canary' } as const;
  const texts = [
    openSshText(privateKey, { cipher: 'aes256-ctr', keyDerivation: 'bcrypt' }),
    privateKey.export({ ...secret, type: 'pkcs8' }).toString(),
    privateKey.export({ ...secret, type: 'sec1' }).toString(),
  ];
  for (const text of texts) {
    assert.throws(
      () => HostKey.fromPem(text),
      (error) =>
        error instanceof PrivateKeyError &&
        error.code === 'PRIVATE_KEY_ENCRYPTED' &&
        error.message.includes("ssh-keygen -p -N ''"),
    );
  }
});

/** The bytes in the armour, changed. */
function altered(text: string, change: (bytes: Buffer) => Buffer): string {
  const [first = '', ...rest] = text.trim().split('\n');
  const last = rest.pop() ?? '';
  return [first, change(Buffer.from(rest.join(''), 'base64')).toString('base64'), last].join('\n');
}

function isRefused(text: string): boolean {
  try {
    parseOpenSshPrivateKey(text);
    return false;
  } catch (error) {
    assert.ok(error instanceof PrivateKeyError, String(error));
    assert.doesNotMatch(String(error), /BEGIN OPENSSH/, 'nothing of the file is quoted');
    return true;
  }
}

test('private key - two halves that do not belong together are refused', () => {
  const one = openSshText(generateKeyPairSync('ed25519').privateKey);
  assert.ok(!isRefused(one));
  const other = altered(one, (bytes) => {
    // Inside the seed.
    bytes.writeUInt8(bytes.readUInt8(secretOffset(bytes)) ^ 1, secretOffset(bytes));
    return bytes;
  });
  assert.ok(isRefused(other));
});

test('private key - cut anywhere, it is refused', () => {
  const text = openSshText(generateKeyPairSync('ed25519').privateKey);
  const whole = Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64').length;
  assert.ok(whole > 200);
  for (let length = 0; length < whole; length++) {
    assert.ok(isRefused(altered(text, (bytes) => bytes.subarray(0, length))), `${length} bytes`);
  }
});

test('private key - arbitrary bytes in the armour never throw anything but a refusal', () => {
  const magic = Buffer.from('openssh-key-v1\0');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, hasMagic) => {
      const body = Buffer.concat([hasMagic ? magic : Buffer.alloc(0), bytes]).toString('base64');
      return isRefused(`-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`);
    }),
  );
});

test('private key - a weak RSA key, a curve SSH has no type for, a public key and plain text are refused', () => {
  const pemOf = (key: KeyObject): string => key.export({ format: 'pem', type: 'pkcs8' }).toString();
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  for (const text of [pemOf(weak), openSshText(weak)]) {
    assert.throws(() => HostKey.fromPem(text), /has 1024 bits; at least 2048 are needed/);
  }
  const ed448 = generateKeyPairSync('ed448').privateKey;
  assert.throws(() => HostKey.fromPem(pemOf(ed448)), /SSH has no type for this key/);
  const spki = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString();
  for (const text of [spki, 'hello', '']) {
    assert.throws(() => HostKey.fromPem(text), { name: 'PrivateKeyError', code: 'PRIVATE_KEY_INVALID' });
  }
});
