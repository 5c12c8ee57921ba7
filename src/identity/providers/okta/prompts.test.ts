import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotp, totp } from '../../../../test/simulators/okta/one-time-password.ts';
import type { PushScript, SimulatedFactor, SimulatedUser } from '../../../../test/simulators/okta/users.ts';
import {
  asked,
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
const CALL: SimulatedFactor = { ...SMS, id: 'clf1', type: 'call' };
const EMAIL: SimulatedFactor = {
  id: 'emf1',
  type: 'email',
  provider: 'OKTA',
  code: '314159',
  email: 'jdoe@example.com',
};
const HOTP: SimulatedFactor = { id: 'hot1', type: 'token:hotp', provider: 'CUSTOM', secret: TOTP_SECRET };
const RSA: SimulatedFactor = { id: 'rsa1', type: 'token', provider: 'RSA', passCodes: ['1234567890'] };
const YUBIKEY: SimulatedFactor = {
  id: 'ykf1',
  type: 'token:hardware',
  provider: 'YUBICO',
  passCodes: ['cccccccfhcbelrhifnjrrddcgrburluurftrgfdrdifj'],
};
const QUESTION: SimulatedFactor = {
  id: 'ufs1',
  type: 'question',
  provider: 'OKTA',
  question: 'Where did you learn to swim?',
  answer: 'In the lake',
};

function push(script: PushScript): SimulatedFactor {
  return { id: 'opf1', type: 'push', provider: 'OKTA', script };
}

function start(factors: readonly SimulatedFactor[], options: object = {}, more: Partial<SimulatedUser> = {}) {
  return Bench.start({ users: [mfaUser(factors, more)], options: { mfa: 'prompts', ...options } });
}

const DEVICES: readonly (readonly [SimulatedFactor, (nowMs: number) => string])[] = [
  [GOOGLE, (nowMs) => totp(TOTP_SECRET, nowMs)],
  [HOTP, () => hotp(TOTP_SECRET, 1)],
  [RSA, () => '1234567890'],
  [YUBIKEY, () => 'cccccccfhcbelrhifnjrrddcgrburluurftrgfdrdifj'],
];

for (const [factor, codeAt] of DEVICES)
  test(`okta, prompts - a code of ${factor.type}/${factor.provider} is asked for and judged once`, async () => {
    await using bench = await start([factor]);
    const step = await bench.begin();
    const { question } = asked(step);
    assert.equal(question.prompts.length, 1);
    assert.equal(question.prompts[0]?.echo, false);
    const person = personOf(await bench.answer(step, codeAt(bench.nowMs)));
    assert.deepEqual(person.proofs, ['password', 'code']);
    assert.equal(bench.simulator.transcript.count(`/api/v1/authn/factors/${factor.id}/verify`), 1);
  });

test('okta, prompts - spaces in a code are none of it', async () => {
  await using bench = await start([GOOGLE]);
  const code = totp(TOTP_SECRET, bench.nowMs);
  const typed = ` ${code.slice(0, 3)} ${code.slice(3)} `;
  assert.equal(personOf(await bench.answer(await bench.begin(), typed)).subject, '00u1jdoe');
});

test('okta, prompts - a wrong code ends the login and the transaction', async () => {
  await using bench = await start([GOOGLE]);
  const step = await bench.begin();
  await refused(bench.answer(step, '000000'), 'BAD_CODE');
  assert.equal(bench.simulator.transcript.lines.at(-1), 'POST /api/v1/authn/cancel 200');
  await refused(bench.answer(step, totp(TOTP_SECRET, bench.nowMs)), 'STATE_INVALID');
});

test('okta, prompts - an empty code is not sent', async () => {
  await using bench = await start([GOOGLE]);
  await refused(bench.answer(await bench.begin(), ''), 'CODE_MISSING');
  assert.equal(bench.simulator.failuresOf('jdoe@example.com'), 0);
});

for (const [factor, label, code] of [
  [SMS, 'SMS to +XX XXX-0100', '271828'],
  [CALL, 'call to +XX XXX-0100', '271828'],
  [EMAIL, 'e-mail to j...@example.com', '314159'],
] as const)
  test(`okta, prompts - a code by ${factor.type} is sent first, and where to is shown`, async () => {
    await using bench = await start([factor]);
    const step = await bench.begin();
    assert.equal(asked(step).question.prompts[0]?.text, `Code (${label}): `);
    assert.equal(personOf(await bench.answer(step, code)).subject, '00u1jdoe');
  });

test('okta, prompts - Enter has the code sent again, but not within 30 seconds', async () => {
  await using bench = await start([SMS]);
  const first = await bench.begin();
  bench.pass(10_000);
  const early = await bench.answer(first, '');
  assert.match(asked(early).question.instruction ?? '', /in 20 seconds/);
  assert.equal(bench.simulator.transcript.count('/api/v1/authn/factors/sms1/verify/resend'), 0);
  bench.pass(20_000);
  const again = await bench.answer(early, '');
  assert.equal(bench.simulator.transcript.count('/api/v1/authn/factors/sms1/verify/resend'), 1);
  assert.equal(personOf(await bench.answer(again, '271828')).subject, '00u1jdoe');
});

test('okta, prompts - a code is not sent for ever', async () => {
  await using bench = await start([SMS]);
  let step = await bench.begin();
  for (let times = 0; times < 2; times += 1) {
    bench.pass(30_000);
    step = await bench.answer(step, '');
  }
  bench.pass(30_000);
  await refused(bench.answer(step, ''), 'CODE_MISSING');
});

for (const factor of [SMS, CALL])
  test(`okta, prompts - a second ${factor.type} right after the first is throttled`, async () => {
    await using bench = await start([factor]);
    await bench.begin();
    await refused(bench.begin(), 'THROTTLED');
    assert.equal(personOf(await bench.answer(await laterBegin(bench), '271828')).subject, '00u1jdoe');
  });

async function laterBegin(bench: Bench) {
  bench.pass(30_000);
  return bench.begin();
}

test('okta, prompts - the security question of the user is asked', async () => {
  await using bench = await start([QUESTION]);
  const step = await bench.begin();
  assert.equal(asked(step).question.prompts[0]?.text, 'Where did you learn to swim?: ');
  assert.deepEqual(personOf(await bench.answer(step, 'in the lake')).proofs, ['password', 'answer']);
  await refused(bench.answer(await bench.begin(), 'at sea'), 'BAD_CODE');
});

test('okta, prompts - of several factors one is chosen, and only that one is tried', async () => {
  await using bench = await start([SMS, { id: 'fwf1', type: 'webauthn', provider: 'FIDO' }, GOOGLE]);
  const step = await bench.begin();
  const { instruction, prompts } = asked(step).question;
  assert.equal(instruction, 'Second factor:\n1: Google Authenticator code\n2: SMS to +XX XXX-0100');
  assert.equal(prompts[0]?.echo, true);
  const next = await bench.answer(step, ' 1 ');
  assert.equal(personOf(await bench.answer(next, totp(TOTP_SECRET, bench.nowMs))).subject, '00u1jdoe');
});

test('okta, prompts - a mistyped choice is asked again, three times at most', async () => {
  await using bench = await start([SMS, GOOGLE]);
  const second = await bench.answer(await bench.begin(), '3');
  const third = await bench.answer(second, '');
  await refused(bench.answer(third, '0'), 'CODE_MISSING');
});

test('okta, prompts - without a choice the first of the order is used', async () => {
  await using bench = await start([SMS, GOOGLE], { factorChoice: 'first' });
  assert.match(asked(await bench.begin()).question.prompts[0]?.text ?? '', /Google Authenticator/);
  await using other = await start([SMS, GOOGLE], { factorOrder: ['sms'] });
  assert.match(asked(await other.begin()).question.prompts[0]?.text ?? '', /SMS/);
});

test('okta, prompts - a push is polled until the phone approves', async () => {
  await using bench = await start([push({ ends: 'approve', afterPolls: 5 })]);
  const { person, shown } = await bench.follow(await bench.begin());
  assert.deepEqual(person.proofs, ['password', 'push']);
  assert.deepEqual(shown, ['Approve the sign-in on your phone.']);
});

test('okta, prompts - polls come after 1, 2 and then every 4 seconds', async () => {
  await using bench = await start([push({ ends: 'approve', afterPolls: 4 })]);
  const pauses: unknown[] = [];
  let step = await bench.begin();
  while (step.outcome === 'asks') {
    pauses.push(step.question.pollSeconds);
    step = await bench.answer(step);
  }
  assert.deepEqual(pauses, [1, 2, 4, 4]);
});

test('okta, prompts - the number of a challenge is shown once, when there is one', async () => {
  const number = { shown: 92, afterPolls: 2 };
  await using bench = await start([push({ ends: 'approve', afterPolls: 5, number })]);
  const { shown } = await bench.follow(await bench.begin());
  assert.deepEqual(shown, ['Approve the sign-in on your phone.', 'Choose 92 on your phone.']);
});

for (const [ends, code] of [
  ['reject', 'MFA_REJECTED'],
  ['timeout', 'MFA_TIMED_OUT'],
  ['never', 'MFA_TIMED_OUT'],
] as const)
  test(`okta, prompts - a push that ends with ${ends} refuses, though Okta answers with status 200`, async () => {
    await using bench = await start([push({ ends, afterPolls: 2 })]);
    await refused(bench.follow(await bench.begin()), code);
    assert.equal(bench.simulator.transcript.lines.at(-1), 'POST /api/v1/authn/cancel 200');
    assert.ok(bench.simulator.transcript.lines.every((line) => !line.includes('SUCCESS')));
  });

test('okta, prompts - a limit while polling refuses and counts as no failure', async () => {
  await using bench = await start([push({ ends: 'approve', afterPolls: 2 })]);
  const step = await bench.begin();
  const json = { errorCode: 'E0000047' };
  bench.simulator.failNext(/verify$/, { kind: 'altered', alter: () => ({ status: 429, json }) });
  await refused(bench.answer(step), 'THROTTLED');
});

test('okta, prompts - a client that cannot be asked is refused without a call', async () => {
  await using bench = await start([GOOGLE]);
  await refused(bench.password(), 'MFA_REQUIRED');
  assert.equal(bench.simulator.transcript.entries.length, 0);
});

test('okta, prompts - such a client may append the code where the configuration lets it', async () => {
  await using bench = await start([GOOGLE], { plainPassword: 'appended' });
  const person = personOf(await bench.password(PASSWORD + totp(TOTP_SECRET, bench.nowMs)));
  assert.deepEqual(person.proofs, ['password', 'code']);
});

test('okta, prompts - a success without a factor is a downgrade and refused', async () => {
  await using bench = await Bench.start({ users: [userWith()], options: { mfa: 'prompts' } });
  await refused(bench.begin(), 'MFA_REQUIRED');
});

test('okta, prompts - a user with nothing usable is refused, and nothing is sent', async () => {
  await using bench = await start([{ id: 'dfc1', type: 'web', provider: 'DUO' }]);
  await refused(bench.begin(), 'MFA_UNSUPPORTED');
});

test('okta, prompts - a transaction that is too old is refused', async () => {
  await using bench = await start([GOOGLE]);
  const step = await bench.begin();
  bench.pass(6 * 60_000);
  await refused(bench.answer(step, '123456'), 'STATE_INVALID');
});

test('okta, prompts - a password that is expired is refused after the factor', async () => {
  await using bench = await start([GOOGLE], {}, { policy: { mfa: 'always', isPasswordExpired: true } });
  const step = await bench.begin();
  await refused(bench.answer(step, totp(TOTP_SECRET, bench.nowMs)), 'PASSWORD_EXPIRED');
});

for (const saved of [null, {}, { stage: 'code' }, { stage: 'done', stateToken: 'x' }, 'x', [1]])
  test(`okta, prompts - the state ${JSON.stringify(saved)} is refused without a call`, async () => {
    await using bench = await start([GOOGLE]);
    await refused(Promise.resolve(bench.provider.answers?.(bench.login(), saved, [])), 'STATE_INVALID');
    assert.equal(bench.simulator.transcript.entries.length, 0);
  });

test('okta, prompts - no answer or two are refused', async () => {
  await using bench = await start([GOOGLE]);
  await refused(bench.answer(await bench.begin()), 'STATE_INVALID');
  await refused(bench.answer(await bench.begin(), '1', '2'), 'STATE_INVALID');
});

test('okta, prompts - what travels between two questions stays small', async () => {
  await using bench = await start([GOOGLE, SMS, CALL, EMAIL, HOTP, RSA, YUBIKEY, QUESTION]);
  const { saved } = asked(await bench.begin());
  assert.ok(JSON.stringify(saved).length < 2048, String(JSON.stringify(saved).length));
});
