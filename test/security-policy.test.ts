import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Message } from '../src/ssh/message.ts';
import { ByteWriter } from '../src/wire/byte-writer.ts';
import { PASSWORD, type Served, serve } from './testing/served.ts';

const MEGABYTE = 1024 * 1024;
const LOG_TIMEOUT_MS = 5000;

let server: Served;
before(async () => {
  server = await serve({
    configure: (configuration) => ({ ...configuration, limits: { rekeyAfterMegabytes: 1 } }),
  });
});
after(async () => {
  assert.equal(await server.stop(), 0);
});

/** The first line of the log that matches. */
async function logLine(pattern: RegExp): Promise<string> {
  const deadlineMs = performance.now() + LOG_TIMEOUT_MS;
  for (;;) {
    const line = server
      .output()
      .split('\n')
      .find((text) => pattern.test(text));
    if (line !== undefined) return line;
    assert.ok(performance.now() < deadlineMs, `no line matches ${pattern}:\n${server.output()}`);
    await delay(20);
  }
}

test('security policy - a client that the default one refuses is logged with the policy it would need', async () => {
  await assert.rejects(
    server.client({ kex: 'curve25519-sha256', cipher: 'aes256-ctr', mac: 'hmac-sha2-256' }),
  );
  const line = JSON.parse(await logLine(/KEX_FAILURE/));
  assert.equal(line.code, 'KEX_NO_COMMON_ALGORITHM');
  assert.match(line.message, /no matching MAC found. Client offers: hmac-sha2-256$/);
  assert.equal(line.hint, 'TransferSecurityPolicy-2022-03 would accept this client');
});

test('limits - rekeyAfterMegabytes reaches the connections', async () => {
  const client = await server.client();
  client.sendPassword('alice', PASSWORD);
  await client.expect(Message.USERAUTH_SUCCESS);
  const piece = new ByteWriter().uint8(Message.IGNORE).string(Buffer.alloc(30_000)).finish();
  for (let sent = 0; sent <= MEGABYTE; sent += piece.length) client.send(piece);
  client.send(new ByteWriter().uint8(Message.GLOBAL_REQUEST).string('x').boolean(true).finish());
  await client.expect(Message.REQUEST_FAILURE);
  await client.expect(Message.KEXINIT);
  client.stream.destroy();
});
