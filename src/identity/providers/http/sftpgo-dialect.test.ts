import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Clock, endsRefused, PASSWORD, ProviderBench, personIn } from '../testing/provider-bench.ts';
import { type ScriptedAnswer, ScriptedServer } from '../testing/scripted-server.ts';
import { httpOptions } from './options.ts';
import { createHttpProvider } from './provider.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const USER = {
  username: 'jdoe',
  status: 1,
  home_dir: '/srv/jdoe',
  uid: 2030,
  gid: 2030,
  permissions: { '/': ['*'] },
  public_keys: [KEY],
  groups: [{ name: 'partners', type: 1 }],
  filters: { allowed_ip: ['203.0.113.0/24'] },
};

async function hook(answer: ScriptedAnswer, options: Readonly<Record<string, unknown>> = {}) {
  const server = await ScriptedServer.start(() => answer);
  const url = `${server.origin}/hook`;
  const parsed = httpOptions.parse({ url, lookUpUrl: url, dialect: 'sftpgo', ...options });
  const clock = new Clock(Date.UTC(2030, 0, 1));
  const bench = new ProviderBench((where) => createHttpProvider(parsed, where), clock);
  return { server, bench, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test('sftpgo - an external authentication hook is asked and understood as it is', async () => {
  await using scene = await hook({ json: USER });
  const person = personIn(await scene.bench.password());
  assert.deepEqual([person.userName, person.proofs], ['jdoe', ['password']]);
  assert.deepEqual(person.groups, [{ id: 'partners', name: 'partners' }]);
  assert.deepEqual(person.attributes.get('home_dir'), ['/srv/jdoe']);
  assert.deepEqual(person.record?.session.posixProfile, { uid: 2030, gid: 2030, secondaryGids: [] });
  assert.deepEqual(person.record?.sourceNetworks, ['203.0.113.0/24']);
  assert.deepEqual(JSON.parse(scene.server.requests[0]?.body ?? ''), {
    username: 'jdoe',
    ip: '203.0.113.9',
    protocol: 'SSH',
    password: PASSWORD,
    public_key: '',
    keyboard_interactive: '',
    tls_cert: '',
  });
});

test('sftpgo - a pre-login hook tells the keys', async () => {
  await using scene = await hook({ json: USER });
  const person = await scene.bench.lookUp({ protocol: 'FTPS' });
  assert.deepEqual(person?.record?.publicKeys, [{ line: KEY }]);
  assert.deepEqual(person?.proofs, []);
  const [request] = scene.server.requests;
  assert.equal(request?.query.toString(), 'login_method=publickey&ip=203.0.113.9&protocol=FTP');
  assert.deepEqual(JSON.parse(request?.body ?? ''), { id: 0, username: 'jdoe' });
});

for (const [what, answer, code] of [
  ['an empty user name', { json: { ...USER, username: '' } }, 'BAD_CREDENTIALS'],
  ['no user name', { json: {} }, 'BAD_CREDENTIALS'],
  ['another status', { status: 403, json: USER }, 'BAD_CREDENTIALS'],
  ['no content', { status: 204, text: '' }, 'BAD_CREDENTIALS'],
  ['no user', { json: [] }, 'UPSTREAM_ANSWER_INVALID'],
  ['a disabled user', { json: { ...USER, status: 0 } }, 'ACCOUNT_DISABLED'],
  ['a user without a status', { json: { username: 'jdoe' } }, 'ACCOUNT_DISABLED'],
  ['no permissions', { json: { ...USER, permissions: undefined } }, 'RECORD_INVALID'],
  ['no permissions at all', { json: { ...USER, permissions: {} } }, 'RECORD_INVALID'],
  ['permissions below the root only', { json: { ...USER, permissions: { '/a': ['*'] } } }, 'RECORD_INVALID'],
  ['an expired user', { json: { ...USER, expiration_date: 1_000 } }, 'ACCOUNT_EXPIRED'],
  ['a denied address', { json: { ...USER, filters: { denied_ip: ['203.0.113.9/32'] } } }, 'SOURCE_REFUSED'],
  ['a denied network that is none', { json: { ...USER, filters: { denied_ip: ['?'] } } }, 'SOURCE_REFUSED'],
  [
    'an allowed network that is none',
    { json: { ...USER, filters: { allowed_ip: ['?'] } } },
    'RECORD_INVALID',
  ],
  ['a denied protocol', { json: { ...USER, filters: { denied_protocols: ['SSH'] } } }, 'PROTOCOL_REFUSED'],
  [
    'a denied password',
    { json: { ...USER, filters: { denied_login_methods: ['password'] } } },
    'PASSWORD_NOT_ACCEPTED',
  ],
  [
    'a denied password over SSH',
    { json: { ...USER, filters: { denied_login_methods: ['password-over-SSH'] } } },
    'PASSWORD_NOT_ACCEPTED',
  ],
  ['a second factor', { json: { ...USER, filters: { two_factor_protocols: ['SSH'] } } }, 'MFA_REQUIRED'],
  [
    'a password to change',
    { json: { ...USER, filters: { require_password_change: true } } },
    'PASSWORD_EXPIRED',
  ],
  ['fewer permissions', { json: { ...USER, permissions: { '/': ['list', 'download'] } } }, 'RECORD_INVALID'],
  [
    'times of access',
    { json: { ...USER, filters: { access_time: [{ day_of_week: 1 }] } } },
    'RECORD_INVALID',
  ],
] satisfies [string, ScriptedAnswer, string][]) {
  test(`sftpgo - ${what} refuses the login as ${code}`, async () => {
    await using scene = await hook(answer);
    await scene.bench.assertRefused(scene.bench.password(), code);
  });
}

test('sftpgo - users with limits are let in where the configuration says so', async () => {
  const json = { ...USER, permissions: { '/': ['list'] } };
  await using scene = await hook({ json }, { sftpgoLimits: 'ignore' });
  assert.equal(personIn(await scene.bench.password()).userName, 'jdoe');
});

test('sftpgo - keys may be denied, and a pre-login hook that changes nothing knows nobody', async () => {
  await using denied = await hook({ json: { ...USER, filters: { denied_login_methods: ['publickey'] } } });
  await denied.bench.assertRefused(denied.bench.lookUp(), 'KEYS_NOT_ACCEPTED');
  await using unchanged = await hook({ status: 204, text: '' });
  await unchanged.bench.assertRefused(unchanged.bench.lookUp(), 'USER_UNKNOWN');
});

test('sftpgo - any value in any member of a user is refused or harmless', async () => {
  await using scene = await hook({});
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('', 'status', ...Object.keys(USER)),
      fc.jsonValue(),
      async (member, value) => {
        scene.server.answer = () => ({ json: member === '' ? value : { ...USER, [member]: value } });
        const isRefused = await endsRefused(scene.bench.password());
        assert.ok(isRefused || (member === 'status' ? value === 1 : member !== ''));
      },
    ),
    { numRuns: 60 },
  );
});

test('sftpgo - hashes and keys in the answer are no attributes', async () => {
  await using scene = await hook({ json: { ...USER, password: '$2a$10$canary-5d0e' } });
  const { attributes, record } = personIn(await scene.bench.password());
  assert.deepEqual(
    [attributes.has('password'), attributes.has('public_keys'), record?.password],
    [false, false, undefined],
  );
});
