/** One suite for every form in which a handler can be asked: all give the same answers, byte for byte. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Decision } from './decision.ts';
import { IdentityError } from './provider.ts';
import { IdentityRequest, type LoginAttempt } from './request.ts';
import { builtInForms, type Forms, moduleForms } from './testing/contract-forms.ts';

const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEGxLqbVEOcoLYO1mDVdYzrj8iVBQrcJyB1D4VU1h0ix';

/** Says everything that it was asked, and more that JSON can hold. */
const ECHO = `export const handler = async (event) => {
  if (event.username === 'thrower') throw new TypeError('no such tenant');
  if (event.username === 'nothing') return null;
  if (event.username === 'list') return [1, 'a', { b: [] }];
  return { Role: '${ROLE}', event, odd: { 'ключ': '\\u2028 "\\\\', n: 1e21, no: undefined, f: -0.5 } };
};`;

function requestOf(attempt: Partial<LoginAttempt>): IdentityRequest {
  const checked = IdentityRequest.from({
    username: 'alice',
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '203.0.113.9',
    ...attempt,
  });
  assert.equal(checked.outcome, 'ready');
  return checked.request;
}

const ATTEMPTS: Readonly<Record<string, Partial<LoginAttempt>>> = {
  'a key look-up': {},
  'a password': { password: 'p4ssword' },
  'a name with @': { username: 'jdoe@example.com', password: 'p4ssword' },
  'a name of all characters': { username: '_A-z.0@9-_.', password: 'p4ssword' },
  'a password of JSON and shell': { password: `"'\\$#{}<>&%+;=,/?:@[]^\`|~!*()` },
  'a password that looks encoded': { password: '%40%2B%25%2540+%20' },
  'a password with blanks around': { password: '  p4ss  word  ' },
  'a password of controls': { password: 'a\tb\rc\nd\u007f' },
  'a password beyond ASCII': { password: 'pässwörd 密码 пароль 🔑 e\u0301' },
  'a password of 1,024 characters': { password: '密'.repeat(1024) },
  'an IPv6 address': { sourceIp: '2001:db8::1', password: 'p4ssword' },
  'a login over FTPS': { protocol: 'FTPS', password: 'p4ssword' },
  'the beginning of a dialogue': { challengeAnswers: [], interactive: true },
  'a password that may be followed by questions': { password: 'p4ssword', interactive: true },
  answers: { challengeAnswers: ['"1"', '', 'ä'], state: 'st"ate', interactive: true },
  null: { username: 'nothing' },
  'a list': { username: 'list' },
};

async function answersOf(forms: Forms, attempt: Partial<LoginAttempt>): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const [name, form] of Object.entries(forms)) {
    const signal = AbortSignal.timeout(15_000);
    answers[name] = JSON.stringify(await form.authenticate(requestOf(attempt), { signal }));
  }
  return answers;
}

/** The one answer that all forms gave. */
async function commonAnswer(forms: Forms, attempt: Partial<LoginAttempt>): Promise<unknown> {
  const answers = await answersOf(forms, attempt);
  const [first = ''] = Object.values(answers);
  for (const [name, answer] of Object.entries(answers)) assert.equal(answer, first, name);
  return JSON.parse(first);
}

for (const [what, attempt] of Object.entries(ATTEMPTS)) {
  test(`contract - a module is asked and answers the same in every form: ${what}`, async () => {
    await using stack = new AsyncDisposableStack();
    const forms = await moduleForms(stack, ECHO);
    const answer = await commonAnswer(forms, attempt);
    if (attempt.username === 'nothing' || attempt.username === 'list') return;
    assert.deepEqual(Object(answer).event, JSON.parse(JSON.stringify(requestOf(attempt).event())));
  });
}

test('contract - any password reaches the function as it was typed, in every form', async () => {
  await using stack = new AsyncDisposableStack();
  const forms = await moduleForms(stack, ECHO);
  const isPassword = (password: string) =>
    password.length <= 1024 && !/^[\s\p{Cc}]*$/u.test(password) && !password.includes('\0');
  const password = fc
    .oneof(
      fc.string({ unit: 'binary', maxLength: 1024 }),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.string({ unit: fc.constantFrom(...`"'\\$#{}<>&%+ =;`), maxLength: 40 }),
    )
    .filter(isPassword);
  const property = fc.asyncProperty(password, async (typed) => {
    const answer = await commonAnswer(forms, { password: typed });
    assert.equal(Object(answer).event.password, typed);
  });
  await fc.assert(property, { numRuns: 60 });
});

test('contract - a function that throws is an error in every form, and never a denial', async () => {
  await using stack = new AsyncDisposableStack();
  for (const [name, form] of Object.entries(await moduleForms(stack, ECHO))) {
    const login = form.authenticate(requestOf({ username: 'thrower' }), {
      signal: AbortSignal.timeout(9000),
    });
    const error = await login.then(
      () => assert.fail(name),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof IdentityError, name);
    assert.equal(error.code, 'FUNCTION_THREW', name);
  }
});

const USERS = {
  alice: { Password: 'p4ssword"\\%+', Role: ROLE, HomeDirectory: '/bucket/alice', PublicKeys: [KEY] },
  'jdoe@example.com': {
    Password: 'pässwörd',
    Role: ROLE,
    HomeDirectoryType: 'LOGICAL',
    HomeDirectoryDetails: [{ Entry: '/', Target: '/bucket/jdoe' }],
  },
};
const FILE_PROVIDER = {
  provider: 'file',
  options: { path: 'users.json' },
  rules: { refusalFloorMs: 0 },
};

const LOGINS: Readonly<Record<string, readonly [Partial<LoginAttempt>, RegExp]>> = {
  'the right password': [{ password: USERS.alice.Password }, /"Role":"arn/],
  'a password beyond ASCII': [
    { username: 'jdoe@example.com', password: 'pässwörd' },
    /"HomeDirectoryDetails":"\[\{/,
  ],
  'a wrong password': [{ password: 'other' }, /^\{\}$/],
  'an unknown user': [{ username: 'nobody', password: 'p4ssword' }, /^\{\}$/],
  'a key look-up': [{}, /"PublicKeys":\["ssh-ed25519/],
  'a key look-up of somebody without keys': [{ username: 'jdoe@example.com' }, /^\{\}$/],
};

for (const [what, [attempt, expected]] of Object.entries(LOGINS)) {
  test(`contract - a built-in provider answers the same in every form: ${what}`, async () => {
    await using stack = new AsyncDisposableStack();
    const forms = await builtInForms(stack, FILE_PROVIDER, { 'users.json': JSON.stringify(USERS) });
    const answer = JSON.stringify(await commonAnswer(forms, attempt));
    assert.match(answer, expected);
    assert.equal(
      answer.includes('PublicKeys'),
      attempt.password === undefined && attempt.username === undefined,
    );
  });
}

test('contract - decisions arrive where there is a way for them', async () => {
  await using stack = new AsyncDisposableStack();
  const { lambda: _, ...forms } = await builtInForms(stack, FILE_PROVIDER, {
    'users.json': JSON.stringify(USERS),
  });
  for (const [name, form] of Object.entries(forms)) {
    const decisions: Decision[] = [];
    const onDecision = (decision: Decision) => decisions.push(decision);
    const signal = AbortSignal.timeout(9000);
    await form.authenticate(requestOf({ password: 'other' }), { signal, onDecision });
    assert.deepEqual(
      decisions.map(({ code }) => code),
      ['BAD_CREDENTIALS'],
      name,
    );
  }
});
