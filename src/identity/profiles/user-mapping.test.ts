import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Denied } from '../decision.ts';
import type { Person, PersonProvider } from '../providers/provider.ts';
import { Secret } from '../secret.ts';
import type { Surroundings } from '../surroundings.ts';
import { Trace } from '../trace.ts';
import { profilesOptions } from './options.ts';
import { createProfiles } from './profiles.ts';
import { type DynamoDbBench, type Item, REGION, startDynamoDb } from './testing/dynamodb-bench.ts';
import { loginOf, personOf, ROLE, textOf } from './testing/people.ts';

const CANARY = 'canary-Tr0ub4dor';
const TABLE = 'UserMapping';
const surroundings: Surroundings = { region: REGION, folder: '/', now: Date.now, warn: () => {} };

/** Stands for Okta of origin text 000: both users have the same password there. */
const okta: Pick<PersonProvider, 'password'> = {
  async password({ userName }, password) {
    if (password.reveal() !== CANARY) throw new Denied('BAD_CREDENTIALS');
    return { outcome: 'verified', person: personOf({ userName: `${userName}@example.com` }) };
  },
};

function mappingOf(userName: string, id: string): Item {
  const mapping = { M: { Entry: { S: '/' }, Target: { S: `/fs-0123456789abcdef0/${userName}` } } };
  return {
    UserName: { S: userName },
    Role: { S: ROLE },
    HomeDirectoryDetails: { L: [mapping] },
    PosixProfile: { M: { Uid: { N: id }, Gid: { N: id } } },
  };
}

async function userMapping(t: TestContext): Promise<DynamoDbBench> {
  const bench = await startDynamoDb(t);
  await bench.createTable(TABLE, 'UserName');
  await bench.put(TABLE, mappingOf('jdoe', '2030'));
  await bench.put(TABLE, mappingOf('msmith', '4050'));
  return bench;
}

async function profilesOf(t: TestContext, bench: DynamoDbBench, options: object = {}) {
  const dynamodb = { table: TABLE, ...bench.place, ...options };
  const profiles = await createProfiles(profilesOptions.parse({ dynamodb }), surroundings, 'okta');
  t.after(() => profiles.close());
  return profiles;
}

test('origin 000 - jdoe and msmith log in at Okta and get their mapping', async (t) => {
  const profiles = await profilesOf(t, await userMapping(t));
  for (const [userName, id] of [
    ['jdoe', 2030],
    ['msmith', 4050],
  ] as const) {
    const login = loginOf({ userName });
    const step = await okta.password(login, new Secret(CANARY));
    assert.equal(step.outcome, 'verified');
    if (step.outcome !== 'verified') return;
    const { session } = await profiles.find(step.person, login);
    assert.deepEqual(session, {
      role: ROLE,
      home: { type: 'LOGICAL', details: [{ Entry: '/', Target: `/fs-0123456789abcdef0/${userName}` }] },
      posixProfile: { uid: id, gid: id, secondaryGids: [] },
    });
    assert.ok(!textOf(login.trace).includes(CANARY));
  }
});

test('origin 000 - who is known to Okta and has no mapping is refused', async (t) => {
  const profiles = await profilesOf(t, await userMapping(t));
  for (const userName of ['intruder', 'JDOE', 'jdoe@example.com'])
    await assert.rejects(profiles.find(personOf(), loginOf({ userName })), { code: 'NOT_MAPPED' }, userName);
});

test('dynamodb - somebody without an item gets in where the table is optional', async (t) => {
  const bench = await userMapping(t);
  const dynamodb = { table: TABLE, ...bench.place, optional: true };
  const options = profilesOptions.parse({ static: { Role: ROLE }, dynamodb });
  const profiles = await createProfiles(options, surroundings, 'okta');
  t.after(() => profiles.close());
  const { session } = await profiles.find(personOf(), loginOf({ userName: 'intruder' }));
  assert.deepEqual(session, { role: ROLE });
});

test('dynamodb - items are found by whatever name is asked for', async (t) => {
  const bench = await userMapping(t);
  await bench.put(TABLE, mappingOf('00u1jdoe', '7'));
  const person: Person = personOf({ userName: 'msmith@example.com' });
  const uidBy = async (lookUpBy: string) => {
    const profiles = await profilesOf(t, bench, { lookUpBy });
    return (await profiles.find(person, loginOf())).session.posixProfile?.uid;
  };
  assert.equal(await uidBy('login-name'), 2030);
  assert.equal(await uidBy('local-name'), 4050);
  assert.equal(await uidBy('subject'), 7);
  await assert.rejects(uidBy('provider-name'), { code: 'NOT_MAPPED' });
});

test('dynamodb - sets, numbers as texts and binary values are read', async (t) => {
  const bench = await userMapping(t);
  await bench.put(TABLE, {
    ...mappingOf('jdoe', '2030'),
    PosixProfile: { M: { Uid: { S: '2030' }, Gid: { N: '2030' }, SecondaryGids: { NS: ['10', '20'] } } },
    Protocols: { SS: ['SFTP', 'FTPS'] },
    Photo: { B: Buffer.from('x') },
    Big: { N: '123456789012345678901234567890' },
  });
  const record = await (await profilesOf(t, bench)).find(personOf(), loginOf());
  assert.deepEqual(record.session.posixProfile, { uid: 2030, gid: 2030, secondaryGids: [10, 20] });
  assert.deepEqual(record.protocols?.toSorted(), ['FTPS', 'SFTP']);
});

test('dynamodb - an id that is no integer refuses this user only', async (t) => {
  const bench = await userMapping(t);
  await bench.put(TABLE, mappingOf('jdoe', '2030.5'));
  const profiles = await profilesOf(t, bench);
  await assert.rejects(profiles.find(personOf(), loginOf()), { code: 'RECORD_INVALID' });
  await profiles.find(personOf(), loginOf({ userName: 'msmith' }));
});

test('dynamodb - a change of an item counts from the next login on', async (t) => {
  const bench = await userMapping(t);
  const profiles = await profilesOf(t, bench);
  await profiles.find(personOf(), loginOf());
  await bench.put(TABLE, { ...mappingOf('jdoe', '2030'), Enabled: { BOOL: false } });
  assert.equal((await profiles.find(personOf(), loginOf())).enabled, false);
});

test('dynamodb - a table that is not there is a fault, and nobody was denied', async (t) => {
  const profiles = await profilesOf(t, await userMapping(t), { table: 'Elsewhere' });
  await assert.rejects(profiles.find(personOf(), loginOf()), {
    name: 'IdentityFault',
    code: 'CONFIGURATION_INVALID',
  });
});

test('dynamodb - a login that was given up waits no more', async (t) => {
  const profiles = await profilesOf(t, await userMapping(t));
  const login = loginOf({ signal: AbortSignal.abort(), trace: new Trace() });
  await assert.rejects(profiles.find(personOf(), login), {
    name: 'IdentityFault',
    code: 'UPSTREAM_TIMED_OUT',
  });
});

test('dynamodb - an endpoint that nobody listens at is a fault', async (t) => {
  const profiles = await profilesOf(t, await userMapping(t), { endpoint: 'http://127.0.0.1:1' });
  await assert.rejects(profiles.find(personOf(), loginOf()), {
    name: 'IdentityFault',
    code: 'UPSTREAM_UNREACHABLE',
  });
});
