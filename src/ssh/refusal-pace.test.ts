import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pacedMs, paceRefusal } from './refusal-pace.ts';

test('A-6 refusal pace - an answer is given at the step, its double, its double again', () => {
  for (const [elapsedMs, answeredMs] of [
    [0, 100],
    [99, 100],
    [100, 100],
    [101, 200],
    [350, 400],
    [4999, 6400],
    [5000, 5000],
    [9000, 9000],
  ] as const)
    assert.equal(pacedMs(elapsedMs, 100), answeredMs);
});

test('A-6 refusal pace - an answer waits no longer than as long as it took, or one step', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 20_000, noNaN: true }),
      fc.constantFrom(5, 100),
      (elapsedMs, stepMs) => {
        const answeredMs = pacedMs(elapsedMs, stepMs);
        assert.ok(answeredMs >= elapsedMs && answeredMs <= Math.max(stepMs, elapsedMs * 2));
      },
    ),
  );
});

test('refusal pace - ends at once with the connection', async () => {
  const startedMs = performance.now();
  await paceRefusal(startedMs, 60_000, AbortSignal.abort());
  assert.ok(performance.now() - startedMs < 1000);
});
