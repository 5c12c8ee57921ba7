import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A connection with `count` small messages at hand. @returns how many of them were handled so far */
function flooding(turns: Turns, count: number): () => number {
  let handled = 0;
  const go = () => {
    while (handled < count) {
      handled++;
      if (!turns.spend()) return turns.wait(go);
    }
  };
  go();
  return () => handled;
}

test('turns - a flood is handled a few messages at a time, and whole in the end', async () => {
  const turns = new Turns();
  const handled = flooding(turns, 1000);
  assert.ok(handled() <= 4);
  await nextTurn();
  await nextTurn();
  assert.ok(handled() <= 12, `${handled()} at once`);
  for (let turn = 0; turn < 1000; turn++) await nextTurn();
  assert.equal(handled(), 1000);
});

test('turns - many floods share what one would get, and each goes on', async () => {
  const turns = new Turns();
  const floods = Array.from({ length: 20 }, () => flooding(turns, 1000));
  const total = () => floods.reduce((sum, handled) => sum + handled(), 0);
  const before = total();
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  assert.ok(total() - before <= 101 * 4, `${total() - before} in 100 turns`);
  const counts = floods.map((handled) => handled());
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 2 + 4, `uneven: ${counts}`);
});

test('turns - one message does not wait, whoever floods', async () => {
  const turns = new Turns();
  for (let flood = 0; flood < 20; flood++) flooding(turns, 1000);
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  assert.equal(flooding(turns, 1)(), 1);
});

test('turns - while data moves a flood leaves the event loop alone between its turns', async () => {
  const turns = new Turns();
  const handled = flooding(turns, 100_000);
  const endMs = performance.now() + 50;
  while (performance.now() < endMs) {
    turns.moved();
    await nextTurn();
  }
  assert.ok(handled() < 4 * 60, `${handled()} in 50 ms`);
});
