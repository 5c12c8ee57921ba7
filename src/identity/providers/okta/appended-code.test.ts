import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMembers, type Reply } from '../../../../test/simulators/exchange.ts';
import { totp } from '../../../../test/simulators/okta/one-time-password.ts';
import type { FactorsShape } from '../../../../test/simulators/okta/transaction.ts';
import type { SimulatedFactor, SimulatedUser } from '../../../../test/simulators/okta/users.ts';
import {
  Bench,
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
const YUBIKEY_CODE = 'cccccccfhcbelrhifnjrrddcgrburluurftrgfdrdifj';
const YUBIKEY: SimulatedFactor = {
  id: 'ykf1',
  type: 'token:hardware',
  provider: 'YUBICO',
  passCodes: [YUBIKEY_CODE],
};
const RSA: SimulatedFactor = { id: 'rsa1', type: 'token', provider: 'RSA', passCodes: ['12345678'] };
const VERIFY = /\/verify$/;

function start(users: readonly SimulatedUser[] = [mfaUser([GOOGLE])], options: object = {}): Promise<Bench> {
  return Bench.start({ users, options: { mfa: 'appended', ...options } });
}

const codeAt = (nowMs: number) => totp(TOTP_SECRET, nowMs);

test('okta, appended code - the last six characters are the code, as in origin text 003', async () => {
  await using bench = await start();
  const person = personOf(await bench.password(PASSWORD + codeAt(bench.nowMs)));
  assert.deepEqual(person.proofs, ['password', 'code']);
  assert.deepEqual(bench.simulator.transcript.lines, [
    'POST /api/v1/authn 200 MFA_REQUIRED',
    'POST /api/v1/authn/factors/uft1/verify 200 SUCCESS',
  ]);
});

for (const factorsShape of ['factors', 'factor', 'factor object'] satisfies FactorsShape[])
  test(`okta, appended code - factors are found as ${factorsShape}`, async () => {
    await using bench = await Bench.start({
      users: [mfaUser([GOOGLE])],
      simulator: { factorsShape },
      options: { mfa: 'appended' },
    });
    assert.equal(personOf(await bench.password(PASSWORD + codeAt(bench.nowMs))).subject, '00u1jdoe');
  });

test('okta, appended code - a wrong code is refused, and the transaction is over', async () => {
  await using bench = await start();
  await refused(bench.password(`${PASSWORD}000000`), 'BAD_CODE');
  assert.equal(bench.simulator.failuresOf('jdoe@example.com'), 1);
  assert.equal(bench.simulator.transcript.lines.at(-1), 'POST /api/v1/authn/cancel 200');
});

test('okta, appended code - a wrong password with a right code is refused by one call', async () => {
  await using bench = await start();
  await refused(bench.password(`canary-wrong${codeAt(bench.nowMs)}`), 'BAD_CREDENTIALS');
  assert.equal(bench.simulator.transcript.entries.length, 1);
});

test('okta, appended code - a code works once', async () => {
  await using bench = await start();
  const typed = PASSWORD + codeAt(bench.nowMs);
  await bench.password(typed);
  await refused(bench.password(typed), 'CODE_REPLAYED');
});

test('okta, appended code - a code of a clock that is off is refused', async () => {
  await using bench = await start();
  await refused(bench.password(PASSWORD + codeAt(bench.nowMs - 120_000)), 'BAD_CODE');
});

for (const typed of [
  '12345',
  '123456',
  PASSWORD,
  `${PASSWORD}12345`,
  `${PASSWORD}12345a`,
  `${PASSWORD}123456 `,
])
  test(`okta, appended code - ${typed.replace(PASSWORD, '(password)')} has no code and is not sent`, async () => {
    await using bench = await start();
    await refused(bench.password(typed), 'CODE_MISSING');
    assert.equal(bench.simulator.transcript.entries.length, 0);
  });

test('okta, appended code - a password that ends in digits keeps them', async () => {
  const password = 'canary-20300101';
  await using bench = await start([mfaUser([GOOGLE], { password })]);
  assert.equal(personOf(await bench.password(password + codeAt(bench.nowMs))).subject, '00u1jdoe');
});

test('okta, appended code - a password of other alphabets is split right', async () => {
  const password = 'canary-密码é ';
  await using bench = await start([mfaUser([GOOGLE], { password })]);
  assert.equal(personOf(await bench.password(password + codeAt(bench.nowMs))).subject, '00u1jdoe');
});

test('okta, appended code - with a separator only what follows it is a code', async () => {
  await using bench = await start(undefined, { codeSeparator: ',' });
  await refused(bench.password(PASSWORD + codeAt(bench.nowMs)), 'CODE_MISSING');
  assert.equal(personOf(await bench.password(`${PASSWORD},${codeAt(bench.nowMs)}`)).subject, '00u1jdoe');
});

test('okta, appended code - codes of eight digits are for tokens', async () => {
  await using bench = await start([mfaUser([RSA])], { codeLength: 8 });
  assert.equal(personOf(await bench.password(`${PASSWORD}12345678`)).subject, '00u1jdoe');
});

test('okta, appended code - 44 letters are for the YubiKey, and six digits are not', async () => {
  await using bench = await start([mfaUser([GOOGLE, YUBIKEY])], { codeLength: 44 });
  assert.equal(personOf(await bench.password(PASSWORD + YUBIKEY_CODE)).subject, '00u1jdoe');
  await using short = await start([mfaUser([YUBIKEY])]);
  await refused(short.password(`${PASSWORD}123456`), 'MFA_UNSUPPORTED');
});

test('okta, appended code - the code goes to the factor of the order, not to the first one', async () => {
  const oktaTotp: SimulatedFactor = {
    id: 'ost1',
    type: 'token:software:totp',
    provider: 'OKTA',
    secret: TOTP_SECRET,
  };
  await using bench = await start([mfaUser([SMS, GOOGLE, oktaTotp])]);
  await bench.password(PASSWORD + codeAt(bench.nowMs));
  assert.equal(bench.simulator.transcript.count('/api/v1/authn/factors/ost1/verify'), 1);
  await using other = await start([mfaUser([SMS, oktaTotp, GOOGLE])], {
    factorOrder: ['token:software:totp/GOOGLE'],
  });
  await other.password(PASSWORD + codeAt(other.nowMs));
  assert.equal(other.simulator.transcript.count('/api/v1/authn/factors/uft1/verify'), 1);
});

const UNUSABLE: readonly (readonly [string, readonly SimulatedFactor[]])[] = [
  ['only SMS', [SMS]],
  ['only a security key', [{ id: 'fwf1', type: 'webauthn', provider: 'FIDO' }]],
  ['only Duo', [{ id: 'dfc1', type: 'web', provider: 'DUO' }]],
  ['only a factor without a link', [{ ...GOOGLE, isWithoutLinks: true }]],
];

for (const [what, factors] of UNUSABLE)
  test(`okta, appended code - a user with ${what} is refused, and nothing is verified`, async () => {
    await using bench = await start([mfaUser(factors)]);
    await refused(bench.password(`${PASSWORD}123456`), 'MFA_UNSUPPORTED');
    assert.ok(bench.simulator.transcript.entries.every(({ path }) => !VERIFY.test(path)));
  });

test('okta, appended code - a success without a factor is a downgrade and refused', async () => {
  await using bench = await start([userWith({ factors: [GOOGLE] })]);
  await refused(bench.password(`${PASSWORD}123456`), 'MFA_REQUIRED');
  await using warned = await start([userWith({ policy: { warns: 'always' } })]);
  await refused(warned.password(`${PASSWORD}123456`), 'MFA_REQUIRED');
});

test('okta, appended code - a user without a factor has to enrol elsewhere', async () => {
  await using bench = await start([mfaUser([])]);
  await refused(bench.password(`${PASSWORD}123456`), 'MFA_ENROLMENT_REQUIRED');
});

test('okta, appended code - a password that is expired is refused after the factor', async () => {
  await using bench = await start([
    mfaUser([GOOGLE], { policy: { mfa: 'always', isPasswordExpired: true } }),
  ]);
  await refused(bench.password(PASSWORD + codeAt(bench.nowMs)), 'PASSWORD_EXPIRED');
});

test('okta, appended code - one factor is not enough where Okta wants two', async () => {
  const policy = { mfa: 'always', wantsTwoFactors: true } as const;
  await using bench = await start([mfaUser([GOOGLE, SMS], { policy })]);
  await refused(bench.password(PASSWORD + codeAt(bench.nowMs)), 'MFA_UNSUPPORTED');
});

for (const [factorResult, code] of [
  ['REJECTED', 'MFA_REJECTED'],
  ['TIMEOUT', 'MFA_TIMED_OUT'],
  ['CANCELLED', 'MFA_REJECTED'],
  ['CHALLENGE', 'MFA_UNSUPPORTED'],
  ['ERROR', 'UPSTREAM_FAILED'],
  ['PASSCODE_REPLAYED', 'CODE_REPLAYED'],
  ['TIME_WINDOW_EXCEEDED', 'BAD_CODE'],
  ['WAITING', 'UPSTREAM_ANSWER_INVALID'],
  ['NEW', 'UPSTREAM_ANSWER_INVALID'],
] as const)
  test(`okta, appended code - a factor that is ${factorResult} with status 200 refuses`, async () => {
    await using bench = await start();
    const json = { status: 'MFA_CHALLENGE', factorResult, stateToken: 'x' };
    bench.simulator.failNext(VERIFY, { kind: 'altered', alter: () => ({ status: 200, json }) });
    await refused(bench.password(`${PASSWORD}123456`), code);
  });

test('okta, appended code - a success for somebody else is refused', async () => {
  await using bench = await start();
  bench.simulator.failNext(VERIFY, {
    kind: 'altered',
    alter: (reply) => ({ ...reply, json: { ...membersOf(reply), _embedded: { user: { id: '00u9other' } } } }),
  });
  await refused(bench.password(PASSWORD + codeAt(bench.nowMs)), 'IDENTITY_MISMATCH');
});

for (const href of [
  'https://elsewhere.example/api/v1/authn/factors/uft1/verify',
  '//elsewhere.example/api/v1/authn/factors/uft1/verify',
  '/api/v1/users/me',
  '/api/v1/authn/../users/me',
])
  test(`okta, appended code - a link to ${href} is not followed`, async () => {
    await using bench = await start();
    const factor = { factorType: 'token:software:totp', provider: 'GOOGLE', _links: { verify: { href } } };
    bench.simulator.failNext(/authn$/, {
      kind: 'altered',
      alter: (reply) => ({ ...reply, json: { ...membersOf(reply), _embedded: { factors: [factor] } } }),
    });
    await refused(bench.password(PASSWORD + codeAt(bench.nowMs)), 'UPSTREAM_ANSWER_INVALID');
    assert.equal(bench.simulator.transcript.entries.length, 1);
  });

test('okta, appended code - a token with an expired state is refused', async () => {
  await using bench = await start();
  const json = { errorCode: 'E0000011' };
  bench.simulator.failNext(VERIFY, { kind: 'altered', alter: () => ({ status: 401, json }) });
  await refused(bench.password(PASSWORD + codeAt(bench.nowMs)), 'STATE_INVALID');
});

function membersOf({ json }: Reply): object {
  return isMembers(json) ? json : {};
}
