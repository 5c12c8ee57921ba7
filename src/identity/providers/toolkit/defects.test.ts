/** One test for each defect of the original that must not come over. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { loginOf, ROLE, textOf } from '../../profiles/testing/people.ts';
import {
  CANARY,
  KEY,
  ldapItem,
  logIn,
  NOW_MS,
  OTHER_KEY,
  password,
  toolkitBench,
  userItem,
} from './testing/toolkit-bench.ts';

const denied = (code: string) => ({ name: 'Denied', code });
const DEFAULT = { user: { S: '$default$' } };

test('toolkit defect 1 - a login that names a provider never falls to the item of everybody', async (t) => {
  const bench = await toolkitBench(t);
  await bench.identityProvider(ldapItem());
  await bench.user(userItem({}, DEFAULT));
  await assert.rejects(logIn(bench, loginOf({ userName: 'msmith@@corp' })), denied('USER_UNKNOWN'));
  await assert.rejects(logIn(bench, loginOf({ userName: 'msmith@@other' })), denied('USER_UNKNOWN'));
  assert.deepEqual(bench.asked, []);
  assert.equal((await logIn(bench, loginOf({ userName: 'msmith' }))).record?.session.role, ROLE);
});

test('toolkit defect 1 - where it is wanted, the item of everybody of the same provider counts', async (t) => {
  const bench = await toolkitBench(t, { options: { defaultUsers: 'same-provider' } });
  await bench.identityProvider(ldapItem());
  await bench.user(userItem({}, DEFAULT));
  await logIn(bench, loginOf({ userName: 'msmith@@corp' }));
  await assert.rejects(logIn(bench, loginOf({ userName: 'msmith@@other' })), denied('USER_UNKNOWN'));
});

test('toolkit defect 2 - a Policy of the provider is a policy and no role', async (t) => {
  const bench = await toolkitBench(t);
  const policy = '{"Version":"2012-10-17","Statement":[]}';
  await bench.identityProvider(ldapItem({ Role: { S: `${ROLE}-provider` }, Policy: { S: policy } }));
  await bench.user(userItem());
  const { record } = await logIn(bench, loginOf());
  assert.deepEqual(record?.session, { role: ROLE, policy });
});

test('toolkit defect 3 - a PosixProfile of the provider is inherited', async (t) => {
  const bench = await toolkitBench(t);
  await bench.identityProvider(ldapItem({ PosixProfile: { M: { Uid: { N: '2030' }, Gid: { N: '2030' } } } }));
  await bench.user(userItem());
  const { record } = await logIn(bench, loginOf());
  assert.deepEqual(record?.session.posixProfile, { uid: 2030, gid: 2030, secondaryGids: [] });
});

test('toolkit defect 4 - placeholders are filled in text by text, and unknown ones refuse', async (t) => {
  const bench = await toolkitBench(t, { options: { accountId: '111122223333' } });
  await bench.identityProvider(ldapItem());
  const policy = (resource: string) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Resource: resource }] });
  await bench.user(
    userItem({
      Role: { S: 'arn:aws:iam::{{AWS_ACCOUNT}}:role/sftp-{{USERNAME}}' },
      HomeDirectory: { S: '/b-{{AWS_REGION}}/{{USERNAME}}' },
      Policy: { S: policy('arn:aws:s3:::b/{{USERNAME}}/*') },
    }),
  );
  assert.deepEqual((await logIn(bench, loginOf())).record?.session, {
    role: 'arn:aws:iam::111122223333:role/sftp-jdoe',
    home: { type: 'PATH', directory: '/b-eu-west-1/jdoe' },
    policy: policy('arn:aws:s3:::b/jdoe/*'),
  });
  for (const place of ['{{PASSWORD}}', '{{constructor}}']) {
    await bench.user(userItem({ HomeDirectory: { S: `/b/${place}` } }));
    await assert.rejects(logIn(bench, loginOf()), denied('RECORD_INVALID'));
  }
});

test('toolkit defect 5 - a provider is made anew after five minutes and also a day later', async (t) => {
  let nowMs = NOW_MS;
  const bench = await toolkitBench(t, { now: () => nowMs });
  await bench.identityProvider(ldapItem());
  await bench.user(userItem());
  for (const minutes of [0, 4, 1, 24 * 60]) {
    nowMs += minutes * 60_000;
    await logIn(bench, loginOf());
  }
  assert.deepEqual([bench.made.length, bench.closed], [3, 2]);
});

test('toolkit defect 6 - networks are of both families, in either list', async (t) => {
  const bench = await toolkitBench(t);
  await bench.identityProvider(ldapItem({}, { ip_allow_list: { SS: ['203.0.113.0/24', '2001:db8::/32'] } }));
  await bench.user(
    userItem({}, { ipv4_allow_list: { SS: ['203.0.113.0/25'] }, ip_allow_list: { SS: ['2001:db8:1::/48'] } }),
  );
  for (const sourceIp of ['203.0.113.9', '2001:db8:1::1']) await logIn(bench, loginOf({ sourceIp }));
  for (const sourceIp of ['203.0.113.200', '2001:db8:2::1', '::1', ''])
    await assert.rejects(logIn(bench, loginOf({ sourceIp })), denied('SOURCE_REFUSED'), sourceIp);
  assert.equal(bench.asked.length, 2);
});

test('toolkit defect 6 - a list that cannot be read lets nobody in', async (t) => {
  const bench = await toolkitBench(t);
  await bench.identityProvider(ldapItem());
  await bench.user(userItem({}, { ipv4_allow_list: { SS: ['203.0.113.0/24', 'anywhere'] } }));
  await assert.rejects(logIn(bench, loginOf()), denied('RECORD_INVALID'));
});

test('toolkit defect 7 - neither traces nor errors hold passwords, hashes or keys', async (t) => {
  const bench = await toolkitBench(t);
  const hash = '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA';
  await bench.identityProvider({ provider: { S: 'corp' }, module: { S: 'argon2' } });
  await bench.user(userItem({ argon2_hash: { S: hash }, PublicKeys: { L: [{ S: KEY }] } }));
  const login = loginOf();
  const error = await bench.provider.password(login, password()).catch((thrown: unknown) => thrown);
  await bench.provider.lookUp(login);
  const written = `${inspect(error)} ${textOf(login.trace)}`;
  for (const secret of [CANARY, hash, KEY, 'aGFzaGhhc2hoYXNo']) assert.ok(!written.includes(secret), secret);
});

test('toolkit defect 8 - who has no item waits for a hash as who has a wrong password', async (t) => {
  const bench = await toolkitBench(t);
  const { hash } = await hashOf('right');
  await bench.identityProvider({ provider: { S: 'corp' }, module: { S: 'argon2' } });
  await bench.user(userItem({ argon2_hash: { S: hash } }));
  const timeOf = async (userName: string) => {
    const startMs = performance.now();
    await assert.rejects(bench.provider.password(loginOf({ userName }), password('wrong')), {
      name: 'Denied',
    });
    return performance.now() - startMs;
  };
  await timeOf('jdoe');
  const wrongMs = await timeOf('jdoe');
  const unknownMs = await timeOf('nobody');
  assert.ok(unknownMs > wrongMs / 4, `${unknownMs} ms for nobody, ${wrongMs} ms for a wrong password`);
});

test('toolkit defect 9 - a login that was given up waits for nothing', async (t) => {
  const bench = await toolkitBench(t);
  await bench.identityProvider(ldapItem());
  await bench.user(userItem());
  const login = loginOf({ signal: AbortSignal.abort() });
  await assert.rejects(logIn(bench, login), { name: 'IdentityFault', code: 'UPSTREAM_TIMED_OUT' });
});

test('toolkit defect 9 - a login that was given up does not wait for a provider that is being made', async (t) => {
  const making = Promise.withResolvers<void>();
  const bench = await toolkitBench(t, { making: making.promise });
  await bench.identityProvider(ldapItem());
  await bench.user(userItem());
  setTimeout(() => making.resolve(), 2000).unref();
  const work = logIn(bench, loginOf({ signal: AbortSignal.timeout(200) }));
  await assert.rejects(work, { name: 'IdentityFault', code: 'UPSTREAM_TIMED_OUT' });
  making.resolve();
});

test('toolkit defect 10 - an expired key is left out, and one whose end cannot be read', async (t) => {
  const bench = await toolkitBench(t);
  await bench.identityProvider(ldapItem());
  const key = (line: string, expires: string) => ({ M: { PublicKey: { S: line }, Expires: { S: expires } } });
  await bench.user(
    userItem({
      PublicKeys: {
        L: [key(KEY, '2026-11-20T23:59:59Z'), key(OTHER_KEY, 'soon'), key(OTHER_KEY, '2030-01-01T00:00:00Z')],
      },
    }),
  );
  const person = await bench.provider.lookUp(loginOf());
  assert.deepEqual(person?.record?.publicKeys, [
    { line: OTHER_KEY, expiresAtMs: Date.parse('2030-01-01T00:00:00Z') },
  ]);
});

test('toolkit defect 11 - keys of the item are good whatever the module is and whatever it is marked with', async (t) => {
  const bench = await toolkitBench(t);
  await bench.user(userItem({ PublicKeys: { SS: [KEY] } }));
  for (const module of ['argon2', 'public_key', 'ldap'])
    for (const marked of [true, false]) {
      const mark = { module: { S: module }, public_key_support: { BOOL: marked } };
      await bench.identityProvider(ldapItem({}, mark));
      const person = await bench.provider.lookUp(loginOf());
      assert.deepEqual(person?.record?.publicKeys, [{ line: KEY }], `${module} ${marked}`);
    }
});

test('toolkit defect 12 - a home is of one item as a whole', async (t) => {
  const bench = await toolkitBench(t);
  const details = { L: [{ M: { Entry: { S: '/' }, Target: { S: '/b' } } }] };
  await bench.identityProvider(
    ldapItem({ HomeDirectoryDetails: details, HomeDirectoryType: { S: 'LOGICAL' } }),
  );
  await bench.user(userItem({ HomeDirectory: { S: '/own/jdoe' } }));
  const { record } = await logIn(bench, loginOf());
  assert.deepEqual(record?.session.home, { type: 'PATH', directory: '/own/jdoe' });
  await bench.user(userItem({ HomeDirectoryType: { S: 'LOGICAL' } }));
  const inherited = await logIn(bench, loginOf());
  assert.deepEqual(inherited.record?.session.home, {
    type: 'LOGICAL',
    details: [{ Entry: '/', Target: '/b' }],
  });
});

test('toolkit defect 13 - several items for a name need a priority', async (t) => {
  const bench = await toolkitBench(t);
  await bench.identityProvider(ldapItem());
  await bench.identityProvider(ldapItem({}, { provider: { S: 'other' } }));
  const other = { identity_provider_key: { S: 'other' } };
  await bench.user(userItem());
  await bench.user(userItem({}, other));
  await assert.rejects(logIn(bench, loginOf()), denied('USER_AMBIGUOUS'));
  await logIn(bench, loginOf({ userName: 'jdoe@@corp' }));
  await bench.user(userItem({ Role: { S: `${ROLE}-other` } }, { ...other, priority: { N: '1' } }));
  assert.equal((await logIn(bench, loginOf())).record?.session.role, `${ROLE}-other`);
  await bench.user(userItem({}, { priority: { N: '1' } }));
  await assert.rejects(logIn(bench, loginOf()), denied('USER_AMBIGUOUS'));
});

async function hashOf(text: string): Promise<{ hash: string }> {
  const { PasswordVerifier } = await import('../../passwords/password-verifier.ts');
  const hash = await new PasswordVerifier().hash(password(text), new AbortController().signal);
  return { hash: hash.reveal() };
}
