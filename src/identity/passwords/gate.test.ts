import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Gate } from './gate.ts';

const LIMITS = { capacityBytes: 100, maxWaiting: 2, maxWaitMs: 60_000 };
const { signal } = new AbortController();

function blocked(gate: Gate, bytes: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { done: gate.run(bytes, signal, () => promise), finish: resolve };
}

describe('gate', () => {
  it('gate - work waits in order for room, and more than may wait is turned away', async () => {
    const gate = new Gate(LIMITS);
    const order: string[] = [];
    const first = blocked(gate, 60);
    const heavy = gate.run(80, signal, async () => order.push('heavy'));
    const light = gate.run(10, signal, async () => order.push('light'));
    await assert.rejects(
      gate.run(1, signal, async () => {}),
      { code: 'OVERLOADED' },
    );
    first.finish();
    await Promise.all([first.done, heavy, light]);
    assert.deepEqual(order, ['heavy', 'light']);
  });

  it('gate - what needs more than there is runs alone', async () => {
    assert.equal(await new Gate(LIMITS).run(1000, signal, async () => 'done'), 'done');
  });

  it('gate - work that fails gives its room back', async () => {
    const gate = new Gate(LIMITS);
    await assert.rejects(gate.run(100, signal, () => Promise.reject(new Error('no'))));
    assert.equal(await gate.run(100, signal, async () => 'done'), 'done');
  });

  it('gate - a login that is given up leaves the queue', async () => {
    const gate = new Gate(LIMITS);
    const first = blocked(gate, 100);
    const login = new AbortController();
    const waiting = gate.run(100, login.signal, async () => 'never');
    const behind = gate.run(100, signal, async () => 'behind');
    login.abort();
    await assert.rejects(waiting, { code: 'UPSTREAM_TIMED_OUT' });
    await assert.rejects(
      gate.run(1, login.signal, async () => {}),
      { code: 'UPSTREAM_TIMED_OUT' },
    );
    first.finish();
    assert.equal(await behind, 'behind');
    await first.done;
  });

  it('gate - waiting has an end', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const gate = new Gate(LIMITS);
    const first = blocked(gate, 100);
    const waiting = gate.run(1, signal, async () => {});
    t.mock.timers.tick(60_000);
    await assert.rejects(waiting, { code: 'OVERLOADED' });
    first.finish();
    await first.done;
  });
});
