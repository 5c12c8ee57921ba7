import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmptiedDirectories } from './emptied.ts';

test('s3 emptied directories - are remembered for ten minutes from the last time', () => {
  let nowMs = 0;
  const emptied = new EmptiedDirectories(() => nowMs);
  emptied.add('a/');
  nowMs = 400_000;
  emptied.add('a/');
  nowMs = 999_999;
  assert.ok(emptied.has('a/'));
  nowMs = 1_000_000;
  assert.ok(!emptied.has('a/'));
});

test('s3 emptied directories - the oldest is forgotten for a new one, and one that is made again at once', () => {
  const emptied = new EmptiedDirectories(() => 0);
  for (let index = 0; index <= 10_000; index++) emptied.add(`${index}/`);
  assert.deepEqual([emptied.has('0/'), emptied.has('1/'), emptied.has('10000/')], [false, true, true]);
  emptied.forget('1/');
  assert.ok(!emptied.has('1/'));
});
