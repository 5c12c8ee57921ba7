import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HashPace } from './hash-pace.ts';
import { HashQueue } from './hash-queue.ts';

const forever = new AbortController().signal;

function queue(maxWaiting = 2): HashQueue {
  return new HashQueue({ pace: new HashPace(), maxWaiting });
}

/** A piece of work that ends when it is told to. */
function held(): { readonly work: () => Promise<void>; readonly end: () => void; readonly begun: boolean[] } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const begun: boolean[] = [];
  const work = (): Promise<void> => {
    begun.push(true);
    return promise;
  };
  return { work, end: resolve, begun };
}

test('hash queue - one works, the others wait in the order they came', async () => {
  const hashes = queue();
  const order: string[] = [];
  const first = held();
  const running = hashes.run(forever, first.work);
  const second = hashes.run(forever, async () => void order.push('second'));
  const third = hashes.run(forever, async () => void order.push('third'));
  await Promise.resolve();
  assert.deepEqual([first.begun, order], [[true], []]);
  first.end();
  await Promise.all([running, second, third]);
  assert.deepEqual(order, ['second', 'third']);
});

test('hash queue - more than the bound are refused, and there is room again afterwards', async () => {
  const hashes = queue(1);
  const first = held();
  const running = hashes.run(forever, first.work);
  const waiting = hashes.run(forever, async () => 'waited');
  await assert.rejects(
    hashes.run(forever, async () => {}),
    { code: 'LIMIT_EXCEEDED' },
  );
  first.end();
  await running;
  assert.equal(await waiting, 'waited');
  assert.equal(await hashes.run(forever, async () => 'again'), 'again');
});

test('hash queue - one who waits leaves when its session ends, and never begins', async () => {
  const hashes = queue();
  const first = held();
  const running = hashes.run(forever, first.work);
  const session = new AbortController();
  const left = held();
  const waiting = hashes.run(session.signal, left.work);
  session.abort();
  await assert.rejects(waiting, { code: 'ABORTED' });
  first.end();
  await running;
  assert.equal(await hashes.run(forever, async () => 'next'), 'next');
  assert.deepEqual(left.begun, []);
  await assert.rejects(hashes.run(session.signal, left.work), { code: 'ABORTED' });
});

test('hash queue - a failure gives the turn to the next', async () => {
  const hashes = queue();
  const failing = hashes.run(forever, async () => {
    throw new Error('broken');
  });
  const next = hashes.run(forever, async () => 'next');
  await assert.rejects(failing, /broken/);
  assert.equal(await next, 'next');
});

test('hash pace - one turn of the event loop has one slice, whoever hashes', async () => {
  const pace = new HashPace();
  const slices: number[] = [];
  let turn = 0;
  const count = setInterval(() => {}, 1000);
  const tick = (): void => {
    turn += 1;
    if (slices.length < 3) setImmediate(tick);
  };
  setImmediate(tick);
  await Promise.all([1, 2, 3].map(() => pace.turn().then(() => slices.push(turn))));
  clearInterval(count);
  assert.equal(new Set(slices).size, 3);
});
