import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DenialCode, Denied, IdentityFault } from '../decision.ts';
import { FailureLimiter } from './failure-limiter.ts';
import { providerRulesOptions } from './options.ts';

/** A limiter with a clock of its own, and how often the provider was asked. */
class Bench {
  nowMs = 1_000_000;
  askedCount = 0;
  readonly client = new AbortController();
  readonly limiter: FailureLimiter;

  constructor(failures: object = {}) {
    this.limiter = new FailureLimiter(providerRulesOptions.parse({ failures }).failures, () => this.nowMs);
  }

  /** The code of an attempt that ends with the denial, or succeeds. */
  async attempt(key: string, denial?: DenialCode, isPoll = false): Promise<string> {
    return this.run(key, isPoll, async () => {
      if (denial !== undefined) throw new Denied(denial);
      this.limiter.forgive(key);
    });
  }

  async run(key: string, isPoll: boolean, work: () => Promise<void>): Promise<string> {
    try {
      await this.limiter.attempt(key, { isPoll, signal: this.client.signal }, () => {
        this.askedCount += 1;
        return work();
      });
      return 'GRANTED';
    } catch (error) {
      assert.ok(error instanceof Denied || error instanceof IdentityFault);
      return error.code;
    }
  }

  async fail(count: number, key = 'jdoe'): Promise<void> {
    for (let each = 0; each < count; each += 1) await this.attempt(key, 'BAD_CREDENTIALS');
  }
}

test('failure limiter - after N failures the provider is not asked, and others are', async () => {
  const bench = new Bench({ after: 5 });
  await bench.fail(5);
  for (let each = 0; each < 20; each += 1) assert.equal(await bench.attempt('jdoe'), 'TOO_MANY_FAILURES');
  assert.equal(bench.askedCount, 5);
  assert.equal(await bench.attempt('msmith'), 'GRANTED');
});

test('failure limiter - each further failure doubles the pause, up to the longest', async () => {
  const bench = new Bench({ after: 2, firstPauseSeconds: 1, longestPauseSeconds: 4 });
  await bench.fail(2);
  for (const pauseMs of [1000, 2000, 4000, 4000]) {
    bench.nowMs += pauseMs - 1;
    assert.equal(await bench.attempt('jdoe', 'BAD_CREDENTIALS'), 'TOO_MANY_FAILURES');
    bench.nowMs += 1;
    assert.equal(await bench.attempt('jdoe', 'BAD_CREDENTIALS'), 'BAD_CREDENTIALS');
  }
});

test('failure limiter - a success and time forget the failures', async () => {
  const bench = new Bench({ after: 2, forgetAfterSeconds: 60 });
  await bench.fail(1);
  assert.equal(await bench.attempt('jdoe'), 'GRANTED');
  await bench.fail(1);
  bench.nowMs += 60_000;
  await bench.fail(1);
  assert.equal(await bench.attempt('jdoe'), 'GRANTED');
});

test('failure limiter - what proves nothing about a guess does not count', async () => {
  const bench = new Bench({ after: 1 });
  for (const code of ['NOT_MAPPED', 'THROTTLED', 'CODE_MISSING', 'SOURCE_REFUSED'] as const)
    assert.equal(await bench.attempt('jdoe', code), code);
  await bench.run('jdoe', false, () => Promise.reject(new IdentityFault('UPSTREAM_FAILED')));
  assert.equal(await bench.attempt('jdoe'), 'GRANTED');
});

test('failure limiter - guesses at the same time are no way around it', async () => {
  const bench = new Bench({ after: 5 });
  const { promise, reject } = Promise.withResolvers<void>();
  await bench.fail(1);
  const codes = Array.from({ length: 50 }, () => bench.run('jdoe', false, () => promise));
  reject(new Denied('BAD_CREDENTIALS'));
  await Promise.all(codes);
  assert.equal(bench.askedCount, 5);
  bench.nowMs += 1000;
  await Promise.all(Array.from({ length: 50 }, () => bench.attempt('jdoe', 'BAD_CREDENTIALS')));
  assert.equal(bench.askedCount, 6, 'one try after the pause');
});

test('failure limiter - a client with many connections is let in, a few at a time', async () => {
  const bench = new Bench({ after: 3 });
  let inProgressCount = 0;
  let mostInProgress = 0;
  const login = async () => {
    inProgressCount += 1;
    mostInProgress = Math.max(mostInProgress, inProgressCount);
    await new Promise(setImmediate);
    inProgressCount -= 1;
    bench.limiter.forgive('jdoe');
  };
  await bench.fail(1);
  const codes = await Promise.all(Array.from({ length: 100 }, () => bench.run('jdoe', false, login)));
  assert.deepEqual(new Set(codes), new Set(['GRANTED']));
  assert.ok(mostInProgress <= 3, `${mostInProgress} at once`);
});

test('failure limiter - those who wait are bounded, and leave when their time is over', async () => {
  const bench = new Bench({ after: 2 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const codes = Array.from({ length: 300 }, () => bench.run('jdoe', false, () => promise));
  await new Promise(setImmediate);
  bench.client.abort();
  resolve();
  const done = await Promise.all(codes);
  assert.equal(done.filter((code) => code === 'GRANTED').length, 2);
  assert.equal(done.filter((code) => code === 'UPSTREAM_TIMED_OUT').length, 256);
  assert.equal(done.filter((code) => code === 'OVERLOADED').length, 42);
  assert.equal(bench.askedCount, 2);
});

test('failure limiter - polls are let through and their end counts', async () => {
  const bench = new Bench({ after: 2 });
  await bench.fail(2);
  assert.equal(await bench.attempt('jdoe', 'MFA_REJECTED', true), 'MFA_REJECTED');
  bench.nowMs += 1999;
  assert.equal(await bench.attempt('jdoe'), 'TOO_MANY_FAILURES');
});

test('failure limiter - remembers a bounded number of users, the latest failures', async () => {
  const bench = new Bench({ after: 1, maxUsers: 100 });
  for (let user = 0; user < 300; user += 1) await bench.fail(1, `user${user}`);
  assert.equal(await bench.attempt('user299'), 'TOO_MANY_FAILURES');
  assert.equal(await bench.attempt('user0'), 'GRANTED');
});
