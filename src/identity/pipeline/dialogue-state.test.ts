import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Denied, IdentityFault } from '../decision.ts';
import { DialogueStates } from './dialogue-state.ts';

const LOGIN = {
  userName: 'jdoe',
  serverId: 's-0123456789abcdef0',
  protocol: 'SFTP',
  sourceIp: '203.0.113.9',
} as const;
const STATE = { pending: { kind: 'code', password: 'c4nary' }, beganAtMs: 1000 } as const;
const KEY = 'a key of thirty-two characters or more';

const statesOf = (stateKey?: string, functionName = 'okta') =>
  new DialogueStates({ functionName, stateKey, maxAgeMs: 60_000 });

const isInvalid = (error: unknown) => error instanceof Denied && error.code === 'STATE_INVALID';

test('dialogue state - opens for the login it was made for', () => {
  const states = statesOf();
  assert.deepEqual(states.open(states.seal(STATE, LOGIN), LOGIN, 61_000), STATE);
});

test('dialogue state - shows nothing of what it holds, and is never twice the same', () => {
  const states = statesOf();
  const text = states.seal(STATE, LOGIN);
  assert.doesNotMatch(Buffer.from(text, 'base64url').toString('latin1'), /c4nary|code/);
  assert.notEqual(text, states.seal(STATE, LOGIN));
});

test('dialogue state - does not open for another user, server, protocol, source or function', () => {
  const states = statesOf(KEY);
  const text = states.seal(STATE, LOGIN);
  const others = [
    { ...LOGIN, userName: 'msmith' },
    { ...LOGIN, serverId: 's-0123456789abcdef1' },
    { ...LOGIN, protocol: 'FTPS' },
    { ...LOGIN, sourceIp: '203.0.113.10' },
  ] as const;
  for (const other of others) assert.throws(() => states.open(text, other, 1000), isInvalid);
  assert.throws(() => statesOf(KEY, 'ldap').open(text, LOGIN, 1000), isInvalid);
});

test('dialogue state - opens in another process with the same key only', () => {
  const text = statesOf(KEY).seal(STATE, LOGIN);
  assert.deepEqual(statesOf(KEY).open(text, LOGIN, 1000), STATE);
  assert.throws(() => statesOf(`${KEY}!`).open(text, LOGIN, 1000), isInvalid);
  assert.throws(() => statesOf().open(statesOf().seal(STATE, LOGIN), LOGIN, 1000), isInvalid);
});

test('dialogue state - is too old after its time', () => {
  const states = statesOf();
  assert.throws(() => states.open(states.seal(STATE, LOGIN), LOGIN, 61_001), isInvalid);
});

test('dialogue state - one changed bit anywhere refuses it', () => {
  const states = statesOf();
  const sealed = Buffer.from(states.seal(STATE, LOGIN), 'base64url');
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(sealed.readUInt8(index) ^ 1, index);
    assert.throws(() => states.open(changed.toString('base64url'), LOGIN, 1000), isInvalid);
  }
});

test('dialogue state - garbage is refused', () => {
  for (const text of [
    '',
    'x',
    'A'.repeat(4096),
    'A'.repeat(5_000_000),
    '%%%',
    randomBytes(100).toString('base64url'),
  ])
    assert.throws(() => statesOf().open(text, LOGIN, 1000), isInvalid);
});

test('dialogue state - more than fits is a fault, what shrinks to fit is sealed', () => {
  const states = statesOf();
  const pending = (saved: string) => ({ kind: 'provider', provider: 'okta', saved }) as const;
  const random = randomBytes(4000).toString('hex');
  assert.throws(
    () => states.seal({ pending: pending(random), beganAtMs: 0 }, LOGIN),
    (error) =>
      error instanceof IdentityFault && error.code === 'INTERNAL_ERROR' && !error.message.includes(random),
  );
  const long = { pending: pending('word '.repeat(10_000)), beganAtMs: 0 };
  assert.deepEqual(states.open(states.seal(long, LOGIN), LOGIN, 0), long);
});
