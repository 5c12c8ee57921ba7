import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMembers, type Reply } from '../../../../test/simulators/exchange.ts';
import type { Fault } from '../../../../test/simulators/faults.ts';
import { OKTA_ERRORS } from '../../../../test/simulators/okta/errors.ts';
import { oktaOptions } from './options.ts';
import { Bench, GOOGLE, mfaUser, PASSWORD, personOf, refused, userWith } from './testing/bench.ts';

const PRIMARY = /^\/api\/v1\/authn$/;

function altered(change: object): Fault {
  const alter = (reply: Reply): Reply => ({
    ...reply,
    json: { ...(isMembers(reply.json) ? reply.json : {}), ...change },
  });
  return { kind: 'altered', alter };
}

test('okta - a right password proves the person, by one call', async () => {
  await using bench = await Bench.start();
  const person = personOf(await bench.password());
  assert.equal(person.subject, '00u1jdoe');
  assert.equal(person.userName, 'jdoe@example.com');
  assert.deepEqual(person.proofs, ['password']);
  assert.deepEqual(person.attributes.get('login'), ['jdoe@example.com']);
  assert.deepEqual(bench.simulator.transcript.lines, ['POST /api/v1/authn 200 SUCCESS']);
});

for (const userName of ['jdoe', 'JDOE', 'jdoe@example.com', 'JDoe@Example.COM'])
  test(`okta - the sign-in domain is appended to ${userName} at most once`, async () => {
    await using bench = await Bench.start();
    assert.equal(personOf(await bench.password(PASSWORD, { userName })).subject, '00u1jdoe');
  });

test('okta - a name of another domain is somebody else', async () => {
  await using bench = await Bench.start();
  await refused(bench.password(PASSWORD, { userName: 'jdoe@other.example' }), 'BAD_CREDENTIALS');
});

test('okta - a wrong password is one attempt and nothing else', async () => {
  await using bench = await Bench.start();
  await refused(bench.password('canary-wrong'), 'BAD_CREDENTIALS');
  assert.equal(bench.simulator.failuresOf('jdoe@example.com'), 1);
  assert.deepEqual(bench.simulator.transcript.lines, ['POST /api/v1/authn 401 E0000004']);
});

test('okta - an unknown user is refused as one with a wrong password', async () => {
  await using bench = await Bench.start();
  await refused(bench.password(PASSWORD, { userName: 'nobody' }), 'BAD_CREDENTIALS');
});

test('okta - a locked account is refused by one call, shown or hidden', async () => {
  const policy = { maxFailures: 1 };
  const users = [
    userWith({ policy: { ...policy, showsLockOut: true } }),
    userWith({ id: '00u2', login: 'hidden@example.com', policy }),
  ];
  await using bench = await Bench.start({ users });
  await refused(bench.password('canary-wrong'), 'BAD_CREDENTIALS');
  await refused(bench.password(), 'ACCOUNT_LOCKED');
  await refused(bench.password('canary-wrong', { userName: 'hidden' }), 'BAD_CREDENTIALS');
  await refused(bench.password(PASSWORD, { userName: 'hidden' }), 'BAD_CREDENTIALS');
  assert.equal(bench.simulator.transcript.entries.length, 4);
});

test('okta - a password with a character that Okta does not take is refused without a call', async () => {
  await using bench = await Bench.start();
  await refused(bench.password('canary-\u{1f511}'), 'PASSWORD_UNUSABLE');
  assert.equal(bench.simulator.transcript.entries.length, 0);
});

test('okta - a password of other alphabets is sent as it is', async () => {
  const password = 'canary-Пароль-密码 ';
  await using bench = await Bench.start({ users: [userWith({ password })] });
  assert.equal(personOf(await bench.password(password)).subject, '00u1jdoe');
});

const STATUSES: Readonly<Record<string, string>> = {
  MFA_REQUIRED: 'MFA_REQUIRED',
  MFA_ENROLL: 'MFA_ENROLMENT_REQUIRED',
  MFA_ENROLL_ACTIVATE: 'MFA_ENROLMENT_REQUIRED',
  MFA_CHALLENGE: 'UPSTREAM_ANSWER_INVALID',
  LOCKED_OUT: 'ACCOUNT_LOCKED',
  PASSWORD_EXPIRED: 'PASSWORD_EXPIRED',
  PASSWORD_RESET: 'PASSWORD_EXPIRED',
  RECOVERY: 'PASSWORD_EXPIRED',
  RECOVERY_CHALLENGE: 'PASSWORD_EXPIRED',
  UNAUTHENTICATED: 'CONDITIONAL_ACCESS',
  SOMETHING_NEW: 'UPSTREAM_ANSWER_INVALID',
};

for (const [status, code] of Object.entries(STATUSES))
  test(`okta - the status ${status} refuses with ${code}`, async () => {
    await using bench = await Bench.start({ users: [userWith({ policy: { status } })] });
    await refused(bench.password(), code);
    assert.equal(bench.simulator.transcript.count('/api/v1/authn'), 1);
  });

test('okta - a refused transaction is cancelled', async () => {
  await using bench = await Bench.start({ users: [userWith({ policy: { isPasswordExpired: true } })] });
  await refused(bench.password(), 'PASSWORD_EXPIRED');
  assert.equal(bench.simulator.transcript.lines.at(-1), 'POST /api/v1/authn/cancel 200');
});

test('okta - a warning that was not asked for is passed over', async () => {
  await using bench = await Bench.start({ users: [userWith({ policy: { warns: 'always' } })] });
  assert.deepEqual(personOf(await bench.password()).proofs, ['password']);
  assert.equal(bench.simulator.transcript.lines.at(-1), 'POST /api/v1/authn/skip 200 SUCCESS');
});

test('okta - without mfa a factor that Okta wants refuses the login', async () => {
  await using bench = await Bench.start({ users: [mfaUser([GOOGLE])] });
  await refused(bench.password(), 'MFA_REQUIRED');
});

const FAKE_SUCCESSES: readonly (readonly [string, object])[] = [
  ['without a session token', { sessionToken: undefined }],
  ['with an empty session token', { sessionToken: '' }],
  ['with a session token that is no text', { sessionToken: 1 }],
  ['with a rejected factor', { factorResult: 'REJECTED' }],
  ['without a user', { _embedded: {} }],
  ['in another case', { status: 'success' }],
];

for (const [what, change] of FAKE_SUCCESSES)
  test(`okta - a success ${what} is none`, async () => {
    await using bench = await Bench.start();
    bench.simulator.failNext(PRIMARY, altered(change));
    await refused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  });

const ERRORS: Readonly<Record<keyof typeof OKTA_ERRORS, string>> = {
  E0000001: 'CONFIGURATION_INVALID',
  E0000003: 'INTERNAL_ERROR',
  E0000004: 'BAD_CREDENTIALS',
  E0000005: 'STATE_INVALID',
  E0000006: 'CONFIGURATION_INVALID',
  E0000007: 'CONFIGURATION_INVALID',
  E0000009: 'UPSTREAM_FAILED',
  E0000010: 'UPSTREAM_FAILED',
  E0000011: 'CONFIGURATION_INVALID',
  E0000014: 'BAD_CREDENTIALS',
  E0000015: 'CONFIGURATION_INVALID',
  E0000022: 'CONFIGURATION_INVALID',
  E0000038: 'ACCOUNT_DISABLED',
  E0000047: 'THROTTLED',
  E0000064: 'PASSWORD_EXPIRED',
  E0000068: 'BAD_CODE',
  E0000069: 'ACCOUNT_LOCKED',
  E0000074: 'UPSTREAM_FAILED',
  E0000079: 'STATE_INVALID',
  E0000082: 'CODE_REPLAYED',
  E0000083: 'BAD_CODE',
  E0000087: 'BAD_CODE',
  E0000095: 'BAD_CREDENTIALS',
  E0000105: 'STATE_INVALID',
  E0000109: 'THROTTLED',
  E0000119: 'ACCOUNT_LOCKED',
  E0000133: 'THROTTLED',
  E0000138: 'UPSTREAM_FAILED',
};

for (const [errorCode, [status, summary]] of Object.entries(OKTA_ERRORS)) {
  const code = Object.entries(ERRORS).find(([name]) => name === errorCode)?.[1] ?? '';
  test(`okta - the error ${errorCode} refuses with ${code}`, async () => {
    await using bench = await Bench.start();
    const json = { errorCode, errorSummary: `${summary} canary`, errorId: 'oae' };
    bench.simulator.failNext(PRIMARY, { kind: 'altered', alter: () => ({ status, json }) });
    await refused(bench.password(), code);
  });
}

const FAULTS: readonly (readonly [string, Fault, string])[] = [
  ['a closed connection', { kind: 'drop' }, 'UPSTREAM_UNREACHABLE'],
  ['the error page of a proxy', { kind: 'html', status: 502 }, 'UPSTREAM_FAILED'],
  ['a page with status 200', { kind: 'html', status: 200 }, 'UPSTREAM_ANSWER_INVALID'],
  ['a page with status 403', { kind: 'html', status: 403 }, 'UPSTREAM_ANSWER_INVALID'],
  ['malformed JSON', { kind: 'malformed' }, 'UPSTREAM_ANSWER_INVALID'],
  ['half a body', { kind: 'truncated' }, 'UPSTREAM_ANSWER_INVALID'],
  ['a redirect', { kind: 'redirect', to: 'https://elsewhere.example/' }, 'UPSTREAM_FAILED'],
  ['silence', { kind: 'silence', after: 'request' }, 'UPSTREAM_TIMED_OUT'],
  ['headers without a body', { kind: 'silence', after: 'headers' }, 'UPSTREAM_TIMED_OUT'],
];

for (const [what, fault, code] of FAULTS)
  test(`okta - ${what} lets nobody in`, async () => {
    await using bench = await Bench.start({ options: { timeoutSeconds: 1 } });
    bench.simulator.failNext(PRIMARY, fault);
    await refused(bench.password(), code);
    assert.equal(bench.simulator.transcript.entries.length, 1, 'it is not asked again');
  });

test('okta - a login that was given up waits for nothing', async () => {
  await using bench = await Bench.start();
  bench.simulator.failNext(PRIMARY, { kind: 'silence', after: 'request' });
  const startMs = performance.now();
  await refused(bench.password(PASSWORD, { signal: AbortSignal.timeout(50) }), 'UPSTREAM_TIMED_OUT');
  assert.ok(performance.now() - startMs < 2000);
});

test('okta - an org whose limit is used up is left alone until it is reset', async () => {
  const orgPerMinute = 25;
  await using bench = await Bench.start({ simulator: { rateLimits: { orgPerMinute } } });
  for (let i = 0; i < orgPerMinute; i += 1) await bench.password();
  await refused(bench.password(), 'THROTTLED');
  await refused(bench.password(), 'THROTTLED');
  assert.equal(bench.simulator.transcript.entries.length, orgPerMinute + 1, 'the last is not asked');
  assert.equal(bench.simulator.failuresOf('jdoe@example.com'), 0);
  bench.pass(60_000);
  assert.equal(personOf(await bench.password()).subject, '00u1jdoe');
});

test('okta - a far reset holds logins back for a minute at most', async () => {
  await using bench = await Bench.start();
  const headers = {
    'x-rate-limit-limit': '600',
    'x-rate-limit-remaining': '0',
    'x-rate-limit-reset': '99999999999',
  };
  const json = { errorCode: 'E0000047' };
  bench.simulator.failNext(PRIMARY, { kind: 'altered', alter: () => ({ status: 429, json, headers }) });
  await refused(bench.password(), 'THROTTLED');
  bench.pass(59_000);
  await refused(bench.password(), 'THROTTLED');
  bench.pass(1000);
  assert.equal(personOf(await bench.password()).subject, '00u1jdoe');
});

test('okta - the limit of one user name stops nobody else', async () => {
  const users = [userWith(), userWith({ id: '00u2', login: 'msmith@example.com' })];
  await using bench = await Bench.start({ users, simulator: { rateLimits: { userPerSecond: 1 } } });
  await bench.password();
  await refused(bench.password(), 'THROTTLED');
  assert.equal(personOf(await bench.password(PASSWORD, { userName: 'msmith' })).subject, '00u2');
});

test('okta - too many calls at once are a limit, not a wrong password', async () => {
  await using bench = await Bench.start({ simulator: { rateLimits: { concurrent: 1 } } });
  bench.simulator.failNext(PRIMARY, { kind: 'latency', ms: 200 });
  const first = bench.password();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await refused(bench.password(), 'THROTTLED');
  assert.equal(personOf(await first).subject, '00u1jdoe');
});

test('okta - the address of the client decides where Okta trusts us, and only there', async () => {
  const users = [userWith({ factors: [GOOGLE], policy: { mfa: { exceptFrom: ['203.0.113.9'] } } })];
  const trusted = { apiToken: '00canaryApiToken', trustedProxy: true, readGroups: false };
  await using bench = await Bench.start({ users, options: trusted });
  assert.equal(personOf(await bench.password()).subject, '00u1jdoe');
  await refused(bench.password(PASSWORD, { sourceIp: '198.51.100.1' }), 'MFA_REQUIRED');
  await using untrusted = await Bench.start({ users });
  await refused(untrusted.password(), 'MFA_REQUIRED');
});

test('okta - an API token that Okta does not take is our fault', async () => {
  await using bench = await Bench.start({ options: { apiToken: '00canaryOther', trustedProxy: true } });
  await refused(bench.password(), 'CONFIGURATION_INVALID');
});

test('okta - the options of the documentation hold', () => {
  const options = { orgUrl: 'https://example.okta.com', signInDomain: 'example.com', mfa: 'appended' };
  assert.equal(oktaOptions.parse(options).codeLength, 6);
});

const BAD_OPTIONS: readonly object[] = [
  { orgUrl: 'http://example.okta.com' },
  { orgUrl: 'https://example.okta.com/api/v1/authn' },
  { orgUrl: 'ftp://example.okta.com' },
  { orgUrl: 'http://127.0.0.1.example.com' },
  { orgUrl: 'https://example.okta.com', trustedProxy: true },
  { orgUrl: 'https://example.okta.com', api: 'direct' },
  { orgUrl: 'https://example.okta.com', api: 'direct', clientId: 'a', scopes: ['profile'] },
  { orgUrl: 'https://example.okta.com', mfa: 'optional' },
  { orgUrl: 'https://example.okta.com', factorOrder: ['webauthn'] },
  { orgUrl: 'https://example.okta.com', apitoken: 'a' },
];

for (const options of BAD_OPTIONS)
  test(`okta - the options ${JSON.stringify(options)} are refused`, () => {
    assert.equal(oktaOptions.safeParse(options).success, false);
  });

test('okta - the check proves the org and the token', async () => {
  await using bench = await Bench.start({ options: { apiToken: '00canaryApiToken' } });
  await bench.provider.check?.(AbortSignal.timeout(5000));
  await using other = await Bench.start({ options: { apiToken: '00canaryOther' } });
  await refused(Promise.resolve(other.provider.check?.(AbortSignal.timeout(5000))), 'CONFIGURATION_INVALID');
});
