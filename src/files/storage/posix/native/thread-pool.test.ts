import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Request, Result } from './protocol.ts';
import type { ThreadOptions } from './thread.ts';
import {
  type Call,
  GROW_AFTER_MS,
  IDLE_THREAD_MS,
  MAX_BATCH_REQUESTS,
  MAX_REQUESTS,
  MAX_THREADS,
  REQUEST_TIMEOUT_MS,
  SWEEP_MS,
  ThreadPool,
} from './thread-pool.ts';

/** A thread that answers when the test says so. */
class StagedThread {
  readonly options: ThreadOptions;
  batches: (readonly Request[])[] = [];
  isStopped = false;

  constructor(options: ThreadOptions) {
    this.options = options;
    queueMicrotask(() => options.onReady({}));
  }

  post(requests: readonly Request[]): void {
    this.batches.push(requests);
  }

  rest(): void {}

  async stop(): Promise<boolean> {
    this.isStopped = true;
    return true;
  }

  answer(number = 0): void {
    const requests = this.batches.shift() ?? [];
    this.options.onAnswers(requests.map(({ id }) => ({ id, result: { numbers: [number], text: '' } })));
  }
}

interface Stage {
  readonly pool: ThreadPool;
  readonly threads: StagedThread[];
  /** Lets time pass, timers and all. */
  pass(milliseconds: number): Promise<void>;
}

function stage(context: TestContext): Stage {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const threads: StagedThread[] = [];
  let nowMs = 0;
  const pool = new ThreadPool({
    rootDescriptor: -1,
    makeThread: (options) => {
      const thread = new StagedThread(options);
      threads.push(thread);
      return thread;
    },
    nowMs: () => nowMs,
  });
  return {
    pool,
    threads,
    pass: async (milliseconds) => {
      nowMs += milliseconds;
      context.mock.timers.tick(milliseconds);
      await settle();
    },
  };
}

/** Microtasks of the pool have run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function call(pool: ThreadPool, more: Partial<Call<number | undefined>> = {}): Promise<number | undefined> {
  const place = { base: '', path: 'a', followsLinks: true };
  const operation = { kind: 'stat', place, showsLink: false } as const;
  const decode = ({ numbers }: Result): number | undefined => numbers[0];
  return pool.call({ profile: undefined, operation, decode, ...more });
}

test('threads - what is asked in one turn travels together, up to a limit', async (context) => {
  const { pool, threads } = stage(context);
  await pool.start();
  const calls = Array.from({ length: MAX_BATCH_REQUESTS + 3 }, () => call(pool));
  await settle();
  const [thread] = threads;
  assert.deepEqual(
    thread?.batches.map((batch) => batch.length),
    [MAX_BATCH_REQUESTS],
  );
  thread?.answer(1);
  await settle();
  assert.equal(thread?.batches[0]?.length, 3);
  thread?.answer(2);
  assert.deepEqual(new Set(await Promise.all(calls)), new Set([1, 2]));
});

test('threads - while one hangs, others are started and serve, up to a limit', async (context) => {
  const { pool, threads, pass } = stage(context);
  await pool.start();
  const stuck = call(pool);
  await settle();
  const second = call(pool);
  await settle();
  assert.equal(threads.length, 1);
  await pass(GROW_AFTER_MS);
  assert.equal(threads.length, 2);
  threads[1]?.answer(7);
  assert.equal(await second, 7);
  const more = Array.from({ length: MAX_THREADS * 2 }, async () => {
    await settle();
    return call(pool);
  });
  for (let round = 0; round < MAX_THREADS * 2; round++) await pass(GROW_AFTER_MS);
  assert.ok(threads.length <= MAX_THREADS);
  await pool.close();
  for (const refused of await Promise.allSettled([stuck, ...more])) assert.equal(refused.status, 'rejected');
});

test('threads - a request that is not answered in time is refused, and what it opens later is closed', async (context) => {
  const { pool, threads, pass } = stage(context);
  await pool.start();
  const discarded: (number | undefined)[] = [];
  const refused = assert.rejects(call(pool, { discard: ({ numbers }) => discarded.push(numbers[0]) }), {
    code: 'IO_ERROR',
    message: /does not answer/,
  });
  const held = call(pool, { usesDescriptor: true });
  await settle();
  await pass(REQUEST_TIMEOUT_MS + SWEEP_MS);
  await refused;
  threads[0]?.answer(42);
  assert.deepEqual(discarded, [42]);
  assert.equal(await held, 42, 'who lent a descriptor waits until it is not used any more');
});

test('threads - more than the limit is refused and not kept', async (context) => {
  const { pool, threads } = stage(context);
  await pool.start();
  const calls = Array.from({ length: MAX_REQUESTS }, () => call(pool));
  await assert.rejects(call(pool), { code: 'LIMIT_EXCEEDED' });
  await settle();
  while ((threads[0]?.batches.length ?? 0) > 0) {
    threads[0]?.answer();
    await settle();
  }
  await Promise.all(calls);
  const after = call(pool);
  await settle();
  threads[0]?.answer(1);
  assert.equal(await after, 1);
});

test('threads - idle ones end, and the next request starts one', async (context) => {
  const { pool, threads, pass } = stage(context);
  await pool.start();
  await pass(IDLE_THREAD_MS + SWEEP_MS);
  assert.equal(pool.threadCount, 0);
  assert.equal(threads[0]?.isStopped, true);
  const late = call(pool);
  await settle();
  threads[1]?.answer(3);
  assert.equal(await late, 3);
});

test('threads - one that ends by itself fails what it had, and is replaced', async (context) => {
  const { pool, threads } = stage(context);
  await pool.start();
  const lost = assert.rejects(call(pool), { code: 'IO_ERROR' });
  await settle();
  threads[0]?.options.onEnd(new Error('out of memory'));
  await lost;
  const next = call(pool);
  await settle();
  threads[1]?.answer(4);
  assert.equal(await next, 4);
});

test('threads - after close nothing is taken any more', async (context) => {
  const { pool, threads } = stage(context);
  await pool.start();
  assert.equal(await pool.close(), true);
  assert.equal(threads[0]?.isStopped, true);
  await assert.rejects(call(pool), { code: 'INVALID_HANDLE' });
});
