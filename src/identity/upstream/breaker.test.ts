import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breaker } from './breaker.ts';

const PAUSE_MS = 10_000;
const STAYS = new AbortController().signal;
const OUTAGE = new Error('outage');
const NO = new Error('wrong password');

function bench() {
  const clock = { nowMs: 0 };
  const breaker = new Breaker({
    isOutage: (error) => error === OUTAGE,
    suspended: () => new Error('suspended'),
    now: () => clock.nowMs,
  });
  const says = async (answer: Error | 'yes', signal = STAYS) => {
    try {
      return await breaker.run(async () => {
        if (answer instanceof Error) throw answer;
        return answer;
      }, signal);
    } catch (error) {
      return error instanceof Error ? error.message : 'unknown';
    }
  };
  const fail = async (count: number) => {
    for (let i = 0; i < count; i += 1) assert.equal(await says(OUTAGE), 'outage');
  };
  return { clock, breaker, says, fail };
}

test('breaker - five failures in a row open it, and an answer between them does not', async () => {
  const { says, fail } = bench();
  await fail(4);
  assert.equal(await says(NO), 'wrong password');
  await fail(4);
  assert.equal(await says('yes'), 'yes');
  await fail(5);
  assert.equal(await says('yes'), 'suspended');
});

test('breaker - any number of wrong passwords leaves it closed', async () => {
  const { says } = bench();
  for (let i = 0; i < 50; i += 1) assert.equal(await says(NO), 'wrong password');
  assert.equal(await says('yes'), 'yes');
});

test('breaker - after the pause one call is made, the others are refused at once, and its answer closes it', async () => {
  for (const answer of ['yes', NO] as const) {
    const { clock, breaker, says, fail } = bench();
    await fail(5);
    clock.nowMs += PAUSE_MS - 1;
    assert.equal(await says('yes'), 'suspended');
    clock.nowMs += 1;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const probe = breaker.run(() => promise, STAYS);
    assert.equal(await says('yes'), 'suspended', 'it is not waited for the probe');
    if (answer instanceof Error) reject(answer);
    else resolve(answer);
    await probe.catch(() => {});
    assert.equal(await says('yes'), 'yes');
    await fail(4);
    assert.equal(await says('yes'), 'yes');
  }
});

test('breaker - a call after the pause that fails opens it for as long again', async () => {
  const { clock, says, fail } = bench();
  await fail(5);
  clock.nowMs += PAUSE_MS;
  await fail(1);
  clock.nowMs += PAUSE_MS - 1;
  assert.equal(await says('yes'), 'suspended');
  clock.nowMs += 1;
  assert.equal(await says('yes'), 'yes');
});

test('breaker - a login that is given up is neither a failure nor an answer', async () => {
  const { clock, says, fail } = bench();
  await fail(4);
  for (let i = 0; i < 9; i += 1) assert.equal(await says(OUTAGE, AbortSignal.abort()), 'outage');
  assert.equal(await says('yes'), 'yes');
  await fail(4);
  await says(OUTAGE, AbortSignal.abort());
  await fail(1);
  assert.equal(await says('yes'), 'suspended');
  clock.nowMs += PAUSE_MS;
  await says(OUTAGE, AbortSignal.abort());
  await fail(1);
  assert.equal(await says('yes'), 'suspended', 'the probe that was given up has not closed it');
});
