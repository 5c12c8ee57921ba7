import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Person } from '../providers/provider.ts';
import type { Surroundings } from '../surroundings.ts';
import { Trace } from '../trace.ts';
import { profilesOptions } from './options.ts';
import { createProfiles } from './profiles.ts';
import { loginOf, personOf, ROLE, textOf } from './testing/people.ts';

function surroundings(warnings: string[] = []): Surroundings {
  return { region: 'eu-west-1', folder: '/nowhere', now: () => 0, warn: (text) => warnings.push(text) };
}

async function find(options: unknown, person: Partial<Person> = {}, trace = new Trace()) {
  const profiles = await createProfiles(profilesOptions.parse(options), surroundings(), 'corp');
  return profiles.find(personOf(person), loginOf({ trace }));
}

const denied = (code: string) => ({ name: 'Denied', code });
const group = (name: string, id = name) => ({ id, name });
const groupRole = (name: string) => ({ match: { name }, set: { Role: `${ROLE}-${name}` } });

test('profiles - static members are what everybody gets', async () => {
  const { session } = await find({
    static: {
      Role: ROLE,
      HomeDirectoryType: 'LOGICAL',
      HomeDirectoryDetails: [{ Entry: '/', Target: '/demo-bucket/${transfer:UserName}' }],
    },
  });
  assert.deepEqual(session, {
    role: ROLE,
    home: { type: 'LOGICAL', details: [{ Entry: '/', Target: '/demo-bucket/${transfer:UserName}' }] },
  });
});

test('profiles - without a role nobody gets in', async () => {
  await assert.rejects(find({}), denied('NOT_MAPPED'));
  await assert.rejects(find({ static: { HomeDirectory: '/b' } }), denied('NOT_MAPPED'));
});

test('profiles - what the provider knows wins, variables included', async () => {
  const { session } = await find(
    { static: { Role: ROLE, HomeDirectory: '/b' } },
    {
      record: {
        enabled: true,
        isPasswordOfProtocol: false,
        publicKeys: [],
        session: { home: { type: 'PATH', directory: '/own/${user:local-name}' } },
      },
    },
  );
  assert.deepEqual(session, { role: ROLE, home: { type: 'PATH', directory: '/own/jdoe' } });
});

test('profiles - members for many hold no password and no key', () => {
  for (const name of ['Password', 'FTPPassword', 'PublicKeys', 'PublicKey', 'Totp'])
    assert.equal(profilesOptions.safeParse({ static: { [name]: 'x' } }).success, false, name);
});

test('profiles - unusable members for many are found before anybody comes, and odd ones told', async () => {
  const create = (members: object, warnings?: string[]) =>
    createProfiles(profilesOptions.parse({ static: members }), surroundings(warnings), 'corp');
  const wrong = { name: 'IdentityFault', code: 'CONFIGURATION_INVALID' };
  await assert.rejects(create({ FTPPosixProfile: 'no' }), wrong);
  await assert.rejects(create({ Role: `${ROLE}-\${user:nmae}` }), wrong);
  const warnings: string[] = [];
  await create({ Rolle: ROLE }, warnings);
  assert.deepEqual(warnings, ['profiles, static: Rolle: It is not known.']);
});

test('groups - the first rule that fits counts, in the order of the rules', async () => {
  const options = { groups: { rules: [groupRole('admins'), groupRole('staff')] } };
  const { session } = await find(options, { groups: [group('staff'), group('admins')] });
  assert.equal(session.role, `${ROLE}-admins`);
});

test('groups - somebody in none of them is refused, unless that is allowed', async () => {
  const groups = { rules: [groupRole('staff')] };
  await assert.rejects(find({ static: { Role: ROLE }, groups }), denied('NOT_MAPPED'));
  const { session } = await find({ static: { Role: ROLE }, groups: { ...groups, otherwise: 'allow' } });
  assert.equal(session.role, ROLE);
});

test('groups - an id is not a name and a name is not an id', async () => {
  const options = { groups: { rules: [{ match: { id: '00g1' }, set: { Role: ROLE } }] } };
  await assert.rejects(find(options, { groups: [group('00g1', 'x')] }), denied('NOT_MAPPED'));
  assert.equal((await find(options, { groups: [group('x', '00g1')] })).session.role, ROLE);
  await assert.rejects(find(options, { groups: [group('x', '00G1')] }), denied('NOT_MAPPED'));
});

test('groups - distinguished names compare without case and blanks', async () => {
  const options = {
    groups: { rules: [{ match: { id: 'CN=SFTP Users, OU=Groups,DC=corp' }, set: { Role: ROLE } }] },
  };
  const { session } = await find(options, { groups: [group('x', 'cn=sftp users,ou=groups,dc=corp')] });
  assert.equal(session.role, ROLE);
});

test('groups - a pattern is about the whole name', async () => {
  const options = {
    groups: {
      rules: [
        { match: { regex: 'sftp-[a-z]+|ftp' }, set: { Role: ROLE, HomeDirectory: '/b/${user:group}' } },
      ],
    },
  };
  const { session } = await find(options, { groups: [group('all'), group('sftp-sales')] });
  assert.deepEqual(session.home, { type: 'PATH', directory: '/b/sftp-sales' });
  for (const name of ['not-sftp-sales', 'sftp-sales2', 'ftp-x', 'SFTP-sales', `sftp-${'x'.repeat(300)}`])
    await assert.rejects(find(options, { groups: [group(name)] }), denied('NOT_MAPPED'), name);
});

test('groups - a pattern that takes for ever is a fault, and names without end match none', async () => {
  const options = { groups: { rules: [{ match: { regex: '(x+x+)+y' }, set: { Role: ROLE } }] } };
  const beganAtMs = performance.now();
  await assert.rejects(find(options, { groups: [group('x'.repeat(200))] }), {
    code: 'CONFIGURATION_INVALID',
  });
  await assert.rejects(find(options, { groups: [group('x'.repeat(257))] }), denied('NOT_MAPPED'));
  assert.ok(performance.now() - beganAtMs < 2000);
});

test('groups - an id of blanks without end is compared at once', async () => {
  const options = { groups: { rules: [{ match: { id: 'cn=a,dc=b' }, set: { Role: ROLE } }] } };
  const beganAtMs = performance.now();
  const groups = [group('x', `cn=a${' '.repeat(200_000)}x`), group('y', 'CN = a , DC = b ')];
  assert.equal((await find(options, { groups })).session.role, ROLE);
  assert.ok(performance.now() - beganAtMs < 1000);
});

test('groups - a union puts directories together and keeps the first of everything else', async () => {
  const details = (...entries: readonly [string, string][]) =>
    entries.map(([Entry, Target]) => ({ Entry, Target }));
  const rules = [
    { match: { name: 'hr' }, set: { HomeDirectoryDetails: details(['/hr', '/b/hr'], ['/all', '/b/all']) } },
    {
      match: { name: 'it' },
      set: { Role: `${ROLE}-it`, HomeDirectoryDetails: details(['/it', '/b/it'], ['/all', '/c']) },
    },
    { match: { name: 'none' }, set: { Role: ROLE } },
  ];
  const { session } = await find(
    { groups: { rules, merge: 'union' } },
    { groups: [group('it'), group('hr')] },
  );
  assert.deepEqual(session, {
    role: `${ROLE}-it`,
    home: { type: 'LOGICAL', details: details(['/hr', '/b/hr'], ['/all', '/b/all'], ['/it', '/b/it']) },
  });
});

test('groups - the conditions of all rules of a union hold', async () => {
  const rules = [
    { match: { name: 'a' }, set: { Role: ROLE, Protocols: ['SFTP', 'FTPS'] } },
    { match: { name: 'b' }, set: { Protocols: ['FTPS', 'FTP'] } },
  ];
  const { protocols } = await find(
    { groups: { rules, merge: 'union' } },
    { groups: [group('a'), group('b')] },
  );
  assert.deepEqual(protocols, ['FTPS']);
});

test('attributes - members are from the attributes that the table names', async () => {
  const attributes = {
    Role: 'extensionAttribute1',
    Uid: 'uidNumber',
    Gid: 'gidNumber',
    SecondaryGids: 'gids',
    HomeDirectory: 'home',
    PublicKeys: 'sshPublicKey',
  };
  const { session } = await find(
    { attributes },
    {
      attributes: new Map([
        ['ExtensionAttribute1', [ROLE]],
        ['uidNumber', ['2030']],
        ['gidNumber', ['2031']],
        ['gids', ['5', '6']],
        ['home', ['/fs-1/jdoe']],
      ]),
    },
  );
  assert.deepEqual(session, {
    role: ROLE,
    home: { type: 'PATH', directory: '/fs-1/jdoe' },
    posixProfile: { uid: 2030, gid: 2031, secondaryGids: [5, 6] },
  });
});

test('attributes - a missing one refuses, unless that is ignored', async () => {
  const options = { static: { Role: ROLE }, attributes: { Role: 'role', Uid: 'uid', Gid: 'gid' } };
  const person = { attributes: new Map([['uid', ['7']]]) };
  await assert.rejects(find(options, person), denied('NOT_MAPPED'));
  const ignored = { ...options, attributes: { ...options.attributes, ignoreMissing: true } };
  assert.deepEqual((await find(ignored, person)).session, { role: ROLE });
});

test('attributes - only numbers of POSIX are ids, and root only where it is allowed', async () => {
  const attempt = (uid: string, allowRoot = false) =>
    find(
      { static: { Role: ROLE }, attributes: { Uid: 'uid', Gid: 'gid', allowRoot } },
      {
        attributes: new Map([
          ['uid', [uid]],
          ['gid', ['1']],
        ]),
      },
    );
  for (const uid of ['-1', '1.0', '0x10', ' 7', '4294967295', '99999999999', 'jdoe', '٣', '0', '00'])
    await assert.rejects(attempt(uid), denied('RECORD_INVALID'), uid);
  assert.equal((await attempt('4294967294')).session.posixProfile?.uid, 4_294_967_294);
  assert.equal((await attempt('0', true)).session.posixProfile?.uid, 0);
});

test('attributes - Uid needs Gid', () => {
  assert.equal(profilesOptions.safeParse({ attributes: { Uid: 'uidNumber' } }).success, false);
});

test('explain - the trace says which source and rule said what, and where each member is from', async () => {
  const trace = new Trace();
  const options = {
    static: { Role: ROLE, HomeDirectory: '/b' },
    groups: { rules: [groupRole('admins'), groupRole('staff')] },
  };
  await find(options, { groups: [group('staff')] }, trace);
  assert.equal(
    textOf(trace),
    [
      'profile static: found',
      'profile groups: rule 1 (name admins): no such group',
      'profile groups: rule 2 (name staff): fits',
      'profile groups: found',
      'profile: Role: from groups',
      'profile: HomeDirectory: from static',
    ].join('\n'),
  );
});
