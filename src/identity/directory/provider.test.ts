import assert from 'node:assert/strict';
import test from 'node:test';
import { Denied } from '../decision.ts';
import { CANARY, Clock, loginOf, sidBytes, verify } from '../providers/ldap/testing/bench.ts';
import { ScriptedDirectory, type ScriptedEntry } from '../providers/ldap/testing/scripted-directory.ts';
import type { Person } from '../providers/provider.ts';
import { directoryOptions } from './options.ts';
import { createDirectoryProvider } from './provider.ts';

const BASE = 'DC=corp,DC=example';
const DOMAIN = 'S-1-5-21-1-2-3';
const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';

function user(name: string, tokenGroups: readonly number[]): ScriptedEntry {
  return {
    dn: `CN=${name},${BASE}`,
    attributes: {
      objectClass: ['user'],
      objectCategory: ['person'],
      sAMAccountName: [name],
      userPrincipalName: [`${name}-upn@corp.example`],
      userAccountControl: ['512'],
      objectSid: [sidBytes(`${DOMAIN}-1105`)],
      primaryGroupID: ['513'],
      tokenGroups: tokenGroups.map((rid) => sidBytes(`${DOMAIN}-${rid}`)),
    },
  };
}

function group(name: string, rid: number, member: readonly string[]): ScriptedEntry {
  return {
    dn: `CN=${name},${BASE}`,
    attributes: { cn: [name], objectCategory: ['group'], objectSid: [sidBytes(`${DOMAIN}-${rid}`)], member },
  };
}

const ENTRIES = [
  user('jdoe', [2001, 2003]),
  user('both', [2001, 2002]),
  user('none', []),
  group('sftp', 2001, [`CN=jdoe,${BASE}`, `CN=both,${BASE}`]),
  group('partners', 2002, [`CN=both,${BASE}`]),
  group('parents', 2003, [`CN=sftp,${BASE}`]),
];

const ACCESSES = [
  {
    ExternalId: `${DOMAIN}-2001`,
    Role: ROLE,
    HomeDirectory: '/bucket/${transfer:UserName}',
    PosixProfile: { Uid: 2030, Gid: 4050 },
  },
  {
    ExternalId: `${DOMAIN}-2002`,
    Role: ROLE,
    HomeDirectoryType: 'LOGICAL',
    HomeDirectoryMappings: [{ Entry: '/', Target: '/bucket/partners' }],
  },
];

async function logIn(userName: string, more: Record<string, unknown> = {}): Promise<Person> {
  await using directory = await ScriptedDirectory.start({
    entries: ENTRIES,
    onBind: (name, password) => ({ code: name === 'svc@corp.example' || password === CANARY ? 0 : 49 }),
  });
  const options = directoryOptions.parse({
    servers: [directory.url],
    allowPlaintext: true,
    domain: 'corp.example',
    service: { method: 'simple', dn: 'svc@corp.example', password: 'service-secret' },
    accesses: ACCESSES,
    ...more,
  });
  const provider = createDirectoryProvider(options, new Clock().surroundings());
  try {
    return await verify(provider, userName);
  } finally {
    await provider.close();
  }
}

const denied = (code: string, message: string) => (error: unknown) =>
  error instanceof Denied && error.code === code && error.message.endsWith(message);
const NONE = "No associated access found for user's groups.";
const SEVERAL = "More than one associated access found for user's groups.";

test('directory - a member of one granted group gets its access', async () => {
  for (const name of ['jdoe', 'jdoe@corp.example', 'JDOE@CORP.EXAMPLE']) {
    const { record, groups } = await logIn(name);
    assert.deepEqual(record?.session, {
      role: ROLE,
      home: { type: 'PATH', directory: '/bucket/${transfer:UserName}' },
      posixProfile: { uid: 2030, gid: 4050, secondaryGids: [] },
    });
    assert.deepEqual(groups, [{ id: `${DOMAIN}-2001`, name: 'sftp' }]);
  }
});

test('directory - a member of two granted groups is refused in the words of the API', async () => {
  await assert.rejects(logIn('both'), denied('NOT_MAPPED', SEVERAL));
});

test('directory - a member of no granted group, and a user of another realm, are refused in the words of the API', async () => {
  await assert.rejects(logIn('none'), denied('NOT_ASSIGNED', NONE));
  await assert.rejects(logIn('jdoe@evil.example'), denied('NOT_ASSIGNED', NONE));
});

test('directory - a userPrincipalName that is another than the account name finds nobody', async () => {
  await assert.rejects(logIn('jdoe-upn@corp.example'), { code: 'USER_UNKNOWN' });
});

test('directory - groups in groups count only where they are wanted', async () => {
  const accesses = [{ ExternalId: `${DOMAIN}-2003`, Role: ROLE }];
  await assert.rejects(logIn('jdoe', { accesses }), denied('NOT_ASSIGNED', NONE));
  const { record } = await logIn('jdoe', { accesses, nestedGroups: true });
  assert.deepEqual(record?.session, { role: ROLE });
});

test('directory - users have no keys', async () => {
  await using directory = await ScriptedDirectory.start({});
  const options = directoryOptions.parse({
    servers: [directory.url],
    allowPlaintext: true,
    domain: 'corp.example',
    service: { method: 'none' },
    accesses: ACCESSES,
  });
  const provider = createDirectoryProvider(options, new Clock().surroundings());
  await assert.rejects(provider.lookUp(loginOf('jdoe')), { code: 'KEYS_NOT_ACCEPTED' });
  assert.equal(directory.connectionCount, 0);
  await provider.close();
});

test('directory options - a group twice, a hundred and one groups, and a name that is no SID are mistakes', () => {
  const parse = (accesses: readonly unknown[]) =>
    directoryOptions.safeParse({
      servers: ['ldaps://dc1.corp.example'],
      domain: 'corp.example',
      service: { method: 'none' },
      accesses,
    }).success;
  const many = Array.from({ length: 101 }, (_, index) => ({ ExternalId: `${DOMAIN}-${index}`, Role: ROLE }));
  assert.equal(parse(many.slice(1)), true);
  assert.equal(parse(many), false);
  assert.equal(parse([many[0], many[0]]), false);
  assert.equal(parse([{ ExternalId: 'sftp', Role: ROLE }]), false);
});
