/** The launcher on a Node that cannot become another program: it stays as the parent of the real one. */

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Served, serve } from './testing/served.ts';

const OLD_NODE = ['--import', 'data:text/javascript,delete process.execve'];
const STOP_TIMEOUT_MS = 10_000;

function isListening({ ready }: Served): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: ready.servers[0]?.listen.SFTP.port ?? 0 });
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`launcher - ${signal} sent to it alone stops the server in good order`, async () => {
    const server = await serve({ nodeArguments: OLD_NODE });
    server.child.kill(signal);
    assert.equal(await server.exited, 0);
    assert.equal(await isListening(server), false);
  });
}

test('launcher - a server whose launcher was killed does not stay behind', async () => {
  const server = await serve({ nodeArguments: OLD_NODE });
  server.child.kill('SIGKILL');
  await server.exited;
  const deadlineMs = performance.now() + STOP_TIMEOUT_MS;
  while ((await isListening(server)) && performance.now() < deadlineMs) await delay(50);
  assert.equal(await isListening(server), false);
});
