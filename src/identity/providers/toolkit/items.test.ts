import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Denied } from '../../decision.ts';
import { loginOf, ROLE, SERVER_ID, textOf } from '../../profiles/testing/people.ts';
import {
  CANARY,
  KEY,
  ldapItem,
  logIn,
  OTHER_KEY,
  password,
  toolkitBench,
  userItem,
} from './testing/toolkit-bench.ts';

const denied = (code: string) => ({ name: 'Denied', code });
const fault = (code: string) => ({ name: 'IdentityFault', code });

const mapping = (entry: string, target: string, regions?: readonly string[]) => ({
  M: {
    Entry: { S: entry },
    Target: { S: target },
    ...(regions === undefined ? {} : { regions: { SS: [...regions] } }),
  },
});

test('toolkit example items - the user of a directory logs in with everything that both items say', async (t) => {
  const bench = await toolkitBench(t);
  await bench.user({
    user: { S: 'jdoe' },
    identity_provider_key: { S: 'corp-ad' },
    ipv4_allow_list: { SS: ['203.0.113.0/24'] },
    server_id_allow_list: { SS: [SERVER_ID] },
    idp_username: { S: 'john.doe' },
    config: {
      M: {
        Role: { S: ROLE },
        Policy: { S: '{"Version":"2012-10-17","Statement":[]}' },
        HomeDirectoryType: { S: 'LOGICAL' },
        HomeDirectory: { S: '/' },
        HomeDirectoryDetails: { L: [mapping('/in', '/bucket/{{USERNAME}}/in', ['eu-west-1'])] },
        PosixProfile: { M: { Uid: { N: '2030' }, Gid: { N: '2030' } } },
        PublicKeys: {
          L: [{ S: KEY }, { M: { PublicKey: { S: OTHER_KEY }, Expires: { S: '2030-01-01T00:00:00Z' } } }],
        },
      },
    },
  });
  await bench.identityProvider({
    provider: { S: 'corp-ad' },
    module: { S: 'ldap' },
    public_key_support: { BOOL: true },
    disabled: { BOOL: false },
    config: {
      M: {
        server: { S: 'dc1.corp.test' },
        search_base: { S: 'DC=corp,DC=test' },
        Role: { S: `${ROLE}-provider` },
        HomeDirectoryDetails: { L: [mapping('/', '/elsewhere')] },
      },
    },
  });
  const session = {
    role: ROLE,
    policy: '{"Version":"2012-10-17","Statement":[]}',
    home: { type: 'LOGICAL', details: [{ Entry: '/in', Target: '/bucket/jdoe/in' }] },
    posixProfile: { uid: 2030, gid: 2030, secondaryGids: [] },
  };
  const person = await logIn(bench, loginOf({ userName: 'JDoe@@corp-ad' }));
  assert.deepEqual(person.record?.session, session);
  assert.deepEqual(person.record?.publicKeys, [], 'a password login has no use for keys');
  const owner = await bench.provider.lookUp(loginOf());
  assert.deepEqual(owner?.record?.session, session);
  assert.equal(owner?.record?.publicKeys.length, 2);
  assert.deepEqual(bench.asked, ['john.doe', 'john.doe']);
});

test('toolkit example items - the user with a hash logs in with the password and no other', async (t) => {
  const bench = await toolkitBench(t);
  const { PasswordVerifier } = await import('../../passwords/password-verifier.ts');
  const hash = await new PasswordVerifier().hash(password(), new AbortController().signal);
  await bench.user(userItem({ argon2_hash: { S: hash.reveal() } }));
  await bench.identityProvider({ provider: { S: 'corp' }, module: { S: 'argon2' } });
  const login = loginOf();
  const person = await logIn(bench, login);
  assert.deepEqual([person.subject, person.proofs], ['jdoe', ['password']]);
  await assert.rejects(logIn(bench, login, `${CANARY}x`), denied('BAD_CREDENTIALS'));
  assert.ok(!textOf(login.trace).includes(CANARY));
});

test('toolkit - a plain text is no argon2_hash', async (t) => {
  const bench = await toolkitBench(t);
  await bench.user(userItem({ argon2_hash: { S: CANARY } }));
  await bench.identityProvider({ provider: { S: 'corp' }, module: { S: 'argon2' } });
  await assert.rejects(logIn(bench, loginOf()), denied('RECORD_INVALID'));
  await bench.user(userItem());
  await assert.rejects(logIn(bench, loginOf()), denied('PASSWORD_NOT_ACCEPTED'));
});

test('toolkit - a user with keys only does not log in with a password', async (t) => {
  const bench = await toolkitBench(t);
  await bench.user(userItem({ PublicKeys: { L: [{ S: KEY }] } }));
  await bench.identityProvider({ provider: { S: 'corp' }, module: { S: 'public_key' } });
  await assert.rejects(logIn(bench, loginOf()), denied('PASSWORD_NOT_ACCEPTED'));
  assert.deepEqual(bench.made, []);
});

test('toolkit - module over user over provider', async (t) => {
  const attributes = new Map([
    ['extensionAttribute1', [`${ROLE}-module`]],
    ['uidNumber', ['7']],
    ['gidNumber', ['8']],
  ]);
  const bench = await toolkitBench(t, { person: { attributes } });
  const names = {
    Role: { S: 'extensionAttribute1' },
    Uid: { S: 'uidNumber' },
    Gid: { S: 'gidNumber' },
    Policy: { S: 'policy' },
  };
  const item = (ignore: boolean) =>
    ldapItem({ attributes: { M: names }, ignore_missing_attributes: { BOOL: ignore } });
  await bench.user(userItem({ HomeDirectory: { S: '/b/jdoe' } }));
  await bench.identityProvider(item(true));
  assert.deepEqual((await logIn(bench, loginOf())).record?.session, {
    role: `${ROLE}-module`,
    home: { type: 'PATH', directory: '/b/jdoe' },
    posixProfile: { uid: 7, gid: 8, secondaryGids: [] },
  });
  await bench.identityProvider(item(false));
  await assert.rejects(logIn(bench, loginOf()), denied('NOT_MAPPED'));
});

test('toolkit - of a secret keys count, and a role in it does not', async (t) => {
  const record = {
    enabled: true,
    isPasswordOfProtocol: false,
    publicKeys: [{ line: KEY }],
    session: { role: `${ROLE}-secret` },
  };
  const bench = await toolkitBench(t, { person: { record } });
  await bench.user(userItem());
  await bench.identityProvider({ provider: { S: 'corp' }, module: { S: 'secrets_manager' } });
  const person = await bench.provider.lookUp(loginOf());
  assert.deepEqual([person?.record?.session.role, person?.record?.publicKeys], [ROLE, [{ line: KEY }]]);
});

test('toolkit - keys are looked for in the second secret where the first has none', async (t) => {
  const record = { enabled: true, isPasswordOfProtocol: false, publicKeys: [], session: {} };
  const bench = await toolkitBench(t, { person: { record } });
  await bench.user(userItem());
  await bench.identityProvider({ provider: { S: 'corp' }, module: { S: 'secrets_manager' } });
  await bench.provider.lookUp(loginOf());
  const names = bench.made.map((each) =>
    each.provider === 'secrets-manager' ? each.options.secretNames : [],
  );
  assert.deepEqual(names, [['SFTP/{userName}'], ['SFTP/{userName}/keys']]);
});

test('toolkit - what the items refuse is refused before anybody is asked', async (t) => {
  const bench = await toolkitBench(t);
  const cases = [
    [userItem({}, { disabled: { BOOL: true } }), ldapItem(), 'ACCOUNT_DISABLED'],
    [userItem({}, { server_id_allow_list: { SS: ['s-00000000000000000'] } }), ldapItem(), 'SERVER_REFUSED'],
    [userItem({}, { protocols: { SS: ['FTPS'] } }), ldapItem(), 'PROTOCOL_REFUSED'],
    [userItem({}, { not_after: { S: '2026-11-20' } }), ldapItem(), 'ACCOUNT_EXPIRED'],
    [userItem({}, { not_before: { S: '2026-11-22' } }), ldapItem(), 'ACCOUNT_EXPIRED'],
    [userItem(), ldapItem({}, { disabled: { BOOL: true } }), 'PROVIDER_DISABLED'],
    [userItem(), ldapItem({}, { disabled: { S: 'false' } }), 'PROVIDER_DISABLED'],
    [userItem(), ldapItem({}, { ipv4_allow_list: { SS: ['192.0.2.0/24'] } }), 'SOURCE_REFUSED'],
    [userItem(), ldapItem({}, { server_id_allow_list: { SS: ['s-00000000000000000'] } }), 'SERVER_REFUSED'],
  ] as const;
  for (const [user, provider, code] of cases) {
    await bench.user(user);
    await bench.identityProvider(provider);
    await assert.rejects(logIn(bench, loginOf()), denied(code));
    await assert.rejects(async () => bench.provider.lookUp(loginOf()), denied(code));
  }
  assert.deepEqual(bench.asked, []);
});

test('toolkit - empty lists are no lists', async (t) => {
  const bench = await toolkitBench(t);
  await bench.user(
    userItem(
      {},
      { ipv4_allow_list: { L: [] }, server_id_allow_list: { S: '' }, ip_allow_list: { NULL: true } },
    ),
  );
  await bench.identityProvider(ldapItem());
  await logIn(bench, loginOf());
});

test('toolkit - directories of other regions are left out', async (t) => {
  const bench = await toolkitBench(t);
  const details = [
    mapping('/in', '/eu/in', ['eu-west-1', 'eu-north-1']),
    mapping('/in', '/us/in', ['us-east-1']),
    mapping('/out', '/b/out'),
  ];
  await bench.user(userItem({ HomeDirectoryDetails: { L: details } }));
  await bench.identityProvider(ldapItem());
  assert.deepEqual((await logIn(bench, loginOf())).record?.session.home, {
    type: 'LOGICAL',
    details: [
      { Entry: '/in', Target: '/eu/in' },
      { Entry: '/out', Target: '/b/out' },
    ],
  });
});

test('toolkit - an item that makes no sense refuses its users, or is a fault where it is for all', async (t) => {
  const bench = await toolkitBench(t);
  await bench.user(userItem());
  await assert.rejects(logIn(bench, loginOf()), fault('CONFIGURATION_INVALID'), 'no item of the provider');
  for (const provider of [
    ldapItem({}, { module: { S: 'kerberos' } }),
    ldapItem({}, { module: { S: '../secrets' } }),
    ldapItem({ search_base: { N: '5' } }),
    ldapItem({ PosixProfile: { S: 'root' } }),
  ]) {
    await bench.identityProvider(provider);
    await assert.rejects(logIn(bench, loginOf()), fault('CONFIGURATION_INVALID'));
  }
  await bench.identityProvider(ldapItem());
  await bench.user(userItem({}, { config: { S: 'no' } }));
  await assert.rejects(logIn(bench, loginOf()), denied('RECORD_INVALID'));
  await assert.rejects(logIn(bench, loginOf({ userName: 'nobody' })), denied('USER_UNKNOWN'));
});

test('toolkit - what the identity provider refuses is refused, and asked once', async (t) => {
  const bench = await toolkitBench(t, {
    password: async () => {
      throw new Denied('ACCOUNT_LOCKED');
    },
  });
  await bench.user(userItem());
  await bench.identityProvider(ldapItem());
  await assert.rejects(logIn(bench, loginOf()), denied('ACCOUNT_LOCKED'));
  assert.equal(bench.asked.length, 1);
});

test('toolkit - an identity provider that wants to ask back cannot', async (t) => {
  const bench = await toolkitBench(t, {
    password: async () => ({ outcome: 'asks', question: { prompts: [] }, saved: null }),
  });
  await bench.user(userItem());
  await bench.identityProvider(ldapItem());
  await assert.rejects(logIn(bench, loginOf()), denied('MFA_UNSUPPORTED'));
});

test('toolkit - a key login asks about the account unless only marked providers are asked', async (t) => {
  const asked = async (options: object, marked: boolean) => {
    const bench = await toolkitBench(t, { options });
    await bench.user(userItem({ PublicKeys: { L: [{ S: KEY }] } }));
    await bench.identityProvider(ldapItem({}, { public_key_support: { BOOL: marked } }));
    await bench.provider.lookUp(loginOf());
    return bench.asked.length;
  };
  assert.equal(await asked({}, false), 1);
  assert.equal(await asked({ keyLogins: 'as-marked' }, false), 0);
  assert.equal(await asked({ keyLogins: 'as-marked' }, true), 1);
});

test('toolkit - where the identity provider cannot look people up, the items alone speak', async (t) => {
  const bench = await toolkitBench(t, { canLookUp: false });
  await bench.user(userItem({ PublicKeys: { L: [{ S: KEY }] } }));
  await bench.identityProvider(ldapItem());
  const person = await bench.provider.lookUp(loginOf());
  assert.deepEqual([person?.subject, person?.record?.publicKeys.length], ['jdoe', 1]);
});

test('toolkit - tables that are there pass the check, others do not', async (t) => {
  const bench = await toolkitBench(t);
  await bench.provider.check?.(new AbortController().signal);
  const other = await toolkitBench(t, { options: { providersTable: 'elsewhere' } });
  await assert.rejects(
    async () => other.provider.check?.(new AbortController().signal),
    fault('CONFIGURATION_INVALID'),
  );
});

test('toolkit - a name of its own at the identity provider is of one user, never of everybody', async (t) => {
  const bench = await toolkitBench(t);
  await bench.identityProvider(ldapItem());
  await bench.user(userItem({}, { user: { S: '$default$' }, idp_username: { S: 'shared' } }));
  const login = loginOf({ userName: 'anybody' });
  await assert.rejects(logIn(bench, login), denied('RECORD_INVALID'));
  await assert.rejects(bench.provider.lookUp(login), denied('RECORD_INVALID'));
  assert.deepEqual(bench.asked, []);
});

test('toolkit - the identity provider is told that nobody can be asked', async (t) => {
  const seen: boolean[] = [];
  const bench = await toolkitBench(t, {
    password: async ({ canPrompt }) => {
      seen.push(canPrompt);
      throw new Denied('MFA_UNSUPPORTED');
    },
  });
  await bench.user(userItem());
  await bench.identityProvider(ldapItem());
  await assert.rejects(logIn(bench, loginOf({ canPrompt: true })), denied('MFA_UNSUPPORTED'));
  assert.deepEqual(seen, [false]);
});
