import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { MemoryStorage } from '../files/storage/memory.ts';
import type { Storage } from '../files/storage.ts';
import { virtualPath } from '../files/virtual-path.ts';
import { IdentityError, SourceRule } from '../identity/index.ts';
import type { PublicKey } from '../ssh/index.ts';
import {
  type Answer,
  GRANT,
  line,
  OTHER_ROLE,
  PASSWORD,
  POLICY_ROLE,
  ROLE,
  setUp,
  sshKey,
} from './testing/login-bench.ts';

/** A template string would look like a mistake to the linter. */
const USER = ['$', '{transfer:UserName}'].join('');
const keys = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')].map(({ privateKey }) =>
  sshKey(privateKey),
);
const [key, otherKey] = keys as [PublicKey, PublicKey];

test("password - the provider is asked once, with the contract's event, and the home is opened", async () => {
  const { login, attempt, events } = setUp(() => GRANT);
  const verdict = await login.password({ ...attempt, password: PASSWORD });
  assert.ok(verdict.outcome === 'accepted');
  assert.deepEqual(events, [
    {
      username: 'alice',
      password: PASSWORD,
      protocol: 'SFTP',
      serverId: 's-0123456789abcdef0',
      sourceIp: '203.0.113.9',
    },
  ]);
  assert.equal(verdict.identity.grant.role, ROLE);
  const root = await verdict.identity.fileSystem.stat(virtualPath('/'), { followLinks: true });
  assert.equal(root.type, 'directory');
});

const refusedAnswers: readonly [string, Answer, string][] = [
  ['an empty object', () => ({}), 'NOT_AUTHENTICATED'],
  ['nothing', () => undefined, 'CONTRACT_VIOLATION'],
  ['a string', () => 'yes', 'CONTRACT_VIOLATION'],
  ['a role that is not configured', () => ({ ...GRANT, Role: ROLE.replace('user', 'root') }), 'ROLE_UNKNOWN'],
  [
    'a mapping with ..',
    () => ({ ...GRANT, HomeDirectoryDetails: '[{"Entry":"/","Target":"/bucket/../etc"}]' }),
    'HOME_INVALID',
  ],
  [
    'a bucket that is not there',
    () => ({ ...GRANT, HomeDirectoryDetails: '[{"Entry":"/","Target":"/nowhere"}]' }),
    'HOME_INVALID',
  ],
  [
    'a session policy that is not understood',
    () => ({ ...GRANT, Policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}' }),
    'SESSION_POLICY_UNUSABLE',
  ],
  [
    'an error of the function',
    () => {
      throw new IdentityError('FUNCTION_THREW', 'the directory is down');
    },
    'FUNCTION_THREW',
  ],
];
for (const [what, answer, code] of refusedAnswers) {
  test(`password - ${what} is refused as ${code}, in the log and without the password`, async () => {
    const { login, attempt, lines, refusals } = setUp(answer);
    const verdict = await login.password({ ...attempt, password: PASSWORD });
    assert.deepEqual(verdict, { outcome: 'refused', methods: ['publickey', 'password'] });
    assert.deepEqual(
      refusals().map((entry) => [entry.code, entry.user]),
      [[code, 'alice']],
    );
    assert.ok(!lines.join('').includes(PASSWORD));
  });
}

const SESSION_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 's3:GetObject', Resource: ['arn:aws:s3:::bucket/', '/*'].join(USER) },
  ],
});

test('policy - role and session policy are compiled at login and limit the files of the session', async () => {
  const { login, attempt } = setUp(() => ({ ...GRANT, Role: POLICY_ROLE, Policy: SESSION_POLICY }));
  const verdict = await login.password({ ...attempt, password: PASSWORD });
  assert.ok(verdict.outcome === 'accepted');
  const { fileSystem } = verdict.identity;
  await assert.rejects(fileSystem.stat(virtualPath('/missing'), { followLinks: true }), {
    code: 'NOT_FOUND',
  });
  const denied = { code: 'PERMISSION_DENIED' };
  await assert.rejects(fileSystem.list(virtualPath('/')), denied, 'the role may, the session may not');
  await assert.rejects(fileSystem.remove(virtualPath('/a')), denied, 'neither may');
});

test('policy - a storage that assumes the role gets the session policy with its variables replaced', async () => {
  const storage = new MemoryStorage();
  const seen: (string | undefined)[] = [];
  const attach: Storage['attach'] = (session, root) => {
    seen.push(session.sessionPolicy);
    return storage.attach(session, root);
  };
  const watched: Storage = {
    homes: 'made',
    open: () => storage.open(),
    attach,
    close: () => storage.close(),
  };
  const settings = { storages: new Map([['bucket', watched]]) };
  const { login, attempt } = setUp(() => ({ ...GRANT, Policy: SESSION_POLICY }), settings);
  await login.password({ ...attempt, password: PASSWORD });
  assert.ok(seen.length > 0);
  for (const text of seen) assert.match(text ?? '', /arn:aws:s3:::bucket\/alice\/\*/);
});

test('user name - one against the grammar never reaches the provider', async () => {
  for (const userName of ['ab', '../etc', '-oProxyCommand', 'a\0b', 'x'.repeat(101), '']) {
    const { login, attempt, events, refusals } = setUp(() => GRANT);
    await login.password({ ...attempt, userName, password: PASSWORD });
    assert.deepEqual(events, []);
    assert.equal(refusals()[0]?.code, 'USER_NAME_INVALID');
  }
});

test('public key - one look-up without a password serves every key the client offers', async () => {
  const { login, attempt, events, refusals } = setUp(() => ({ ...GRANT, PublicKeys: [line(key)] }));
  assert.equal(await login.acceptsKey({ ...attempt, key: otherKey }), false);
  assert.notEqual(await login.acceptsKey({ ...attempt, key }), false);
  const verdict = await login.keyProven({ ...attempt, key });
  assert.equal(verdict.outcome, 'accepted');
  assert.equal(events.length, 1);
  assert.ok(!('password' in (events[0] ?? {})));
  assert.equal(refusals()[0]?.code, 'KEY_NOT_LISTED');
});

test('public key - a key that is not listed is refused even if it were proven', async () => {
  const { login, attempt } = setUp(() => ({ ...GRANT, PublicKeys: [line(key)] }));
  assert.equal((await login.keyProven({ ...attempt, key: otherKey })).outcome, 'refused');
});

test('public key - no keys, or only broken ones, let nobody in; one broken key does not harm the others', async () => {
  for (const PublicKeys of [[], [''], ['ssh-ed25519 not-a-key']]) {
    const { login, attempt } = setUp(() => ({ ...GRANT, PublicKeys }));
    assert.equal(await login.acceptsKey({ ...attempt, key }), false);
  }
  const { login, attempt } = setUp(() => ({ ...GRANT, PublicKeys: ['ssh-rsa broken', line(key)] }));
  assert.notEqual(await login.acceptsKey({ ...attempt, key }), false);
});

test('A-14 key and password - asks twice, needs both, and offers the password only after the key', async () => {
  const answer: Answer = (event) =>
    event.password === undefined ? { ...GRANT, PublicKeys: [line(key)] } : GRANT;
  const { login, attempt, events } = setUp(answer, { authenticationMethods: 'PUBLIC_KEY_AND_PASSWORD' });
  assert.deepEqual(login.methods, ['publickey']);
  assert.equal((await login.password({ ...attempt, password: PASSWORD })).outcome, 'refused');
  assert.deepEqual(events, [], 'a password before the key is asked about nobody');
  assert.deepEqual(await login.keyProven({ ...attempt, key }), {
    outcome: 'continue',
    methods: ['password'],
  });
  const verdict = await login.password({ ...attempt, password: PASSWORD });
  assert.ok(verdict.outcome === 'accepted');
  assert.deepEqual(verdict.identity.key?.key.blob, key.blob);
});

test('key and password - answers that name different roles are refused', async () => {
  const answer: Answer = (event) =>
    event.password === undefined ? { ...GRANT, PublicKeys: [line(key)] } : { ...GRANT, Role: OTHER_ROLE };
  const { login, attempt, refusals } = setUp(answer, { authenticationMethods: 'PUBLIC_KEY_AND_PASSWORD' });
  await login.keyProven({ ...attempt, key });
  assert.deepEqual(await login.password({ ...attempt, password: PASSWORD }), {
    outcome: 'refused',
    methods: ['password'],
  });
  assert.equal(refusals()[0]?.code, 'ROLES_DIFFER');
});

for (const [setting, methods] of [
  ['PASSWORD', ['password']],
  ['PUBLIC_KEY', ['publickey']],
  ['PUBLIC_KEY_OR_PASSWORD', ['publickey', 'password']],
] as const) {
  test(`methods - ${setting} offers ${methods.join(' and ')}`, () => {
    assert.deepEqual(setUp(() => GRANT, { authenticationMethods: setting }).login.methods, methods);
  });
}

test('login - a provider of ours says why it refuses, and the log tells', async () => {
  const decision = { code: 'ACCOUNT_LOCKED', message: 'The account is locked.' } as const;
  const { login, attempt, refusals } = setUp(() => ({}), {}, decision);
  assert.equal((await login.password({ ...attempt, password: PASSWORD })).outcome, 'refused');
  assert.equal(refusals()[0]?.code, 'ACCOUNT_LOCKED');
});

test('login - what the server itself refuses stays its own refusal, whatever the provider says', async () => {
  const decision = { code: 'GRANTED', message: '' } as const;
  const { login, attempt, refusals } = setUp(
    () => ({ Role: 'arn:aws:iam::1:role/unknown-one' }),
    {},
    decision,
  );
  assert.equal((await login.password({ ...attempt, password: PASSWORD })).outcome, 'refused');
  assert.equal(refusals()[0]?.code, 'ROLE_UNKNOWN');
});

test('login - from an address that the server does not allow nobody is asked about', async () => {
  const { login, attempt, refusals, events } = setUp(() => GRANT, {
    sources: new SourceRule(undefined, ['203.0.113.9']),
  });
  assert.equal((await login.password({ ...attempt, password: PASSWORD })).outcome, 'refused');
  assert.equal(
    await login.acceptsKey({ ...attempt, key: sshKey(generateKeyPairSync('ed25519').privateKey) }),
    false,
  );
  assert.deepEqual(
    refusals().map(({ code }) => code),
    ['SOURCE_REFUSED', 'SOURCE_REFUSED'],
  );
  assert.deepEqual(events, []);
});
