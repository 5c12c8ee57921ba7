import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Denied, IdentityFault } from '../decision.ts';
import { type LoginEvent, readEvent } from './event.ts';

const EVENT = {
  username: 'jdoe',
  protocol: 'SFTP',
  serverId: 's-0123456789abcdef0',
  sourceIp: '203.0.113.9',
} as const;

function codeOf(event: unknown): string {
  try {
    return `read ${readEvent(event).given.kind}`;
  } catch (error) {
    assert.ok(error instanceof Denied || error instanceof IdentityFault, inspect(error));
    return error.code;
  }
}

function passwordOf({ given }: LoginEvent): string {
  assert.equal(given.kind, 'password');
  return given.kind === 'password' ? given.password.reveal() : '';
}

test('event - no password, null and an empty one ask for keys', () => {
  for (const event of [EVENT, { ...EVENT, password: null }, { ...EVENT, password: '' }])
    assert.equal(codeOf(event), 'read keys');
});

test('event - a blank password is refused and never read as a look-up', () => {
  for (const password of [' ', '\t\n', '\u0000', '\u00a0'])
    assert.equal(codeOf({ ...EVENT, password }), 'PASSWORD_UNUSABLE');
});

test('event - FTP and FTPS have no look-up', () => {
  for (const protocol of ['FTP', 'FTPS']) assert.equal(codeOf({ ...EVENT, protocol }), 'KEYS_NOT_ACCEPTED');
});

test('event - passwords keep every character', () => {
  for (const password of [`'"\\$#{}<>&%+`, ' both ends ', 'wörd ☃', 'x'.repeat(1024)])
    assert.equal(passwordOf(readEvent({ ...EVENT, password })), password);
});

test('event - passwords that are too long, hold NUL or are no Unicode are refused', () => {
  for (const password of ['x'.repeat(1025), 'a\0b', 'a\ud800'])
    assert.equal(codeOf({ ...EVENT, password }), 'PASSWORD_UNUSABLE');
});

test('event - names outside the grammar are refused', () => {
  for (const username of [
    '',
    'jo',
    '.jdoe',
    '@corp',
    '-x-',
    'j doe',
    'jdoé',
    '../etc',
    'a'.repeat(101),
    'jdoe%40corp',
  ])
    assert.equal(codeOf({ ...EVENT, username, password: 'x' }), 'NAME_REFUSED', username);
});

test('event - what is not of the contract is a fault', () => {
  const events = [
    undefined,
    null,
    1,
    'x',
    [],
    {},
    { ...EVENT, username: 5 },
    { ...EVENT, password: 5 },
    { ...EVENT, password: ['x'] },
    { ...EVENT, protocol: 'AS2' },
    { ...EVENT, protocol: 'sftp' },
    { ...EVENT, serverId: 's-1' },
    { ...EVENT, sourceIp: 'host' },
    { ...EVENT, password: 'x', challengeAnswers: ['x'], state: 's' },
    { ...EVENT, challengeAnswers: 'x', state: 's' },
    { ...EVENT, challengeAnswers: [1], state: 's' },
    { ...EVENT, challengeAnswers: Array(9).fill('x'), state: 's' },
    { ...EVENT, challengeAnswers: [] },
    { ...EVENT, interactive: 'yes' },
  ];
  for (const event of events) assert.equal(codeOf(event), 'EVENT_INVALID', inspect(event));
});

test('event - dialogues begin, go on, and do not go on without a state', () => {
  assert.equal(codeOf({ ...EVENT, interactive: true, challengeAnswers: [] }), 'read begin');
  assert.equal(codeOf({ ...EVENT, challengeAnswers: ['1'], state: 's' }), 'read answers');
  assert.equal(codeOf({ ...EVENT, interactive: true, challengeAnswers: [], state: 's' }), 'read answers');
  assert.equal(codeOf({ ...EVENT, interactive: true, challengeAnswers: ['1'] }), 'STATE_INVALID');
});

test('event - a source that is not told is empty', () => {
  for (const sourceIp of [undefined, null, '']) assert.equal(readEvent({ ...EVENT, sourceIp }).sourceIp, '');
});

test('event - any JSON is read, denied or a fault, and nothing else', () => {
  const member = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }));
  const like = fc.record(
    {
      ...Object.fromEntries(
        Object.entries(EVENT).map(([name, value]) => [name, fc.oneof(fc.constant(value), member)]),
      ),
      password: member,
      challengeAnswers: member,
      state: member,
      interactive: member,
      pathParameters: member,
      headers: member,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), like), (event) => codeOf(event) !== ''),
    { numRuns: 500 },
  );
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

function proxied(more: object = {}): object {
  return {
    httpMethod: 'GET',
    path: '/prod/servers/s-0123456789abcdef0/users/jdoe%40example.com/config',
    pathParameters: { serverId: EVENT.serverId, username: 'jdoe%40example.com' },
    queryStringParameters: { protocol: 'SFTP', sourceIp: '203.0.113.9' },
    headers: { PasswordBase64: base64('wörd'), Password: 'w?rd' },
    ...more,
  };
}

test('proxy event - the name is decoded once and the Base64 password counts', () => {
  const event = readEvent(proxied());
  assert.equal(event.userName, 'jdoe@example.com');
  assert.equal(event.serverId, EVENT.serverId);
  assert.equal(event.sourceIp, '203.0.113.9');
  assert.equal(passwordOf(event), 'wörd');
});

test('proxy event - a decoded name, header names in any case, and payload format 2.0 are read', () => {
  const {
    path: _,
    pathParameters: __,
    httpMethod: ___,
    ...rest
  } = { path: 1, pathParameters: 1, httpMethod: 1, ...proxied({ headers: { password: 'plain' } }) };
  const event = readEvent({
    ...rest,
    version: '2.0',
    rawPath: '/servers/s-0123456789abcdef0/users/jdoe@example.com/config',
  });
  assert.equal(event.userName, 'jdoe@example.com');
  assert.equal(passwordOf(event), 'plain');
});

test('proxy event - no password header and an empty one ask for keys', () => {
  for (const headers of [{}, null, { Password: '' }, { PasswordBase64: '' }])
    assert.equal(codeOf(proxied({ headers })), 'read keys');
});

const named = (username: string) => proxied({ pathParameters: { serverId: EVENT.serverId, username } });

test('proxy event - double encoding and encodings of what no name holds are refused', () => {
  for (const username of ['jdoe%2540example.com', 'j%2Bdoe', 'j%25doe', 'j%2Fdoe', 'j%00doe', 'j%0Adoe'])
    assert.equal(codeOf(named(username)), 'NAME_REFUSED', username);
});

test('proxy event - broken encodings, broken Base64 and repeated parameters are faults', () => {
  const events = [
    named('j%ZZdoe'),
    named('j%C3doe'),
    proxied({ headers: { PasswordBase64: '***' } }),
    proxied({ headers: { PasswordBase64: Buffer.from([0xff, 0xfe]).toString('base64') } }),
    proxied({ queryStringParameters: { protocol: 'SFTP', sourceIp: '203.0.113.9,192.0.2.1' } }),
    proxied({ multiValueQueryStringParameters: { sourceIp: ['203.0.113.9', '192.0.2.1'] } }),
    proxied({ queryStringParameters: null }),
    proxied({ pathParameters: null, path: '/other' }),
    proxied({ headers: 'x' }),
  ];
  for (const event of events) assert.equal(codeOf(event), 'EVENT_INVALID', inspect(event));
});

test('proxy event - a POST brings the members of a dialogue, and garbage in it is a fault', () => {
  const post = (body: string, more: object = {}) =>
    proxied({ httpMethod: 'POST', headers: {}, body, ...more });
  const answers = JSON.stringify({ challengeAnswers: ['1'], state: 's', interactive: true });
  assert.equal(codeOf(post(answers)), 'read answers');
  assert.equal(codeOf(post(base64(answers), { isBase64Encoded: true })), 'read answers');
  assert.equal(codeOf(proxied({ headers: {}, body: answers })), 'read keys', 'a GET has no body');
  for (const body of ['', '{', '[]', '{"password":"x"}']) assert.equal(codeOf(post(body)), 'EVENT_INVALID');
});
