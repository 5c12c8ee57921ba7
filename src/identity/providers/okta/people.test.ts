import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedUser, UserStatus } from '../../../../test/simulators/okta/users.ts';
import type { Login } from '../provider.ts';
import { API_TOKEN, Bench, PASSWORD, personOf, refused, userWith } from './testing/bench.ts';

const OWNER: SimulatedUser = { id: '00u0owner', login: 'me@corp.example', password: 'canary-owner' };
const GROUPS = Array.from({ length: 5 }, (_, index) => ({ id: `00g${index}`, name: `group ${index}` }));

function start(
  user: Partial<SimulatedUser> = {},
  options: object = {},
  simulator: object = {},
): Promise<Bench> {
  return Bench.start({
    users: [OWNER, userWith(user)],
    simulator,
    options: { apiToken: API_TOKEN, ...options },
  });
}

function lookUp(bench: Bench, more: Partial<Login> = {}) {
  return bench.provider.lookUp(bench.login(more));
}

test('okta, key login - without an API token nobody can be looked up', async () => {
  await using bench = await Bench.start();
  assert.equal(await lookUp(bench), undefined);
  assert.equal(bench.simulator.transcript.entries.length, 0);
});

test('okta, key login - an active user is found with profile and groups, and no password is judged', async () => {
  const profile = { sftpUid: 2030, sftpPublicKeys: ['ssh-ed25519 AAAA'], nested: { a: 1 }, nothing: null };
  await using bench = await start({ profile, groups: GROUPS.slice(0, 1) });
  const person = await lookUp(bench);
  assert.equal(person?.subject, '00u1jdoe');
  assert.equal(person.userName, 'jdoe@example.com');
  assert.deepEqual(person.attributes.get('sftpUid'), ['2030']);
  assert.deepEqual(person.attributes.get('sftpPublicKeys'), ['ssh-ed25519 AAAA']);
  assert.equal(person.attributes.has('nested'), false);
  assert.deepEqual(person.groups, [{ id: '00g0', name: 'group 0' }]);
  assert.deepEqual(person.proofs, []);
  assert.equal(bench.simulator.transcript.count('/api/v1/authn'), 0);
});

const STATUSES: Readonly<Record<Exclude<UserStatus, 'ACTIVE'>, string>> = {
  PASSWORD_EXPIRED: 'PASSWORD_EXPIRED',
  RECOVERY: 'PASSWORD_EXPIRED',
  LOCKED_OUT: 'ACCOUNT_LOCKED',
  PROVISIONED: 'ACCOUNT_DISABLED',
  STAGED: 'ACCOUNT_DISABLED',
  SUSPENDED: 'ACCOUNT_DISABLED',
  DEPROVISIONED: 'ACCOUNT_DISABLED',
};

for (const status of [
  'PASSWORD_EXPIRED',
  'RECOVERY',
  'LOCKED_OUT',
  'PROVISIONED',
  'STAGED',
  'SUSPENDED',
  'DEPROVISIONED',
] as const)
  test(`okta, key login - an account that is ${status} is refused`, async () => {
    await using bench = await start({ status });
    await refused(lookUp(bench), STATUSES[status]);
  });

test('okta, key login - an account in an unknown state is refused', async () => {
  await using bench = await start();
  const json = { id: '00u1jdoe', status: 'NEW', profile: { login: 'jdoe@example.com' } };
  bench.simulator.failNext(/users/, { kind: 'altered', alter: () => ({ status: 200, json }) });
  await refused(lookUp(bench), 'UPSTREAM_ANSWER_INVALID');
});

test('okta, key login - an unknown user is refused', async () => {
  await using bench = await start();
  await refused(lookUp(bench, { userName: 'nobody' }), 'USER_UNKNOWN');
});

for (const userName of ['00u1jdoe', '00u0owner'])
  test(`okta, key login - the id ${userName} is no name`, async () => {
    await using bench = await start({}, { signInDomainRule: 'never' });
    await refused(lookUp(bench, { userName }), 'USER_UNKNOWN');
  });

test('okta, key login - the name me is not the owner of our token', async () => {
  await using bench = await Bench.start({
    users: [{ ...OWNER, login: 'owner@corp.example' }],
    options: { apiToken: API_TOKEN, signInDomainRule: 'never' },
  });
  await refused(lookUp(bench, { userName: 'me' }), 'USER_UNKNOWN');
});

test('okta, groups - all pages are read', async () => {
  await using bench = await start({ groups: GROUPS }, {}, { pageSize: 2 });
  const person = await lookUp(bench);
  assert.deepEqual(person?.groups, GROUPS);
  assert.equal(bench.simulator.transcript.count('/api/v1/users/00u1jdoe/groups'), 3);
});

test('okta, groups - there is an end to the pages', async () => {
  const groups = Array.from({ length: 11 }, (_, index) => ({ id: `00g${index}`, name: 'group' }));
  await using bench = await start({ groups }, {}, { pageSize: 1 });
  await refused(lookUp(bench), 'UPSTREAM_ANSWER_INVALID');
});

test('okta, groups - a page on another host is not asked for', async () => {
  await using bench = await start({ groups: GROUPS });
  const headers = { link: '<https://elsewhere.example/api/v1/users/x/groups>; rel="next"' };
  bench.simulator.failNext(/groups/, { kind: 'altered', alter: (reply) => ({ ...reply, headers }) });
  await refused(lookUp(bench), 'UPSTREAM_ANSWER_INVALID');
});

test('okta, groups - they are not read where the configuration says so', async () => {
  await using bench = await start({ groups: GROUPS }, { readGroups: false });
  assert.deepEqual((await lookUp(bench))?.groups, []);
  assert.equal(bench.simulator.transcript.entries.length, 1);
});

test('okta, password - with an API token the profile and the groups come with it', async () => {
  await using bench = await start({ profile: { sftpUid: 2030 }, groups: GROUPS });
  const person = personOf(await bench.password());
  assert.deepEqual(person.attributes.get('sftpUid'), ['2030']);
  assert.deepEqual(person.attributes.get('timeZone'), ['UTC']);
  assert.equal(person.groups.length, 5);
  assert.deepEqual(person.proofs, ['password']);
});

test('okta, password - the user is asked for by the id that was proven', async () => {
  await using bench = await start();
  personOf(await bench.password());
  assert.equal(bench.simulator.transcript.count('/api/v1/users/00u1jdoe'), 1);
});

test('okta, password - another user than the proven one is refused', async () => {
  await using bench = await start();
  const json = { id: '00u9other', status: 'ACTIVE', profile: { login: 'jdoe@example.com' } };
  bench.simulator.failNext(/users/, { kind: 'altered', alter: () => ({ status: 200, json }) });
  await refused(bench.password(), 'IDENTITY_MISMATCH');
});

for (const [errorCode, status, code] of [
  ['E0000011', 401, 'CONFIGURATION_INVALID'],
  ['E0000006', 403, 'CONFIGURATION_INVALID'],
  ['E0000007', 404, 'USER_UNKNOWN'],
  ['E0000047', 429, 'THROTTLED'],
] as const)
  test(`okta, key login - the error ${errorCode} of the Users API refuses with ${code}`, async () => {
    await using bench = await start();
    bench.simulator.failNext(/users/, { kind: 'altered', alter: () => ({ status, json: { errorCode } }) });
    await refused(lookUp(bench), code);
  });

test('okta, key login - a failure of the Users API after the password lets nobody in', async () => {
  await using bench = await start();
  bench.simulator.failNext(/users/, { kind: 'html', status: 200 });
  await refused(bench.password(PASSWORD), 'UPSTREAM_ANSWER_INVALID');
});
