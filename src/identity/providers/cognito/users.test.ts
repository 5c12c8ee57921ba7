import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CognitoBench } from './testing/bench.ts';
import { CLIENT_ID, POOL_ID } from './testing/scripted-cognito.ts';

function user(members: object = {}) {
  const UserAttributes = [
    { Name: 'sub', Value: 'sub-of-jdoe' },
    { Name: 'custom:sftp_uid', Value: '2030' },
  ];
  return { body: { Username: 'jdoe', Enabled: true, UserStatus: 'CONFIRMED', UserAttributes, ...members } };
}

const groups = (names: readonly string[], NextToken?: string) => ({
  body: { Groups: names.map((GroupName) => ({ GroupName })), NextToken },
});

test('cognito - a key login looks up the user and their groups, page by page', async () => {
  await using bench = await CognitoBench.start();
  bench.cognito.script(user(), groups(['a', 'b'], 'next'), groups(['c']));
  const person = await bench.provider.lookUp(bench.login());
  assert.equal(person?.subject, 'sub-of-jdoe');
  assert.deepEqual(person?.proofs, []);
  assert.deepEqual(person?.attributes.get('custom:sftp_uid'), ['2030']);
  assert.deepEqual(
    person?.groups.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(
    bench.cognito.calls.map(({ operation }) => operation),
    ['AdminGetUser', 'AdminListGroupsForUser', 'AdminListGroupsForUser'],
  );
});

for (const [members, code] of [
  [{ Enabled: false }, 'ACCOUNT_DISABLED'],
  [{ UserStatus: 'UNCONFIRMED' }, 'ACCOUNT_DISABLED'],
  [{ UserStatus: 'EXTERNAL_PROVIDER' }, 'ACCOUNT_DISABLED'],
  [{ UserStatus: 'FORCE_CHANGE_PASSWORD' }, 'PASSWORD_EXPIRED'],
  [{ UserStatus: 'RESET_REQUIRED' }, 'PASSWORD_EXPIRED'],
  [{ Username: 'mallory' }, 'IDENTITY_MISMATCH'],
  [{ Enabled: undefined }, 'UPSTREAM_ANSWER_INVALID'],
  [{ UserStatus: undefined }, 'UPSTREAM_ANSWER_INVALID'],
] as const) {
  test(`cognito - a key login of a user with ${JSON.stringify(members)} is refused`, async () => {
    await using bench = await CognitoBench.start({ keyLoginGroups: false });
    bench.cognito.script(user(members));
    await bench.assertRefused(bench.provider.lookUp(bench.login()), code);
  });
}

test('cognito - a key login of nobody is refused, and one that may not be looked at is a fault', async () => {
  await using bench = await CognitoBench.start();
  bench.cognito.script({ error: 'UserNotFoundException' }, { error: 'AccessDeniedException' });
  await bench.assertRefused(bench.provider.lookUp(bench.login()), 'USER_UNKNOWN');
  await bench.assertRefused(bench.provider.lookUp(bench.login()), 'CONFIGURATION_INVALID');
});

test('cognito - groups that never end are a fault', async () => {
  await using bench = await CognitoBench.start();
  bench.cognito.script(user(), ...Array.from({ length: 9 }, () => groups(['a'], 'next')));
  await bench.assertRefused(bench.provider.lookUp(bench.login()), 'UPSTREAM_ANSWER_INVALID');
});

test('cognito - key logins can be left to profiles, or refused, without asking Cognito', async () => {
  await using unchecked = await CognitoBench.start({ keyLogins: 'unchecked' });
  assert.equal(await unchecked.provider.lookUp(unchecked.login()), undefined);
  await using refusing = await CognitoBench.start({ keyLogins: 'refuse' });
  await refusing.assertRefused(refusing.provider.lookUp(refusing.login()), 'KEYS_NOT_ACCEPTED');
  assert.equal(unchecked.cognito.calls.length + refusing.cognito.calls.length, 0);
});

function appClient(members: object) {
  return { body: { UserPoolClient: { ClientId: CLIENT_ID, UserPoolId: POOL_ID, ...members } } };
}

async function check(bench: CognitoBench): Promise<void> {
  await bench.provider.check?.(AbortSignal.timeout(5000));
}

test('cognito - the check warns of custom attributes that users can write themselves', async () => {
  await using bench = await CognitoBench.start();
  const WriteAttributes = ['email', 'custom:sftp_role'];
  const ExplicitAuthFlows = ['ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'];
  bench.cognito.script(appClient({ WriteAttributes, ExplicitAuthFlows }));
  await check(bench);
  assert.equal(bench.warnings.length, 1);
  assert.match(bench.warnings[0] ?? '', /custom:sftp_role/);
});

test('cognito - the check says that it may not look at the app client, and that is no fault', async () => {
  await using bench = await CognitoBench.start();
  bench.cognito.script({ error: 'AccessDeniedException' });
  await check(bench);
  assert.match(bench.warnings[0] ?? '', /DescribeUserPoolClient/);
});

for (const [what, options, members] of [
  ['has a secret that is not configured', {}, { ClientSecret: 'shown-to-nobody' }],
  ['has another secret', { clientSecret: 'x' }, { ClientSecret: 'shown-to-nobody' }],
  ['does not allow the flow', {}, { ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'] }],
] as const) {
  test(`cognito - the check fails where the app client ${what}`, async () => {
    await using bench = await CognitoBench.start(options);
    bench.cognito.script(appClient(members));
    await assert.rejects(check(bench), (error: Error) => {
      assert.ok('code' in error && error.code === 'CONFIGURATION_INVALID');
      assert.ok(!error.message.includes('shown-to-nobody'));
      return true;
    });
  });
}

test('cognito - the check fails for credentials that AWS does not know, and for a pool that is not there', async () => {
  await using bench = await CognitoBench.start();
  bench.cognito.script({ error: 'UnrecognizedClientException' });
  await bench.assertRefused(check(bench), 'CONFIGURATION_INVALID');
  await using other = await CognitoBench.start({ userPoolId: 'eu-west-1_Other' });
  await other.assertRefused(check(other), 'UPSTREAM_ANSWER_INVALID');
});

test('cognito - the check of the public flow needs no credentials', async () => {
  await using bench = await CognitoBench.start({
    flow: 'user-password',
    keyLogins: 'unchecked',
    credentials: undefined,
  });
  await check(bench);
  assert.equal(bench.cognito.calls.length, 0);
  assert.equal(bench.cognito.keyRequests, 1);
});
