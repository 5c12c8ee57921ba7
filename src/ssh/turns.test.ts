import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnAccount, Turns } from './turns.ts';

const SMALL_BYTES = 40;
const DATA_BYTES = 32_768;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A connection with `count` small messages at hand. @returns how many of them were handled so far */
function flooding(turns: Turns, count: number, account = new TurnAccount(turns)): () => number {
  let handled = 0;
  const go = () => {
    while (handled < count) {
      handled++;
      if (!account.received(SMALL_BYTES, handled < count)) return account.wait(go);
    }
  };
  go();
  return () => handled;
}

/** Lets `account` move data for a while. */
async function move(account: TurnAccount, durationMs: number): Promise<void> {
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs) {
    account.moved(DATA_BYTES);
    await nextTurn();
  }
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

test('turns - who asks one thing at a time never waits, whoever floods', async () => {
  const turns = new Turns();
  for (let flood = 0; flood < 20; flood++) flooding(turns, 1000);
  const account = new TurnAccount(turns);
  for (let asked = 0; asked < 100; asked++) {
    assert.ok(account.received(SMALL_BYTES, false));
    if (asked % 10 === 0) await nextTurn();
  }
});

test('turns - while others move data a flood leaves the event loop alone between its turns', async () => {
  const turns = new Turns();
  const mover = new TurnAccount(turns);
  mover.moved(DATA_BYTES);
  const handled = flooding(turns, 100_000);
  await move(mover, 50);
  assert.ok(handled() < 4 * 30, `${handled()} in 50 ms`);
});

test('turns - a connection alone is not slowed by the data it moves itself', async () => {
  const turns = new Turns();
  const mover = new TurnAccount(turns);
  mover.moved(DATA_BYTES);
  const handled = flooding(turns, 1000, mover);
  await move(mover, 5);
  for (let turn = 0; turn < 300; turn++) await nextTurn();
  assert.equal(handled(), 1000);
});

test('turns - the requests of a transfer are paid by its data', () => {
  const turns = new Turns();
  const account = new TurnAccount(turns);
  account.moved(DATA_BYTES);
  for (let request = 0; request < 32; request++) assert.ok(account.received(SMALL_BYTES, true));
  flooding(turns, 1000);
  assert.equal(account.received(SMALL_BYTES, true), false, 'beyond that it waits as others do');
});
