import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RestartPace } from './restart-pace.ts';

test('restart - at once after one failure, then after pauses that double up to a limit', () => {
  const pace = new RestartPace(() => 0);
  const pausesMs = Array.from({ length: 8 }, () => {
    pace.failed(100);
    return pace.pauseMs;
  });
  assert.deepEqual(pausesMs, [0, 1000, 2000, 4000, 8000, 16_000, 16_000, 16_000]);
});

test('restart - a process that lived long was no failed start', () => {
  const pace = new RestartPace(() => 0);
  for (const livedMs of [100, 100, 30_000]) pace.failed(livedMs);
  assert.equal(pace.pauseMs, 0);
});

test('restart - the pause ends with time', () => {
  let nowMs = 0;
  const pace = new RestartPace(() => nowMs);
  pace.failed(1);
  pace.failed(1);
  nowMs = 400;
  assert.equal(pace.pauseMs, 600);
  nowMs = 5000;
  assert.equal(pace.pauseMs, 0);
});
