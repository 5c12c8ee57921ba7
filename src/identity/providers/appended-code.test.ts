import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Denied } from '../decision.ts';
import { Secret } from '../secret.ts';
import { splitAppendedCode } from './appended-code.ts';

const SIX = { codeLength: 6, codeSeparator: '' };

function split(typed: string, form = SIX): readonly [string, string] {
  const { password, code } = splitAppendedCode(new Secret(typed), form);
  return [password.reveal(), code.reveal()];
}

const isMissing = (error: unknown) => error instanceof Denied && error.code === 'CODE_MISSING';

test('appended code - the last characters are the code, the rest is the password as it was typed', () => {
  assert.deepEqual(split('VerySecretPassword123456'), ['VerySecretPassword', '123456']);
  assert.deepEqual(split(' pass word 2026 123456'), [' pass word 2026 ', '123456']);
  assert.deepEqual(split('pässwörd🔑654321'), ['pässwörd🔑', '654321']);
});

test('appended code - another length, a separator, a YubiKey', () => {
  assert.deepEqual(split('password12345678', { codeLength: 8, codeSeparator: '' }), ['password', '12345678']);
  assert.deepEqual(split('pass,word,123456', { codeLength: 6, codeSeparator: ',' }), ['pass,word', '123456']);
  const yubikey = 'cccccccccccb'.padEnd(44, 'vutrnlkjihgf');
  assert.deepEqual(split(`password${yubikey}`, { codeLength: 44, codeSeparator: '' }), ['password', yubikey]);
});

for (const typed of [
  '',
  '123456',
  '12345',
  'password',
  'password12345x',
  'password123456\n',
  'password１２３４５６',
]) {
  test(`appended code - ${JSON.stringify(typed)} has none, or nothing before it`, () => {
    assert.throws(() => split(typed), isMissing);
  });
}

test('appended code - a separator that is configured has to be there', () => {
  assert.throws(() => split('password123456', { codeLength: 6, codeSeparator: ';' }), isMissing);
});

test('appended code - whatever is split joins to what was typed', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.stringMatching(/^[0-9]{6}$/),
      (password, code) => {
        assert.deepEqual(split(`${password}${code}`), [password, code]);
      },
    ),
  );
});

test('secret - shows nothing, however it is printed', () => {
  const secret = new Secret('canary-17');
  const shown = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ a: [secret] }),
  ];
  assert.ok(!shown.join('').includes('canary'));
  assert.equal(secret.reveal(), 'canary-17');
});
