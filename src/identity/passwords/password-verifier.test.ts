import assert from 'node:assert/strict';
import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { hashSync } from 'bcryptjs';
import { Denied } from '../decision.ts';
import { Secret } from '../secret.ts';
import { hashPassword } from './hash-password.ts';
import { PasswordVerifier } from './password-verifier.ts';

const CANARY = 'canary-Pässwort';
const SALT = Buffer.from('0123456789abcdef');
const signal = new AbortController().signal;

function verify(stored: string, typed: string) {
  return new PasswordVerifier().verify(new Secret(stored), new Secret(typed), signal);
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

function scryptText(): string {
  const hash = scryptSync(CANARY, SALT, 32, { cost: 1024, blockSize: 8, parallelization: 1 });
  return `$scrypt$ln=10,r=8,p=1$${unpadded(SALT)}$${unpadded(hash)}`;
}

function pbkdf2Text(): string {
  const hash = pbkdf2Sync(CANARY, SALT, 1000, 32, 'sha256');
  return `$pbkdf2-sha256$1000$${unpadded(SALT).replaceAll('+', '.')}$${unpadded(hash).replaceAll('+', '.')}`;
}

function sshaText(): string {
  const digest = createHash('sha1').update(CANARY).update(SALT).digest();
  return `{SSHA}${Buffer.concat([digest, SALT]).toString('base64')}`;
}

const STORED: Readonly<Record<string, string>> = {
  plain: CANARY,
  'plain that looks like a hash': `{CLEARTEXT}${CANARY}`,
  bcrypt: hashSync(CANARY, 4),
  scrypt: scryptText(),
  pbkdf2: pbkdf2Text(),
  ssha: sshaText(),
};

describe('passwords', () => {
  for (const [kind, stored] of Object.entries(STORED)) {
    it(`passwords - ${kind}: the right one is told from wrong ones, and should be stored anew`, async () => {
      assert.deepEqual(await verify(stored, CANARY), { isRight: true, isWeak: true });
      assert.deepEqual(await verify(stored, `${CANARY} `), { isRight: false, isWeak: false });
      assert.deepEqual(await verify(stored, stored === CANARY ? 'x' : stored), {
        isRight: false,
        isWeak: false,
      });
    });
  }

  it('passwords - a new hash is Argon2id with a salt of its own', async () => {
    const [one, other] = [await hashPassword(new Secret(CANARY)), await hashPassword(new Secret(CANARY))];
    assert.match(one.reveal(), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.notEqual(one.reveal(), other.reveal());
    assert.deepEqual(await verify(one.reveal(), CANARY), { isRight: true, isWeak: false });
    assert.deepEqual(await verify(one.reveal(), 'wrong'), { isRight: false, isWeak: false });
  });

  it('passwords - the Argon2id hash of another implementation is read', async () => {
    // A vector of the reference implementation's test.c.
    const tag = Buffer.from('09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7', 'hex');
    const text = `$argon2id$v=19$m=65536,t=2,p=1$${unpadded(Buffer.from('somesalt'))}$${unpadded(tag)}`;
    assert.deepEqual(await verify(text, 'password'), { isRight: true, isWeak: false });
    assert.equal((await verify(text, 'Password')).isRight, false);
  });

  it('passwords - hashes that are unknown or too dear are refused, never taken for plain text', async () => {
    const refused = [
      '$6$salt$abcdefghijklmnop',
      '$y$j9T$salt$hash',
      '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
      '{CRYPT}$1$abc$def',
      '{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
      '$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA',
      '$argon2id$v=19$m=1024,t=11,p=1$c29tZXNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA',
      '$argon2id$v=16$m=1024,t=1,p=1$c29tZXNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA',
      '$scrypt$ln=19,r=8,p=1$c29tZXNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA',
      '$pbkdf2-sha256$9999999$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA',
      '$scrypt$ln=19,r=3,p=16$c29tZXNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA',
      `$pbkdf2-sha256$29000$c29tZXNhbHQ$${'a'.repeat(44)}`,
      'pbkdf2_sha256$260000$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA=',
      'argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHQ$aGFzaA',
      `bcrypt_sha256$$2b$12$${'a'.repeat(53)}`,
      'scrypt:32768:8:1$salt$hash',
      'SCRAM-SHA-256$4096:c2FsdA==$a2V5:a2V5',
      `$2b$15$${'a'.repeat(53)}`,
      '{CLEARTEXT}',
    ];
    for (const stored of refused) {
      await assert.rejects(verify(stored, stored), (error) => {
        assert(error instanceof Denied, stored);
        assert.equal(error.code, 'RECORD_INVALID');
        return !inspect(error).includes(stored);
      });
    }
  });

  it('passwords - bcrypt is not asked about what it would cut off', async () => {
    const long = 'x'.repeat(73);
    await assert.rejects(verify(hashSync('x'.repeat(72), 4), long), { code: 'PASSWORD_UNUSABLE' });
    assert.equal((await verify(hashSync('x'.repeat(72), 4), 'x'.repeat(72))).isRight, true);
  });

  it('passwords - an unknown user is judged by the like of what was judged last', async () => {
    const verifier = new PasswordVerifier({ capacityBytes: 1, maxWaiting: 0 });
    await verifier.verify(new Secret('plain'), new Secret('x'), signal);
    await verifier.imitate(new Secret('x'), signal);
    // Nothing has room for the work of a hash, so that work would be refused.
    await assert.rejects(new PasswordVerifier({ maxWaiting: 0 }).imitate(new Secret('x'), signal), {
      code: 'OVERLOADED',
    });
  });

  it('passwords - what the last known hash does not take says nothing about an unknown user', async () => {
    const verifier = new PasswordVerifier();
    await verifier.verify(new Secret(hashSync('x', 4)), new Secret('x'), signal);
    await verifier.imitate(new Secret('x'.repeat(73)), signal);
    await assert.rejects(verifier.imitate(new Secret('x'), AbortSignal.abort()), {
      code: 'UPSTREAM_TIMED_OUT',
    });
  });

  it('passwords - 200 logins at once are all judged', async () => {
    const verifier = new PasswordVerifier();
    const stored = new Secret('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA');
    const verdicts = await Promise.all(
      Array.from({ length: 200 }, () => verifier.verify(stored, new Secret(CANARY), signal)),
    );
    assert(verdicts.every(({ isRight }) => !isRight));
  });
});
