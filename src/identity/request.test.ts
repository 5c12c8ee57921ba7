import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { IdentityRequest, type LoginAttempt, MAX_PASSWORD_CHARACTERS } from './request.ts';

const ATTEMPT: LoginAttempt = {
  username: 'bob.usa',
  password: 'mysecretpassword',
  protocol: 'SFTP',
  serverId: 's-0123456789abcdef0',
  sourceIp: '192.0.2.100',
};

const outcomeOf = (changes: Partial<LoginAttempt>) => {
  const checked = IdentityRequest.from({ ...ATTEMPT, ...changes });
  return checked.outcome === 'refused' ? checked.code : checked.outcome;
};

test('user name - the grammar of the Transfer API is accepted', () => {
  for (const username of ['abc', '_ab', '007', 'a.b@example.com', 'a-b_c', 'x'.repeat(100)]) {
    assert.equal(outcomeOf({ username }), 'ready', username);
  }
});

test('user name - anything else is refused', () => {
  const names = [
    '',
    'ab',
    'x'.repeat(101),
    '-abc',
    '.abc',
    '@abc',
    'a b',
    'abc\n',
    'a/b',
    'a\\b',
    'jürgen',
    'a\0bc',
    'abc*',
  ];
  for (const username of names)
    assert.equal(outcomeOf({ username }), 'USER_NAME_INVALID', JSON.stringify(username));
});

test('password - one that a function would read as a key look-up is refused', () => {
  for (const password of ['', ' ', '\t\r\n', '\u00a0\u3000', '\0', '\x1c', '\x85', ' \0 ']) {
    assert.equal(outcomeOf({ password }), 'PASSWORD_BLANK', JSON.stringify(password));
  }
});

test('password - size, NUL and broken Unicode are refused', () => {
  assert.equal(outcomeOf({ password: 'x'.repeat(MAX_PASSWORD_CHARACTERS) }), 'ready');
  assert.equal(outcomeOf({ password: 'x'.repeat(MAX_PASSWORD_CHARACTERS + 1) }), 'PASSWORD_TOO_LONG');
  assert.equal(outcomeOf({ password: 'secret\0tail' }), 'PASSWORD_INVALID');
  assert.equal(outcomeOf({ password: 'secret\ud800' }), 'PASSWORD_INVALID');
});

test('request - never shows its password, except as the event', () => {
  const checked = IdentityRequest.from(ATTEMPT);
  assert.equal(checked.outcome, 'ready');
  const { request } = checked;
  const shown = [
    inspect(request, { showHidden: true, depth: 9 }),
    JSON.stringify(request),
    String(request),
  ].join();
  assert.equal(shown.includes('mysecretpassword'), false);
  assert.deepEqual(request.event(), ATTEMPT);
  assert.equal(request.isKeyLookup, false);
});

test('request - a key look-up has no password member at all', () => {
  const { password: _, ...lookup } = ATTEMPT;
  const checked = IdentityRequest.from(lookup);
  assert.equal(checked.outcome, 'ready');
  assert.equal('password' in checked.request.event(), false);
  assert.equal(checked.request.isKeyLookup, true);
});

test('request - text is cleaned of what was typed earlier in the dialogue, but not of choices from a list', () => {
  const base = {
    username: 'alice',
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '',
  } as const;
  const first = IdentityRequest.from({ ...base, password: 'canary-earlier' });
  assert.equal(first.outcome, 'ready');
  const second = IdentityRequest.from({ ...base, challengeAnswers: ['2'], state: 'state' }, first.request);
  assert.equal(second.outcome, 'ready');
  const third = IdentityRequest.from({ ...base, challengeAnswers: ['123456'] }, second.request);
  assert.equal(third.outcome, 'ready');
  const scrubbed = third.request.scrubber().scrub('factor 2 of canary-earlier: 123456 is wrong');
  assert.equal(scrubbed, 'factor 2 of [password]: [password] is wrong');
});
