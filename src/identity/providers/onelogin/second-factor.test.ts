import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedDevice } from '../../../../test/simulators/onelogin/users.ts';
import type { Step } from '../provider.ts';
import { askedBy, PASSWORD, personIn } from '../testing/provider-bench.ts';
import { OneLoginBench, userWith } from './testing/bench.ts';

const GOOGLE: SimulatedDevice = { id: 1, type: 'Google Authenticator', code: '123456' };
const SMS: SimulatedDevice = { id: 2, type: 'OneLogin SMS', code: '271828' };
const protect = (ends: 'approve' | 'reject' | 'never', afterPolls = 2): SimulatedDevice => ({
  id: 3,
  type: 'OneLogin Protect',
  code: '654321',
  push: { ends, afterPolls },
});

function withDevices(devices: readonly SimulatedDevice[], options: Readonly<Record<string, unknown>>) {
  return OneLoginBench.start([userWith({ devices, needsFactor: true })], options);
}

async function follow(bench: OneLoginBench, begun: Step): Promise<Step> {
  let step = begun;
  while (step.outcome === 'asks' && step.question.pollSeconds !== undefined) {
    bench.clock.pass(step.question.pollSeconds);
    step = await bench.answer(step);
  }
  return step;
}

test('onelogin - a code behind the password proves both', async () => {
  await using bench = await withDevices([SMS, GOOGLE, protect('never')], { mfa: 'appended' });
  assert.deepEqual(personIn(await bench.password(`${PASSWORD}123456`)).proofs, ['password', 'code']);
  await bench.assertRefused(bench.password(`${PASSWORD}000000`), 'BAD_CODE');
  await bench.assertRefused(bench.password('wrong123456'), 'BAD_CREDENTIALS');
  await bench.assertRefused(bench.password(PASSWORD), 'CODE_MISSING');
  assert.equal(bench.simulator.pushCount, 0);
});

test('onelogin - the code of OneLogin Protect counts where there is no other device for codes', async () => {
  await using bench = await withDevices([protect('never'), SMS], { mfa: 'appended' });
  assert.deepEqual(personIn(await bench.password(`${PASSWORD}654321`)).proofs, ['password', 'code']);
});

test('onelogin - a code that OneLogin does not ask for proves nothing', async () => {
  await using bench = await OneLoginBench.start([userWith()], { mfa: 'appended' });
  await bench.assertRefused(bench.password(`${PASSWORD}123456`), 'MFA_REQUIRED');
  await using prompts = await OneLoginBench.start([userWith()], { mfa: 'prompts' });
  await prompts.assertRefused(prompts.password(), 'MFA_REQUIRED');
});

test('onelogin - without a device the user has to enrol, with another kind there is no way here', async () => {
  await using none = await withDevices([], { mfa: 'appended' });
  await none.assertRefused(none.password(`${PASSWORD}123456`), 'MFA_ENROLMENT_REQUIRED');
  await using other = await withDevices([{ id: 9, type: 'WebAuthn' }], { mfa: 'prompts' });
  await other.assertRefused(other.password(), 'MFA_UNSUPPORTED');
});

test('onelogin - the code of the only device is asked for', async () => {
  await using bench = await withDevices([GOOGLE], { mfa: 'prompts' });
  const step = await bench.password();
  assert.deepEqual(askedBy(step).question.prompts, [{ text: 'Code (Google Authenticator): ', echo: false }]);
  await bench.assertRefused(bench.answer(step, ['000000']), 'BAD_CODE');
  await bench.assertRefused(bench.answer(step, ['']), 'CODE_MISSING');
  assert.deepEqual(personIn(await bench.answer(step, ['123 456'])).proofs, ['password', 'code']);
});

test('onelogin - several devices are chosen from, and a code is sent only then', async () => {
  await using bench = await withDevices([GOOGLE, SMS], { mfa: 'prompts' });
  const choice = await bench.password();
  assert.match(askedBy(choice).question.instruction ?? '', /1: Google Authenticator\n2: OneLogin SMS/);
  const mistyped = await bench.answer(choice, ['7']);
  const sent = await bench.answer(mistyped, ['2']);
  assert.equal(bench.count(/verify_factor/), 1);
  assert.deepEqual(personIn(await bench.answer(sent, ['271828'])).proofs, ['password', 'code']);
});

test('onelogin - a choice that is mistyped three times ends the login', async () => {
  await using bench = await withDevices([GOOGLE, SMS], { mfa: 'prompts' });
  let step = await bench.password();
  for (const typed of ['0', 'x']) step = await bench.answer(step, [typed]);
  await bench.assertRefused(bench.answer(step, ['3']), 'CODE_MISSING');
});

test('onelogin - an approved push lets in, and the phone is asked once', async () => {
  await using bench = await withDevices([protect('approve', 3), SMS], {
    mfa: 'prompts',
    deviceChoice: 'first',
  });
  const begun = await bench.password();
  assert.match(askedBy(begun).question.instruction ?? '', /Approve/);
  assert.deepEqual(personIn(await follow(bench, begun)).proofs, ['password', 'push']);
  assert.equal(bench.simulator.pushCount, 1);
});

test('onelogin - a rejected push and one that nobody answers are refused', async () => {
  await using rejected = await withDevices([protect('reject')], { mfa: 'prompts' });
  await rejected.assertRefused(follow(rejected, await rejected.password()), 'MFA_REJECTED');
  await using ignored = await withDevices([protect('never')], { mfa: 'prompts' });
  await ignored.assertRefused(follow(ignored, await ignored.password()), 'MFA_TIMED_OUT');
});

test('onelogin - a login that OneLogin has forgotten is too late', async () => {
  await using bench = await withDevices([GOOGLE], { mfa: 'prompts' });
  const step = await bench.password();
  bench.clock.pass(120);
  await bench.assertRefused(bench.answer(step, ['123456']), 'MFA_TIMED_OUT');
});

test('onelogin - the factor of somebody else is not the user’s', async () => {
  await using bench = await withDevices([GOOGLE], { mfa: 'prompts' });
  const step = await bench.password();
  bench.simulator.failNext(/verify_factor$/, {
    kind: 'altered',
    alter: () => ({
      status: 200,
      json: {
        status: { error: false, code: 200, type: 'success' },
        data: [{ status: 'Authenticated', session_token: 'x', user: { id: 43 } }],
      },
    }),
  });
  await bench.assertRefused(bench.answer(step, ['123456']), 'IDENTITY_MISMATCH');
});

test('onelogin - a client that cannot be asked is refused, or takes the code behind the password', async () => {
  await using strict = await withDevices([GOOGLE], { mfa: 'prompts' });
  await strict.assertRefused(strict.password(PASSWORD, { canPrompt: false }), 'MFA_REQUIRED');
  await using both = await withDevices([GOOGLE], { mfa: 'prompts', plainPassword: 'appended' });
  const step = await both.password(`${PASSWORD}123456`, { canPrompt: false });
  assert.deepEqual(personIn(step).proofs, ['password', 'code']);
});

test('onelogin - a state that is none is refused', async () => {
  await using bench = await withDevices([GOOGLE], { mfa: 'prompts' });
  for (const saved of [null, {}, { stage: 'code' }, { stage: 'push', stateToken: 1 }])
    await bench.assertRefused(bench.answerWith(saved, ['1']), 'STATE_INVALID');
});
