import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { connect, makeHostKeys, sharedResources } from '../testing/pair.ts';
import { KexGate } from './gate.ts';

const hostKeys = makeHostKeys();
const limits = { maxRunning: 1, maxWaiting: 2, waitTimeoutMs: 10_000 };
const { signal } = new AbortController();

/** Work that lasts until it is ended. */
function occupy(gate: KexGate): { end(): void; readonly done: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { end: resolve, done: gate.run(signal, () => promise) };
}

test('gate - no more run at once than allowed, and the others in the order they came', async () => {
  const gate = new KexGate({ ...limits, maxRunning: 2, maxWaiting: 10 });
  const order: number[] = [];
  let running = 0;
  const work = async (index: number): Promise<void> => {
    running++;
    assert.ok(running <= 2, `${running} run`);
    order.push(index);
    await nextTurn();
    running--;
  };
  await Promise.all(Array.from({ length: 10 }, (_, index) => gate.run(signal, () => work(index))));
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual([gate.running, gate.waiting], [0, 0]);
});

test('gate - a full queue refuses at once', async () => {
  const gate = new KexGate(limits);
  const first = occupy(gate);
  const waiting = [occupy(gate), occupy(gate)];
  await assert.rejects(
    gate.run(signal, async () => undefined),
    { code: 'KEX_BUSY', disconnectReason: 3 },
  );
  for (const { end } of [first, ...waiting]) end();
  await Promise.all([first, ...waiting].map(({ done }) => done));
  assert.equal(gate.running, 0);
});

test('gate - who waits too long is refused, and takes no slot afterwards', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const gate = new KexGate(limits);
  const first = occupy(gate);
  const late = assert.rejects(
    gate.run(signal, async () => undefined),
    { code: 'KEX_BUSY' },
  );
  t.mock.timers.tick(10_000);
  await late;
  assert.deepEqual([gate.running, gate.waiting], [1, 0]);
  first.end();
  await first.done;
  assert.equal(gate.running, 0);
});

test('gate - work that fails frees its slot', async () => {
  const gate = new KexGate(limits);
  const failing = gate.run(signal, () => Promise.reject(new Error('no')));
  const next = gate.run(signal, async () => 'done');
  await assert.rejects(failing, /no/);
  assert.equal(await next, 'done');
  assert.equal(gate.running, 0);
});

test('gate - a connection that ends leaves the queue, and one that ended before its turn does no work', async () => {
  const gate = new KexGate(limits);
  const first = occupy(gate);
  const gone = new AbortController();
  const waiting = gate.run(gone.signal, () => assert.fail('worked for nobody'));
  const reason = new Error('gone');
  gone.abort(reason);
  await assert.rejects(waiting, reason);
  assert.deepEqual([gate.running, gate.waiting], [1, 0]);
  first.end();
  await first.done;
  await assert.rejects(
    gate.run(gone.signal, () => assert.fail('worked for nobody')),
    reason,
  );
  assert.equal(gate.running, 0);
});

test('gate - a client that leaves while its exchange waits gives its place to the next', async () => {
  const gate = new KexGate({ ...limits, maxWaiting: 1 });
  const shared = sharedResources(gate);
  const first = occupy(gate);
  const leaving = connect({ hostKeys, shared });
  leaving.client.handshake({ kex: 'diffie-hellman-group14-sha256' }).catch(() => undefined);
  while (gate.waiting === 0) await nextTurn();
  leaving.client.stream.destroy();
  await leaving.closed;
  while (gate.waiting > 0) await nextTurn();
  const next = connect({ hostKeys, shared });
  const handshake = next.client.handshake({ kex: 'diffie-hellman-group14-sha256' });
  while (gate.waiting === 0) await nextTurn();
  first.end();
  await handshake;
  assert.deepEqual([gate.running, gate.waiting], [0, 0]);
});

test('gate - a full queue ends the expensive handshake with reason 3 and lets the cheap ones pass', async () => {
  const gate = new KexGate({ ...limits, maxWaiting: 0 });
  const shared = sharedResources(gate);
  const first = occupy(gate);
  for (const kex of ['diffie-hellman-group18-sha512', 'ecdh-sha2-nistp521', 'mlkem1024nistp384-sha384']) {
    const { client, closed } = connect({ hostKeys, shared });
    client.handshake({ kex }).catch(() => undefined);
    const error = await closed;
    assert.equal(error.code, 'KEX_BUSY');
    assert.equal(error.disconnectReason, 3);
  }
  for (const kex of ['mlkem768x25519-sha256', 'curve25519-sha256', 'ecdh-sha2-nistp256']) {
    const { client } = connect({ hostKeys, shared });
    await client.handshake({ kex });
    await client.startAuthentication();
  }
  first.end();
  await first.done;
});

test('gate - a number that is out of range does not get as far', async () => {
  const gate = new KexGate({ ...limits, maxWaiting: 0 });
  const first = occupy(gate);
  const { client, closed } = connect({ hostKeys, shared: sharedResources(gate) });
  client
    .handshake({ kex: 'diffie-hellman-group14-sha256', publicValue: Buffer.from([1]) })
    .catch(() => undefined);
  assert.equal((await closed).code, 'KEX_FAILED');
  first.end();
  await first.done;
});

test('gate - a slot that is freed in the moment in which a waiting connection ends is not lost', async () => {
  const gate = new KexGate(limits);
  const first = occupy(gate);
  const gone = new AbortController();
  const waiting = gate.run(gone.signal, () => assert.fail('worked for nobody'));
  await nextTurn();
  first.end();
  gone.abort(new Error('gone'));
  await assert.rejects(waiting, /gone/);
  await first.done;
  assert.deepEqual([gate.running, gate.waiting], [0, 0]);
  assert.equal(await gate.run(signal, async () => 'done'), 'done');
});
