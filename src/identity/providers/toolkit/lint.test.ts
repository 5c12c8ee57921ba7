import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROLE } from '../../profiles/testing/people.ts';
import { lintToolkitItem } from './lint.ts';
import { KEY } from './testing/toolkit-bench.ts';

const user = (config: object, changes: object = {}) => ({
  user: 'jdoe',
  identity_provider_key: 'corp',
  config: { Role: ROLE, ...config },
  ...changes,
});

async function membersOf(item: Record<string, unknown>): Promise<readonly string[]> {
  return (await lintToolkitItem(item)).map(({ member, severity }) => `${severity} ${member}`);
}

test('toolkit lint - good items have no problems', async () => {
  const details = [
    { Entry: '/in', Target: '/eu/{{USERNAME}}', regions: ['eu-west-1'] },
    { Entry: '/in', Target: '/us/{{USERNAME}}', regions: ['us-east-1'] },
  ];
  const item = user({ HomeDirectoryDetails: details, PosixProfile: { Uid: 1, Gid: 1 }, PublicKeys: [KEY] });
  assert.deepEqual(await lintToolkitItem(item), []);
  const ldap = {
    server: 'dc1.corp.test',
    search_base: 'DC=x',
    ldap_service_account_secret_arn: 'arn:x',
    Role: ROLE,
  };
  assert.deepEqual(await lintToolkitItem({ provider: 'corp', module: 'ldap', config: ldap }), []);
});

test('toolkit lint - each mistake is told with its place in the item', async () => {
  assert.deepEqual(await membersOf(user({}, { user: 'JDoe' })), ['error user']);
  assert.deepEqual(await membersOf(user({}, { ipv4_allow_list: ['everywhere'] })), [
    'error ipv4_allow_list, ip_allow_list',
  ]);
  assert.deepEqual(await membersOf(user({ argon2_hash: 'hunter2' })), ['error config.argon2_hash']);
  assert.deepEqual(await membersOf(user({ argon2_hash: '$argon2id$v=19' }, { user: '$default$' })), [
    'error config.argon2_hash',
  ]);
  assert.deepEqual(await membersOf(user({}, { user: '$default$', idp_username: 'shared' })), ['error ']);
  assert.deepEqual(await membersOf(user({ HomeDirectory: '/b/{{HOME}}' })), ['error config']);
  assert.deepEqual(await membersOf(user({ PosixProfile: { Uid: -1, Gid: 1 } })), [
    'error config.PosixProfile',
  ]);
  assert.deepEqual(await membersOf({ user: 'jdoe' }), ['error ']);
  const provider = { provider: 'corp', module: 'argon2', config: { Role: ROLE } };
  assert.deepEqual(await membersOf({ ...provider, module: 'kerberos' }), ['error config']);
  assert.deepEqual(await membersOf({ ...provider, module: 'okta' }), ['error config']);
  assert.deepEqual(await membersOf({ ...provider, config: { Role: ROLE, PublicKeys: [KEY] } }), [
    'warning config.PublicKeys',
  ]);
});
