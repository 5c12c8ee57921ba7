import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedBy, Clock, ProviderBench, personIn } from '../testing/provider-bench.ts';
import { oidcOptions } from './options.ts';
import { createOidcProvider } from './provider.ts';
import { CLIENT, REDIRECT_URI, RealIssuer } from './testing/real-issuer.ts';

function benchOf(issuer: string, options: Readonly<Record<string, unknown>>): ProviderBench {
  const parsed = oidcOptions.parse({ issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret, ...options });
  return new ProviderBench((surroundings) => createOidcProvider(parsed, surroundings), new Clock(Date.now()));
}

const ENTER = [''];

async function device(options: Readonly<Record<string, unknown>> = {}) {
  const issuer = await RealIssuer.start();
  const bench = benchOf(issuer.issuer, { flow: 'device', ...options });
  const step = await bench.begin();
  const instruction = askedBy(step).question.instruction ?? '';
  const userCode = /enter the code (\S+)/.exec(instruction)?.[1] ?? assert.fail('there is no code');
  return {
    issuer,
    bench,
    step,
    instruction,
    userCode,
    [Symbol.asyncDispose]: () => issuer[Symbol.asyncDispose](),
  };
}

test('oidc device - who approves in the browser as the user of the login is let in', async () => {
  await using scene = await device();
  const { bench, instruction, step } = scene;
  assert.match(instruction, /Open http:\/\/127\.0\.0\.1:\d+\/device and enter/);
  assert.match(instruction, /jdoe to s-0123456789abcdef0 from 203\.0\.113\.9/);
  assert.deepEqual(askedBy(step).question.prompts, [{ text: 'Press Enter when it is done: ', echo: true }]);
  bench.clock.pass(5);
  const early = await bench.answer(step, ENTER);
  assert.equal(askedBy(early).question.instruction, 'It is not approved yet.');
  await scene.issuer.approve(scene.userCode);
  bench.clock.pass(5);
  const person = personIn(await bench.answer(early, ENTER));
  assert.equal(person.userName, 'jdoe');
  assert.deepEqual(person.proofs, ['browser']);
  bench.assertQuiet();
});

test('oidc device - nothing is polled sooner than the identity provider wants', async () => {
  await using scene = await device();
  await scene.issuer.approve(scene.userCode);
  const early = await scene.bench.answer(scene.step, ENTER);
  assert.equal(askedBy(early).question.instruction, 'Please wait a moment.');
});

test('oidc device - polls show nothing after the first, and wait for the interval', async () => {
  await using scene = await device({ waiting: 'poll' });
  const { question } = askedBy(scene.step);
  assert.deepEqual([question.prompts, question.pollSeconds], [[], 5]);
  scene.bench.clock.pass(5);
  const next = await scene.bench.answer(scene.step);
  assert.deepEqual(askedBy(next).question, { prompts: [], pollSeconds: 5 });
  await scene.issuer.approve(scene.userCode);
  scene.bench.clock.pass(5);
  assert.equal(personIn(await scene.bench.answer(next)).subject, 'jdoe');
});

test('oidc device - somebody else’s approval is not the user’s', async () => {
  await using scene = await device();
  await scene.issuer.approve(scene.userCode, 'verified');
  scene.bench.clock.pass(5);
  await scene.bench.assertRefused(scene.bench.answer(scene.step, ENTER), 'IDENTITY_MISMATCH');
});

test('oidc device - a denial in the browser refuses the login', async () => {
  await using scene = await device();
  await scene.issuer.deny(scene.userCode);
  scene.bench.clock.pass(5);
  await scene.bench.assertRefused(scene.bench.answer(scene.step, ENTER), 'MFA_REJECTED');
});

test('oidc device - an approval after the limit comes too late', async () => {
  await using scene = await device({ browserSeconds: 60 });
  await scene.issuer.approve(scene.userCode);
  scene.bench.clock.pass(60);
  await scene.bench.assertRefused(scene.bench.answer(scene.step, ENTER), 'MFA_TIMED_OUT');
});

test('oidc device - a newer login of the user from the address ends the older', async () => {
  await using scene = await device();
  const { bench, step, userCode } = scene;
  await bench.begin({ sourceIp: '203.0.113.10' });
  await scene.issuer.approve(userCode);
  await bench.begin();
  bench.clock.pass(5);
  await bench.assertRefused(bench.answer(step, ENTER), 'STATE_INVALID');
});

test('oidc device - a state that is none, and a client that cannot be asked, are refused', async () => {
  await using scene = await device();
  const { bench } = scene;
  for (const saved of [null, 7, 'x', [], {}, { stage: 'device' }])
    await bench.assertRefused(bench.answerWith(saved, ENTER), 'STATE_INVALID');
  await bench.assertRefused(bench.begin({ canPrompt: false }), 'MFA_REQUIRED');
  await bench.assertRefused(bench.password(), 'PASSWORD_NOT_ACCEPTED');
  assert.equal(await bench.lookUp(), undefined);
});

test('oidc device - a token that does not say when the proof was is too old', async () => {
  await using scene = await device({ maxAuthAgeSeconds: 1, waiting: 'poll' });
  await scene.issuer.approve(scene.userCode);
  scene.bench.clock.pass(5);
  await scene.bench.assertRefused(scene.bench.answer(scene.step), 'MFA_REQUIRED');
});

async function link(options: Readonly<Record<string, unknown>> = {}) {
  const issuer = await RealIssuer.start();
  const bench = benchOf(issuer.issuer, { flow: 'link', redirectUri: REDIRECT_URI, ...options });
  const step = await bench.begin();
  const { question } = askedBy(step);
  assert.equal(question.prompts[0]?.echo, false);
  const url = /^Open (\S+)$/m.exec(question.instruction ?? '')?.[1] ?? assert.fail('there is no link');
  return { issuer, bench, step, url, [Symbol.asyncDispose]: () => issuer[Symbol.asyncDispose]() };
}

test('oidc link - the code of the redirect page finishes the login', async () => {
  await using scene = await link();
  const redirected = new URL(await scene.issuer.browse(scene.url));
  const code = redirected.searchParams.get('code') ?? assert.fail('there is no code');
  const person = personIn(await scene.bench.answer(scene.step, [` ${code} `]));
  assert.deepEqual([person.userName, person.proofs], ['jdoe', ['browser']]);
  await scene.bench.assertRefused(scene.bench.answer(scene.step, [code]), 'BAD_CODE');
});

test('oidc link - the whole address of the page does too, if it belongs to this login', async () => {
  await using scene = await link();
  const address = await scene.issuer.browse(scene.url);
  const foreign = new URL(address);
  foreign.searchParams.set('state', 'of-another-login');
  const { bench, step } = scene;
  await bench.assertRefused(bench.answer(step, [foreign.href]), 'UPSTREAM_ANSWER_INVALID');
  assert.equal(personIn(await bench.answer(step, [address])).userName, 'jdoe');
});

test('oidc link - the code of another login is worth nothing', async () => {
  await using scene = await link();
  const other = await scene.bench.begin({ sourceIp: '203.0.113.10' });
  const address = await scene.issuer.browse(scene.url);
  const code = new URL(address).searchParams.get('code') ?? '';
  const elsewhere = { sourceIp: '203.0.113.10' };
  await scene.bench.assertRefused(scene.bench.answer(other, [code], elsewhere), 'BAD_CODE');
});

test('oidc link - somebody else’s browser is not the user’s', async () => {
  await using scene = await link();
  const address = await scene.issuer.browse(scene.url, 'verified');
  await scene.bench.assertRefused(scene.bench.answer(scene.step, [address]), 'IDENTITY_MISMATCH');
});

test('oidc link - an error on the page, a late code, and nothing at all are refused', async () => {
  await using scene = await link();
  const { bench, step } = scene;
  const state = new URL(scene.url).searchParams.get('state') ?? '';
  const denied = `${REDIRECT_URI}?error=access_denied&state=${state}&iss=${encodeURIComponent(scene.issuer.issuer)}`;
  await bench.assertRefused(bench.answer(step, [denied]), 'MFA_REJECTED');
  await bench.assertRefused(bench.answer(step, ['']), 'CODE_MISSING');
  await bench.assertRefused(bench.answer(step, ['canary-5d0e-code']), 'BAD_CODE');
  bench.clock.pass(180);
  await bench.assertRefused(bench.answer(step, ['canary-5d0e-code']), 'MFA_TIMED_OUT');
  await bench.assertRefused(bench.answerWith({ stage: 'link' }, ['code']), 'STATE_INVALID');
  await bench.assertRefused(bench.password(), 'PASSWORD_NOT_ACCEPTED');
});
