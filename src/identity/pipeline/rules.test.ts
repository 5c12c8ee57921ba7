import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserRecord } from '../records/record.ts';
import { providerRulesOptions, rulesOptions } from './options.ts';
import {
  CANARY,
  FakeProvider,
  FunctionBench,
  NOON_MS,
  personOf,
  RECORD,
  ROLE,
  verified,
} from './testing/function-bench.ts';

const PASSWORD = { password: CANARY };

/** The code of a login under the rules, and whether the provider was asked. */
async function judged(
  rules: object,
  event: object = {},
): Promise<{ code: string; asked: readonly string[] }> {
  const file = new FakeProvider();
  const bench = new FunctionBench({ rules, providers: { file } });
  return { code: await bench.codeOf({ ...PASSWORD, ...event }), asked: file.asked };
}

const REFUSING: Readonly<Record<string, readonly [string, object, object?]>> = {
  'a provider that is switched off': ['PROVIDER_DISABLED', { disabled: true }],
  'another server': ['SERVER_REFUSED', { serverIds: ['s-ffffffffffffffff0'] }],
  'an empty list of servers': ['SERVER_REFUSED', { serverIds: [] }],
  'another protocol': ['PROTOCOL_REFUSED', { protocols: ['SFTP'] }, { protocol: 'FTP' }],
  'an empty list of protocols': ['PROTOCOL_REFUSED', { protocols: [] }],
  'a source outside': ['SOURCE_REFUSED', { sourceNetworks: ['192.0.2.0/24', '2001:db8::/32'] }],
  'an empty list of networks': ['SOURCE_REFUSED', { sourceNetworks: [] }],
  'an unknown source where networks are listed': [
    'SOURCE_REFUSED',
    { sourceNetworks: ['0.0.0.0/0'] },
    { sourceIp: '' },
  ],
  'an unknown source where networks are denied': [
    'SOURCE_REFUSED',
    { deniedNetworks: ['192.0.2.0/24'] },
    { sourceIp: '' },
  ],
  'a denied source within an allowed network': [
    'SOURCE_REFUSED',
    { sourceNetworks: ['0.0.0.0/0'], deniedNetworks: ['203.0.113.9'] },
  ],
  'a denied source that is written as IPv6': [
    'SOURCE_REFUSED',
    { deniedNetworks: ['203.0.113.0/24'] },
    { sourceIp: '::ffff:203.0.113.9' },
  ],
  'a time before the first': ['TIME_REFUSED', { validFrom: '2027-01-04T12:00:01Z' }],
  'the first moment after the last': ['TIME_REFUSED', { validTo: '2027-01-04T13:00:00+01:00' }],
  'another day': ['TIME_REFUSED', { timeWindows: [{ days: ['tue'] }] }],
  'an empty list of time windows': ['TIME_REFUSED', { timeWindows: [] }],
  'a name outside the pattern': ['NAME_REFUSED', { userName: { pattern: '[a-c]+' } }],
  'a name that holds the pattern only': ['NAME_REFUSED', { userName: { pattern: 'doe' } }],
  'a name that is too short without its suffix': ['NAME_REFUSED', { userName: { stripSuffix: 'doe' } }],
  'a role outside the list': ['ROLE_REFUSED', { roles: ['arn:aws:iam::000000000000:role/sftp-*'] }],
  'an empty list of roles': ['ROLE_REFUSED', { roles: [] }],
  'a login by key where there are none': ['KEYS_NOT_ACCEPTED', { keyLogins: false }, { password: '' }],
};

for (const [what, [code, rules, event]] of Object.entries(REFUSING)) {
  test(`rules - ${what} is refused with ${code}`, async () => {
    const { code: found, asked } = await judged(rules, event);
    assert.equal(found, code);
    assert.equal(asked.length, code === 'ROLE_REFUSED' ? 1 : 0, 'the provider is not asked');
  });
}

test('rules - what they allow is let in', async () => {
  const rules = {
    serverIds: ['s-0123456789abcdef0'],
    protocols: ['SFTP'],
    sourceNetworks: ['203.0.113.0/24'],
    deniedNetworks: ['203.0.113.10'],
    validFrom: '2027-01-04',
    validTo: '2027-01-05',
    timeWindows: [{ days: ['mon'], from: '12:00', to: '12:01' }],
    userName: { pattern: 'j[a-z]+' },
    roles: ['arn:aws:iam::000000000000:role/transfer-*'],
  };
  assert.deepEqual(await judged(rules), { code: 'GRANTED', asked: ['password jdoe'] });
  assert.equal((await judged(rules, { sourceIp: '::ffff:203.0.113.9' })).code, 'GRANTED');
});

test('rules - a role pattern means nothing but its stars', async () => {
  for (const roles of [[ROLE], ['*'], ['arn:*:role/*']])
    assert.equal((await judged({ roles })).code, 'GRANTED');
  for (const roles of [
    ['arn:aws:iam::000000000000:role/transfer.user'],
    [ROLE.slice(1)],
    [`${ROLE}?`],
    ['[a-z]*'],
  ])
    assert.equal((await judged({ roles })).code, 'ROLE_REFUSED');
});

test('rules - the provider is asked for the changed name', async () => {
  const { asked } = await judged(
    { userName: { lowerCase: true, stripSuffix: '@EXAMPLE.com' } },
    { username: 'JDoe@Example.COM' },
  );
  assert.deepEqual(asked, ['password jdoe']);
});

test('rules - malformed ones are errors of the configuration', () => {
  const bad = [
    { sourceNetworks: ['203.0.113.0/33'] },
    { deniedNetworks: ['host'] },
    { validFrom: 'tomorrow' },
    { validTo: '2027-02-30' },
    { timeWindows: [{ zone: 'Europe/Nowhere' }] },
    { timeWindows: [{ from: '8' }] },
    { timeWindows: [{ days: ['monday'] }] },
    { userName: { pattern: '(' } },
    { protocols: ['AS2'] },
    { sourceNetwork: [] },
    { failures: { after: 0 } },
  ];
  for (const rules of bad) assert.ok(!providerRulesOptions.safeParse(rules).success, JSON.stringify(rules));
  assert.ok(!rulesOptions.safeParse({ stateKey: 'short' }).success);
  assert.ok(rulesOptions.safeParse({}).success);
});

const RECORDS: Readonly<Record<string, readonly [string, Partial<UserRecord>]>> = {
  'that is disabled': ['ACCOUNT_DISABLED', { enabled: false }],
  'that begins later': ['ACCOUNT_EXPIRED', { validFromMs: NOON_MS + 1 }],
  'that has ended': ['ACCOUNT_EXPIRED', { validToMs: NOON_MS }],
  'with a date that is none': ['ACCOUNT_EXPIRED', { validToMs: Number.NaN }],
  'for other protocols': ['PROTOCOL_REFUSED', { protocols: ['FTP'] }],
  'for no protocol': ['PROTOCOL_REFUSED', { protocols: [] }],
  'for other servers': ['SERVER_REFUSED', { serverIds: [] }],
  'for other networks': ['SOURCE_REFUSED', { sourceNetworks: ['192.0.2.0/24'] }],
  'for no network': ['SOURCE_REFUSED', { sourceNetworks: [] }],
  'with a network that is none': ['RECORD_INVALID', { sourceNetworks: ['everywhere'] }],
  'without a role': ['NOT_MAPPED', { session: {} }],
};

for (const [what, [code, members]] of Object.entries(RECORDS)) {
  test(`record - one ${what} refuses passwords and keys with ${code}`, async () => {
    const publicKeys = [{ line: 'ssh-ed25519 AAAA' }];
    const bench = new FunctionBench({ record: { ...RECORD, publicKeys, ...members } });
    assert.equal(await bench.codeOf(PASSWORD), code);
    assert.equal(await bench.codeOf({}), code);
  });
}

test('rules - a protocol that needs its own password takes no other', async () => {
  const rules = { requireProtocolPassword: ['FTP'] };
  for (const [record, code] of [
    [undefined, 'PASSWORD_NOT_ACCEPTED'],
    [RECORD, 'PASSWORD_NOT_ACCEPTED'],
    [{ ...RECORD, isPasswordOfProtocol: true }, 'GRANTED'],
  ] as const) {
    const person = personOf('jdoe', record === undefined ? {} : { record });
    const file = new FakeProvider({ password: async () => verified(person) });
    const bench = new FunctionBench({ rules, providers: { file } });
    assert.equal(await bench.codeOf({ ...PASSWORD, protocol: 'FTP' }), code);
    assert.equal(await bench.codeOf(PASSWORD), 'GRANTED');
  }
});

test('rules - a pattern for names that takes for ever is a fault, and nobody else waits for it', async () => {
  const rules = { userName: { pattern: '([a-z]+\\.?)+' } };
  assert.equal((await judged(rules, { username: 'jane.doe' })).code, 'GRANTED');
  const beganAtMs = performance.now();
  const { code, asked } = await judged(rules, { username: `${'a'.repeat(90)}-` });
  assert.equal(code, 'CONFIGURATION_INVALID');
  assert.ok(performance.now() - beganAtMs < 2000);
  assert.deepEqual(asked, []);
});

test('rules - a role pattern with many stars is judged at once', async () => {
  const role = `arn:aws:iam::000000000000:role/${'a'.repeat(1900)}`;
  const bench = new FunctionBench({
    rules: { roles: [`arn:*${'a*'.repeat(200)}b`] },
    record: { ...RECORD, session: { role } },
  });
  const beganAtMs = performance.now();
  assert.equal(await bench.codeOf(PASSWORD), 'ROLE_REFUSED');
  assert.ok(performance.now() - beganAtMs < 1000);
});
