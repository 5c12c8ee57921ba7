import assert from 'node:assert/strict';
import test from 'node:test';
import { Gate } from './gate.ts';

const never = new AbortController().signal;

test('gate - no more tasks than allowed work at once, and all get their turn', async () => {
  const gate = new Gate({ maxActive: 2, maxWaiting: 10 });
  let active = 0;
  let most = 0;
  const task = async () => {
    active += 1;
    most = Math.max(most, active);
    await new Promise(setImmediate);
    active -= 1;
  };
  await Promise.all(Array.from({ length: 8 }, () => gate.run(task, never)));
  assert.equal(most, 2);
  await gate.run(task, never);
});

test('gate - with too many waiting the next one is refused', async () => {
  const gate = new Gate({ maxActive: 1, maxWaiting: 1 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const tasks = [gate.run(() => promise, never), gate.run(async () => {}, never)];
  await assert.rejects(
    gate.run(async () => {}, never),
    { code: 'OVERLOADED' },
  );
  resolve();
  await Promise.all(tasks);
});

test('gate - who gives up while waiting leaves the queue, and the place goes to the next', async () => {
  const gate = new Gate({ maxActive: 1, maxWaiting: 2 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const controller = new AbortController();
  const first = gate.run(() => promise, never);
  const second = gate.run(async () => 'second', controller.signal);
  const third = gate.run(async () => 'third', never);
  controller.abort();
  await assert.rejects(second, { code: 'UPSTREAM_TIMED_OUT' });
  resolve();
  await first;
  assert.equal(await third, 'third');
});
