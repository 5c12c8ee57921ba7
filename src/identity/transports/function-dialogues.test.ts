import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdentityRequest } from '../request.ts';
import { FunctionBench, requestOf } from '../testing/function-bench.ts';

const DIALOGUE = `
export async function* handler(event) {
  const secret = event.password;
  const { challengeAnswers } = yield { Challenge: { Prompts: [{ Text: 'Code: ' }] } };
  if (challengeAnswers[0] !== '123456') return {};
  const last = yield { Challenge: { Instruction: 'Wait', PollSeconds: 1 } };
  return { Role: 'r', knows: secret === 'p4ssword', answers: last.challengeAnswers, pid: process.pid };
}`;

function answering(state: unknown, challengeAnswers: readonly string[], username = 'alice'): IdentityRequest {
  const checked = IdentityRequest.from({
    username,
    challengeAnswers,
    state: String(state),
    interactive: true,
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '203.0.113.9',
  });
  assert.equal(checked.outcome, 'ready');
  return checked.request;
}

test('dialogue - a generator asks, waits, and answers with what it remembers', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.mjs', DIALOGUE);
  const first = Object(await ask(requestOf({ password: 'p4ssword' })));
  assert.deepEqual(first.Challenge, { Prompts: [{ Text: 'Code: ' }] });
  const second = Object(await ask(answering(first.State, ['123456'])));
  assert.equal(second.Challenge.PollSeconds, 1);
  const { pid, ...answer } = Object(await ask(answering(second.State, [])));
  assert.deepEqual(answer, { Role: 'r', knows: true, answers: [] });
  assert.equal(typeof pid, 'number');
});

test('dialogue - questions go back to the process that asked, whatever the others do', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add(
    'f.mjs',
    `export async function* handler() {
      await new Promise((r) => setTimeout(r, 50));
      yield { Challenge: { Name: String(process.pid), Prompts: [{ Text: 'x' }] } };
      return { pid: process.pid };
    }`,
    { maxInstances: 3 },
  );
  const challenges = await Promise.all(Array.from({ length: 9 }, () => ask()));
  const pids = await Promise.all(
    challenges.map(async (challenge) => {
      const { Challenge, State } = Object(challenge);
      return [Number(Challenge.Name), Object(await ask(answering(State, ['x']))).pid];
    }),
  );
  for (const [asked, answered] of pids) assert.equal(answered, asked);
  assert.equal(new Set(pids.flat()).size, 3);
});

test('dialogue - a question is answered once', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.mjs', DIALOGUE);
  const { State } = Object(await ask());
  assert.deepEqual(await ask(answering(State, ['wrong'])), {});
  await assert.rejects(ask(answering(State, ['123456'])), {
    code: 'FUNCTION_THREW',
    message: /no such dialogue/,
  });
});

test('dialogue - somebody else cannot go on with it', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.mjs', DIALOGUE);
  const { State } = Object(await ask());
  await assert.rejects(ask(answering(State, ['123456'], 'mallory')), { message: /no such dialogue/ });
});

test('dialogue - one whose process is gone is refused, and no process is started for it', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add(
    'f.mjs',
    `export async function* handler(event) {
      if (event.username === 'killer') process.exit(1);
      yield { Challenge: { Prompts: [{ Text: 'x' }] } };
    }`,
    { maxInstances: 1 },
  );
  const { State } = Object(await ask());
  await assert.rejects(ask(requestOf({ username: 'killer' })), { code: 'FUNCTION_CRASHED' });
  await assert.rejects(ask(answering(State, ['x'])), {
    code: 'FUNCTION_CRASHED',
    message: /held the dialogue/,
  });
});

test('dialogue - a generator that yields something else is refused', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.mjs', `export async function* handler() { yield { Role: 'r' }; }`);
  await assert.rejects(ask(), { code: 'FUNCTION_THREW', message: /yields objects with a Challenge/ });
});

test('dialogue - too many that wait are refused, and those that wait go on', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.mjs', DIALOGUE, { maxInstances: 1 });
  const { State } = Object(await ask());
  for (let i = 0; i < 255; i += 1) await ask();
  await assert.rejects(ask(), { code: 'FUNCTION_THREW', message: /256 dialogues/ });
  assert.equal(Object(Object(await ask(answering(State, ['123456'])))).Challenge.PollSeconds, 1);
});
