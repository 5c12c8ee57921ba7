import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { isOwnPeer } from './peer-owner.ts';
import { type RuntimeListener, RuntimeServer } from './runtime-server.ts';

const REQUEST_ID = '11111111-2222-4333-8444-555555555555';

function bench(listener: Partial<RuntimeListener> = {}) {
  const waiting = Promise.withResolvers<void>();
  const server = new RuntimeServer({
    onWaiting: () => waiting.resolve(),
    onInitError: () => {},
    onOutcome: (requestId) => requestId === REQUEST_ID,
    onTooLarge: () => {},
    ...listener,
  });
  return { server, waiting: waiting.promise };
}

test('runtime server - while a runtime waits nobody else gets an event', async () => {
  const { server, waiting } = bench();
  const base = `http://${await server.listen()}/2018-06-01/runtime`;
  const first = fetch(`${base}/invocation/next`);
  await waiting;
  assert.equal((await fetch(`${base}/invocation/next`)).status, 403);
  const next = { requestId: REQUEST_ID, deadlineMs: Date.now() + 1000, functionArn: 'arn' };
  assert.equal(server.deliver(next, { username: 'alice' }), true);
  assert.equal(server.deliver(next, { username: 'bob' }), false);
  assert.deepEqual(await (await first).json(), { username: 'alice' });
  server.close();
});

test('runtime server - only what the API has is there', async () => {
  const { server } = bench();
  const origin = `http://${await server.listen()}`;
  const statusOf = async (method: string, path: string) =>
    (await fetch(`${origin}${path}`, { method })).status;
  const prefix = '/2018-06-01/runtime';
  assert.equal(await statusOf('GET', '/'), 404);
  assert.equal(await statusOf('POST', `${prefix}/invocation/next`), 404);
  assert.equal(await statusOf('GET', `${prefix}/invocation/${REQUEST_ID}/response`), 404);
  assert.equal(await statusOf('POST', `${prefix}/restore/next`), 404);
  assert.equal(await statusOf('POST', `${prefix}/invocation/${REQUEST_ID}/response`), 202);
  assert.equal(await statusOf('POST', `${prefix}/invocation/${REQUEST_ID.replace('1', '2')}/error`), 400);
  server.close();
});

test('peer - a connection of this very process is its own', async () => {
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer((socket) => accepted.resolve(socket));
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const client = connect(address.port, '127.0.0.1');
  assert.equal(await isOwnPeer(await accepted.promise), true);
  client.destroy();
  server.close();
});
