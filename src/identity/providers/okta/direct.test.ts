import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMembers } from '../../../../test/simulators/exchange.ts';
import { totp } from '../../../../test/simulators/okta/one-time-password.ts';
import type { PushScript, SimulatedFactor, SimulatedUser } from '../../../../test/simulators/okta/users.ts';
import {
  API_TOKEN,
  asked,
  Bench,
  CLIENT,
  GOOGLE,
  mfaUser,
  PASSWORD,
  personOf,
  refused,
  TOTP_SECRET,
  userWith,
} from './testing/bench.ts';

const SMS: SimulatedFactor = {
  id: 'sms1',
  type: 'sms',
  provider: 'OKTA',
  code: '271828',
  phoneNumber: '+15550100',
};
const CALL: SimulatedFactor = { ...SMS, id: 'clf1', type: 'call', code: '161803' };
const GROUPS = [{ id: '00g1', name: 'sftp-users' }];
const TOKEN = /\/token$/;

function push(script: PushScript): SimulatedFactor {
  return { id: 'opf1', type: 'push', provider: 'OKTA', script };
}

function start(users: readonly SimulatedUser[] = [userWith()], options: object = {}, simulator: object = {}) {
  const direct = { api: 'direct', clientId: CLIENT.id, clientSecret: CLIENT.secret };
  return Bench.start({ users, simulator, options: { ...direct, ...options } });
}

test('okta, direct - a password gives a verified id token with claims and groups', async () => {
  await using bench = await start([userWith({ profile: { sftpUid: 2030 }, groups: GROUPS })]);
  const person = personOf(await bench.password());
  assert.equal(person.subject, '00u1jdoe');
  assert.equal(person.userName, 'jdoe@example.com');
  assert.deepEqual(person.attributes.get('sftpUid'), ['2030']);
  assert.deepEqual(person.groups, [{ id: 'sftp-users', name: 'sftp-users' }]);
  assert.deepEqual(bench.simulator.transcript.lines, [
    'POST /oauth2/v1/token 200',
    'GET /oauth2/v1/keys 200',
  ]);
});

test('okta, direct - the keys are fetched once, and again when Okta signs with another', async () => {
  await using bench = await start();
  await bench.password();
  await bench.password();
  assert.equal(bench.simulator.transcript.count('/oauth2/v1/keys'), 1);
  bench.pass(31_000);
  bench.simulator.rotateKeys();
  assert.equal(personOf(await bench.password()).subject, '00u1jdoe');
  assert.equal(bench.simulator.transcript.count('/oauth2/v1/keys'), 2);
});

test('okta, direct - unknown keys do not make us fetch for every token', async () => {
  await using bench = await start();
  await bench.password();
  bench.simulator.rotateKeys();
  await refused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  await refused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  assert.equal(bench.simulator.transcript.count('/oauth2/v1/keys'), 1);
});

test('okta, direct - a custom authorization server and a native client are taken', async () => {
  const clients = [{ id: '0oaNative' }];
  const options = { clientId: '0oaNative', clientSecret: undefined, authorizationServerId: 'default' };
  await using bench = await start(undefined, options, { clients });
  assert.equal(personOf(await bench.password()).subject, '00u1jdoe');
  await bench.provider.check?.(AbortSignal.timeout(5000));
  assert.equal(bench.simulator.transcript.count('/oauth2/default/v1/token'), 1);
});

const FOREIGN_TOKENS: readonly (readonly [string, object])[] = [
  ['of another issuer', { authorizationServerId: 'other' }],
  ['for another client', { clientId: '0oaOther', clientSecret: undefined }],
];

for (const [what, options] of FOREIGN_TOKENS)
  test(`okta, direct - an id token ${what} lets nobody in`, async () => {
    const clients = [CLIENT, { id: '0oaOther' }];
    await using bench = await start(undefined, {}, { clients });
    await using other = await start(undefined, options, { clients });
    let foreign: unknown;
    other.simulator.failNext(TOKEN, {
      kind: 'altered',
      alter: (reply) => {
        foreign = isMembers(reply.json) ? reply.json.id_token : undefined;
        return reply;
      },
    });
    await other.password();
    bench.simulator.failNext(TOKEN, {
      kind: 'altered',
      alter: () => ({ status: 200, json: { id_token: foreign } }),
    });
    await refused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  });

test('okta, direct - an expired, unsigned or missing id token lets nobody in', async () => {
  await using bench = await start();
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const claims = Buffer.from(JSON.stringify({ sub: '00u1jdoe', exp: 9_999_999_999 })).toString('base64url');
  for (const idToken of [`${none}.${claims}.`, 'x', '', undefined]) {
    const json = { id_token: idToken };
    bench.simulator.failNext(TOKEN, { kind: 'altered', alter: () => ({ status: 200, json }) });
    await refused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  }
  bench.simulator.failNext(TOKEN, {
    kind: 'altered',
    alter: (reply) => {
      bench.pass(2 * 3_600_000);
      return reply;
    },
  });
  await refused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
});

test('okta, direct - a wrong password is one attempt', async () => {
  await using bench = await start();
  await refused(bench.password('canary-wrong'), 'BAD_CREDENTIALS');
  assert.equal(bench.simulator.failuresOf('jdoe@example.com'), 1);
});

const ERRORS: readonly (readonly [number, object, string])[] = [
  [400, { error: 'invalid_grant' }, 'BAD_CREDENTIALS'],
  [400, { error: 'invalid_grant', error_description: 'denied by sign on policy' }, 'CONDITIONAL_ACCESS'],
  [400, { error: 'access_denied' }, 'CONDITIONAL_ACCESS'],
  [429, { error: 'invalid_grant' }, 'THROTTLED'],
  [401, { error: 'invalid_client' }, 'CONFIGURATION_INVALID'],
  [400, { error: 'unauthorized_client' }, 'CONFIGURATION_INVALID'],
  [400, { error: 'unsupported_grant_type' }, 'CONFIGURATION_INVALID'],
  [400, { error: 'invalid_scope' }, 'CONFIGURATION_INVALID'],
  [400, { error: 'new_error' }, 'UPSTREAM_FAILED'],
  [403, { error: 'mfa_required' }, 'MFA_REQUIRED'],
  [400, { error: 'authorization_pending' }, 'UPSTREAM_FAILED'],
  [400, {}, 'UPSTREAM_ANSWER_INVALID'],
];

for (const [status, json, code] of ERRORS)
  test(`okta, direct - ${status} with ${JSON.stringify(json)} refuses with ${code}`, async () => {
    await using bench = await start();
    bench.simulator.failNext(TOKEN, { kind: 'altered', alter: () => ({ status, json }) });
    await refused(bench.password(), code);
  });

test('okta, direct - a limit of one user name is no wrong password', async () => {
  await using bench = await start(undefined, {}, { rateLimits: { userPerSecond: 1 } });
  await bench.password();
  await refused(bench.password(), 'THROTTLED');
});

test('okta, direct - a wrong client secret is our fault', async () => {
  await using bench = await start(undefined, { clientSecret: 'canary-other' });
  await refused(bench.password(), 'CONFIGURATION_INVALID');
});

test('okta, direct - without mfa a factor that Okta wants refuses the login', async () => {
  await using bench = await start([mfaUser([GOOGLE])]);
  await refused(bench.password(), 'MFA_REQUIRED');
});

test('okta, direct - an appended code is the second grant', async () => {
  await using bench = await start([mfaUser([GOOGLE])], { mfa: 'appended' });
  const person = personOf(await bench.password(PASSWORD + totp(TOTP_SECRET, bench.nowMs)));
  assert.deepEqual(person.proofs, ['password', 'code']);
  await refused(bench.password(`${PASSWORD}000000`), 'BAD_CODE');
});

for (const mfa of ['appended', 'prompts'])
  test(`okta, direct - with mfa ${mfa} a success without a factor is refused`, async () => {
    await using bench = await start([userWith()], { mfa });
    await refused(
      bench.password(`${PASSWORD}123456`.slice(0, mfa === 'prompts' ? PASSWORD.length : undefined), {
        canPrompt: true,
      }),
      'MFA_REQUIRED',
    );
  });

test('okta, direct - the factor is chosen, and its code asked for', async () => {
  await using bench = await start([mfaUser([GOOGLE, SMS])], { mfa: 'prompts' });
  const step = await bench.begin();
  assert.match(
    asked(step).question.instruction ?? '',
    /1: Okta Verify push\n2: authenticator code\n3: SMS\n4: call/,
  );
  const next = await bench.answer(step, '2');
  assert.equal(personOf(await bench.answer(next, totp(TOTP_SECRET, bench.nowMs))).subject, '00u1jdoe');
});

for (const [channel, factor, code] of [
  ['sms', SMS, '271828'],
  ['call', CALL, '161803'],
] as const)
  test(`okta, direct - a code by ${channel} is sent and taken`, async () => {
    await using bench = await start([mfaUser([factor])], { mfa: 'prompts', factorOrder: [channel] });
    const step = await bench.begin();
    assert.deepEqual(personOf(await bench.answer(step, code)).proofs, ['password', 'code']);
    await refused(bench.answer(await bench.begin(), '000000'), 'BAD_CODE');
  });

test('okta, direct - a push with a number is shown and polled at the interval of Okta', async () => {
  const factor = push({ ends: 'approve', afterPolls: 3, number: { shown: 95, afterPolls: 0 } });
  await using bench = await start([mfaUser([factor])], { mfa: 'prompts', factorOrder: ['push'] });
  const step = await bench.begin();
  assert.equal(asked(step).question.pollSeconds, 5);
  const { person, shown } = await bench.follow(step);
  assert.deepEqual(shown, ['Choose 95 on your phone.']);
  assert.deepEqual(person.proofs, ['password', 'push']);
});

test('okta, direct - slow_down makes the polls slower', async () => {
  const factor = push({ ends: 'approve', afterPolls: 2 });
  await using bench = await start([mfaUser([factor])], { mfa: 'prompts', factorOrder: ['push'] });
  const first = await bench.answer(await bench.begin());
  const hurried = await bench.answer(first);
  assert.equal(asked(hurried).question.pollSeconds, 10);
});

for (const [ends, code] of [
  ['reject', 'MFA_REJECTED'],
  ['timeout', 'MFA_TIMED_OUT'],
  ['never', 'MFA_TIMED_OUT'],
] as const)
  test(`okta, direct - a push that ends with ${ends} refuses`, async () => {
    await using bench = await start([mfaUser([push({ ends, afterPolls: 2 })])], {
      mfa: 'prompts',
      factorOrder: ['push'],
    });
    await refused(bench.follow(await bench.begin()), code);
  });

test('okta, direct - a user without the chosen factor is refused', async () => {
  await using bench = await start([mfaUser([GOOGLE])], { mfa: 'prompts', factorOrder: ['push'] });
  await refused(bench.begin(), 'MFA_UNSUPPORTED');
});

test('okta, direct - with an API token the profile and groups of the Users API win, and key logins are checked', async () => {
  const users = [
    userWith({ groups: GROUPS }),
    userWith({ id: '00u2', login: 'left@example.com', status: 'SUSPENDED' }),
  ];
  await using bench = await start(users, { apiToken: API_TOKEN });
  assert.deepEqual(personOf(await bench.password()).groups, GROUPS);
  await refused(bench.provider.lookUp(bench.login({ userName: 'left' })), 'ACCOUNT_DISABLED');
});

test('okta, direct - a state that is none is refused without a call', async () => {
  await using bench = await start([mfaUser([GOOGLE])], { mfa: 'prompts' });
  await refused(
    Promise.resolve(bench.provider.answers?.(bench.login(), { stage: 'otp' }, [])),
    'STATE_INVALID',
  );
  assert.equal(bench.simulator.transcript.entries.length, 0);
});
