import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Step } from '../provider.ts';
import { askedBy, endsRefused, personIn } from '../testing/provider-bench.ts';
import { EntraBench, userWith } from './testing/bench.ts';

const ENTER = [''];
const ME = 'jdoe@contoso.example';

async function begun(options: Readonly<Record<string, unknown>> = {}) {
  const bench = await EntraBench.start({
    users: [userWith(), userWith({ id: 'other', userPrincipalName: 'other@contoso.example' })],
    options: { flow: 'device-code', ...options },
  });
  const step = await bench.begin();
  return { bench, step, userCode: codeIn(step), [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
}

function codeIn(step: Step): string {
  return /enter the code (\S+)/.exec(askedBy(step).question.instruction ?? '')?.[1] ?? assert.fail();
}

test('entra device code - who approves as the user of the login is let in', async () => {
  await using scene = await begun();
  const { bench } = scene;
  bench.clock.pass(5);
  const pending = await bench.answer(scene.step, ENTER);
  bench.simulator.decideDevice(scene.userCode, ME);
  bench.clock.pass(5);
  const person = personIn(await bench.answer(pending, ENTER));
  assert.deepEqual([person.userName, person.proofs], ['JDoe@contoso.example', ['browser']]);
});

test('entra device code - the wrong person’s approval is refused', async () => {
  await using scene = await begun();
  scene.bench.simulator.decideDevice(scene.userCode, 'other@contoso.example');
  scene.bench.clock.pass(5);
  await scene.bench.assertRefused(scene.bench.answer(scene.step, ENTER), 'IDENTITY_MISMATCH');
});

test('entra device code - a decline, the limit and the end of the code have their codes', async () => {
  await using declined = await begun();
  declined.bench.simulator.decideDevice(declined.userCode);
  declined.bench.clock.pass(5);
  await declined.bench.assertRefused(declined.bench.answer(declined.step, ENTER), 'MFA_REJECTED');
  await using late = await begun({ browserSeconds: 900 });
  late.bench.clock.pass(899);
  const pending = await late.bench.answer(late.step, ENTER);
  late.bench.clock.pass(5);
  await late.bench.assertRefused(late.bench.answer(pending, ENTER), 'MFA_TIMED_OUT');
});

test('entra device code - slow_down makes every later pause longer', async () => {
  await using scene = await begun({ waiting: 'poll' });
  const { bench } = scene;
  bench.simulator.failNext(/token$/, {
    kind: 'altered',
    alter: () => ({ status: 400, json: { error: 'slow_down' } }),
  });
  bench.clock.pass(5);
  const slower = await bench.answer(scene.step);
  assert.equal(askedBy(slower).question.pollSeconds, 10);
  bench.clock.pass(10);
  assert.equal(askedBy(await bench.answer(slower)).question.pollSeconds, 10);
});

test('entra device code - a policy against the flow is conditional access', async () => {
  await using scene = await begun();
  scene.bench.simulator.decideDevice(scene.userCode, 'blocked@contoso.example');
  scene.bench.clock.pass(5);
  await scene.bench.assertRefused(scene.bench.answer(scene.step, ENTER), 'CONDITIONAL_ACCESS');
});

test('entra device code - passwords are not taken, and a login that cannot be asked begins nothing', async () => {
  await using scene = await begun();
  const before = scene.bench.simulator.requests.length;
  await scene.bench.assertRefused(scene.bench.password(), 'PASSWORD_NOT_ACCEPTED');
  await scene.bench.assertRefused(scene.bench.begin({ canPrompt: false }), 'MFA_REQUIRED');
  assert.equal(scene.bench.simulator.requests.length, before);
});

test('entra device code - a client that leaves ends the call', async () => {
  await using scene = await begun();
  scene.bench.clock.pass(5);
  scene.bench.simulator.failNext(/token$/, { kind: 'silence', after: 'request' });
  const signal = AbortSignal.timeout(20);
  await scene.bench.assertRefused(scene.bench.answer(scene.step, ENTER, { signal }), 'UPSTREAM_TIMED_OUT');
});

test('entra device code - what is shown is fit to be shown, whatever is answered', async () => {
  await using scene = await begun();
  const { bench } = scene;
  const good = {
    device_code: 'd',
    user_code: 'ABCD',
    verification_uri: 'https://x.example',
    expires_in: 900,
  };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(good)), fc.jsonValue(), async (member, value) => {
      const json = { ...good, [member]: value };
      bench.simulator.failNext(/devicecode$/, { kind: 'altered', alter: () => ({ status: 200, json }) });
      const isRefused = await endsRefused(bench.begin());
      assert.ok(isRefused || typeof value === 'string' || typeof value === 'number');
    }),
    { numRuns: 40 },
  );
  for (const user_code of ['\u001b[2J', 'with space', 'x'.repeat(33)]) {
    bench.simulator.failNext(/devicecode$/, {
      kind: 'altered',
      alter: () => ({ status: 200, json: { ...good, user_code } }),
    });
    await bench.assertRefused(bench.begin(), 'UPSTREAM_ANSWER_INVALID');
  }
});
