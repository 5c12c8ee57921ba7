import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endsRefused, personIn } from '../testing/provider-bench.ts';
import { type BenchOptions, EntraBench, OID, userWith } from './testing/bench.ts';

const USER = /^\/v1\.0\/users\/[^/]+$/;
const GROUPS = /group$/;
const MANY = Array.from({ length: 250 }, (_, index) => ({ id: `g${index}`, name: `name ${index}` }));

function withDirectory(more: BenchOptions = {}): Promise<EntraBench> {
  return EntraBench.start({ ...more, options: { readDirectory: true, ...more.options } });
}

test('entra - users with too many groups for a token get them from Graph, page by page', async () => {
  await using bench = await EntraBench.start({
    users: [userWith({ groups: MANY })],
    simulator: { pageSize: 100 },
  });
  const { groups } = personIn(await bench.password());
  assert.deepEqual(groups, MANY);
  assert.equal(bench.count(/v1\.0\/me\/transitiveMemberOf.* 200$/), 3);
});

test('entra - a next page elsewhere is not asked for with the token', async () => {
  await using bench = await EntraBench.start({ users: [userWith({ groups: MANY })] });
  bench.simulator.failNext(GROUPS, {
    kind: 'altered',
    alter: (reply) => ({
      ...reply,
      json: { value: [], '@odata.nextLink': 'https://graph.example.com/v1.0/x' },
    }),
  });
  await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
});

test('entra - pages without end are given up', async () => {
  await using bench = await EntraBench.start({
    users: [userWith({ groups: MANY })],
    simulator: { pageSize: 1 },
  });
  await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  assert.ok(bench.count(/transitiveMemberOf/) <= 11);
});

test('entra - names of groups come from Graph where it is asked always, roles where they are wanted', async () => {
  await using bench = await EntraBench.start({
    users: [userWith({ groups: [{ id: 'g1', name: 'sftp-users' }], roles: ['Partner'] })],
    options: { groups: 'graph', rolesAsGroups: true },
  });
  assert.deepEqual(personIn(await bench.password()).groups, [
    { id: 'g1', name: 'sftp-users' },
    { id: 'role:Partner', name: 'role:Partner' },
  ]);
});

test('entra - a key login is let in only while the account is enabled', async () => {
  const groups = [{ id: 'g1', name: 'sftp-users' }];
  await using bench = await withDirectory({ users: [userWith({ groups })] });
  const person = await bench.lookUp();
  assert.deepEqual([person?.subject, person?.groups, person?.proofs], [OID, groups, []]);
  assert.equal(bench.count(/oauth2\/v2\.0\/token/), 1, 'no password was judged');
  await using left = await withDirectory({ users: [userWith({ isDisabled: true })] });
  await left.assertRefused(left.lookUp(), 'ACCOUNT_DISABLED');
  await bench.assertRefused(bench.lookUp({ userName: 'nobody' }), 'USER_UNKNOWN');
});

test('entra - without the directory nobody is looked up', async () => {
  await using bench = await EntraBench.start();
  assert.equal(await bench.lookUp(), undefined);
  assert.deepEqual(bench.simulator.requests, []);
});

test('entra - a name that Graph takes for something else is nobody’s', async () => {
  await using bench = await withDirectory({ options: { signInDomain: undefined } });
  await bench.assertRefused(bench.lookUp({ userName: 'delta' }), 'USER_UNKNOWN');
  assert.deepEqual(bench.simulator.requests, []);
  bench.simulator.failNext(USER, {
    kind: 'altered',
    alter: () => ({
      status: 200,
      json: { id: OID, userPrincipalName: 'other@contoso.example', accountEnabled: true },
    }),
  });
  await bench.assertRefused(bench.lookUp({ userName: 'jdoe@contoso.example' }), 'USER_UNKNOWN');
});

test('entra - properties of the directory are attributes, those of extensions by their own names', async () => {
  const properties = {
    employeeId: '2030',
    onPremisesExtensionAttributes: { extensionAttribute7: '/home/jdoe' },
  };
  await using bench = await withDirectory({ users: [userWith({ properties })] });
  const { attributes } = personIn(await bench.password());
  assert.deepEqual(attributes.get('employeeId'), ['2030']);
  assert.deepEqual(attributes.get('extensionAttribute7'), ['/home/jdoe']);
});

test('entra - an account that was disabled after its password was judged is refused', async () => {
  await using bench = await withDirectory();
  bench.simulator.failNext(USER, {
    kind: 'altered',
    alter: () => ({ status: 200, json: { id: OID, userPrincipalName: 'x', accountEnabled: false } }),
  });
  await bench.assertRefused(bench.password(), 'ACCOUNT_DISABLED');
});

test('entra - our own token is used again until its end, and not after Graph refuses it', async () => {
  await using bench = await withDirectory({ options: { groups: 'none' } });
  await bench.lookUp();
  await bench.lookUp();
  assert.equal(bench.simulator.appTokenCount, 1);
  bench.clock.pass(3600);
  await bench.lookUp();
  assert.equal(bench.simulator.appTokenCount, 2);
  bench.simulator.revokeAccessTokens();
  await bench.assertRefused(bench.lookUp(), 'CONFIGURATION_INVALID');
  await bench.lookUp();
  assert.equal(bench.simulator.appTokenCount, 3);
});

test('entra - any value in any member of a user or a page of groups is refused or harmless', async () => {
  await using bench = await withDirectory();
  const good = { id: OID, userPrincipalName: 'jdoe@contoso.example', accountEnabled: true };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(good)), fc.jsonValue(), async (member, value) => {
      const json = { ...good, [member]: value };
      bench.simulator.failNext(USER, { kind: 'altered', alter: () => ({ status: 200, json }) });
      assert.ok((await endsRefused(bench.lookUp())) || value === true || isNameOnly(member, value));
    }),
    { numRuns: 40 },
  );
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (value, link) => {
      const json = { value, '@odata.nextLink': link };
      bench.simulator.failNext(GROUPS, { kind: 'altered', alter: () => ({ status: 200, json }) });
      assert.ok((await endsRefused(bench.lookUp())) || Array.isArray(value));
    }),
    { numRuns: 30 },
  );
});

/** The id of who is asked for by name is not known before. */
function isNameOnly(member: string, value: unknown): boolean {
  return member === 'id' && typeof value === 'string' && value !== '';
}

test('entra - the check needs the tenant, and a token where the directory is read', async () => {
  await using bench = await withDirectory();
  await bench.provider.check?.(AbortSignal.timeout(5000));
  assert.equal(bench.simulator.appTokenCount, 1);
  await using elsewhere = await EntraBench.start({ tenant: 'bbbbbbbb-1111-2222-3333-444444444444' });
  const check = elsewhere.provider.check?.(AbortSignal.timeout(5000)) ?? assert.fail();
  await elsewhere.assertRefused(check, 'CONFIGURATION_INVALID');
});

test('entra - a group that is named like a role is none', async () => {
  const role = { name: 'role:Admin' };
  const groups = [
    { id: 'g1', ...role },
    { id: 'Role:Admin', name: 'x' },
  ];
  await using bench = await EntraBench.start({
    users: [userWith({ groups, roles: ['Partner'] })],
    options: { groups: 'graph', rolesAsGroups: true, readDirectory: true },
  });
  assert.deepEqual(personIn(await bench.password()).groups, [
    { id: 'g1', name: 'g1' },
    { id: 'role:Partner', name: 'role:Partner' },
  ]);
});

test('entra - what Graph calls a guest is refused with a key and with a password, unless guests are wanted', async () => {
  const users = [userWith({ properties: { userType: 'Guest' } })];
  await using bench = await EntraBench.start({ users, options: { readDirectory: true } });
  await bench.assertRefused(bench.lookUp(), 'NOT_ASSIGNED');
  await bench.assertRefused(bench.password(), 'NOT_ASSIGNED');
  await using open = await EntraBench.start({ users, options: { readDirectory: true, guests: 'allow' } });
  assert.equal((await open.lookUp())?.userName, 'JDoe@contoso.example');
});
