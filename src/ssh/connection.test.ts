import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteChannel } from '../wire/byte-channel.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { Message } from './message.ts';
import { INITIAL_WINDOW_BYTES, MAX_RECEIVED_DATA_BYTES } from './session-channel.ts';
import { channelRequest } from './testing/client.ts';
import { logIn, makeHostKeys } from './testing/pair.ts';

const hostKeys = makeHostKeys().slice(0, 1);

test('open - only session channels; the refusal says which kind it is', async () => {
  const { client } = await logIn({ hostKeys });
  const refusals = [
    ['direct-tcpip', 1],
    ['direct-streamlocal@openssh.com', 1],
    ['tun@openssh.com', 1],
    ['x11', 1],
    ['nonsense', 3],
  ] as const;
  for (const [type, reason] of refusals) {
    client.send(
      new ByteWriter().uint8(Message.CHANNEL_OPEN).string(type).uint32(5).uint32(1000).uint32(1000).finish(),
    );
    const { message } = await client.expect(Message.CHANNEL_OPEN_FAILURE);
    assert.equal(message.uint32(), 5);
    assert.equal(message.uint32(), reason, type);
  }
});

test('A-29 C-1 open - refused channels leave nothing behind, and the eleventh session is refused', async () => {
  const { client } = await logIn({ hostKeys });
  for (let count = 0; count < 1000; count++) {
    client.send(
      new ByteWriter().uint8(Message.CHANNEL_OPEN).string('x').uint32(0).uint32(9).uint32(9).finish(),
    );
    await client.expect(Message.CHANNEL_OPEN_FAILURE);
  }
  for (let count = 0; count < 10; count++) await client.openSession();
  client.send(
    new ByteWriter().uint8(Message.CHANNEL_OPEN).string('session').uint32(0).uint32(9).uint32(9).finish(),
  );
  await client.expect(Message.CHANNEL_OPEN_FAILURE);
});

test('open - a maximum packet size of 8 or beyond 2^31 ends the connection', async () => {
  for (const size of [0, 8, 0xffff_ffff]) {
    const { client, closed } = await logIn({ hostKeys });
    client.openSession(1000, size).catch(() => undefined);
    assert.equal((await closed).code, 'CHANNEL_INVALID');
  }
});

test('open - after no-more-sessions ends the connection', async () => {
  const { client, closed } = await logIn({ hostKeys });
  await client.openSession();
  client.send(
    new ByteWriter()
      .uint8(Message.GLOBAL_REQUEST)
      .string('no-more-sessions@openssh.com')
      .boolean(true)
      .finish(),
  );
  await client.expect(Message.REQUEST_SUCCESS);
  client.openSession().catch(() => undefined);
  assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
});

test('requests - shell, exec, pty, agent, x11, env and unknown subsystems are refused', async () => {
  const { client } = await logIn({ hostKeys });
  const channel = await client.openSession();
  const requests = [
    channelRequest(channel, 'exec', true).string('rm -rf /'),
    channelRequest(channel, 'pty-req', true)
      .string('xterm')
      .uint32(80)
      .uint32(24)
      .uint32(0)
      .uint32(0)
      .string(Buffer.alloc(9999)),
    channelRequest(channel, 'auth-agent-req@openssh.com', true),
    channelRequest(channel, 'x11-req', true),
    channelRequest(channel, 'env', true).string('LD_PRELOAD').string('evil.so'),
    channelRequest(channel, 'subsystem', true).string('netconf'),
    channelRequest(channel, 'keepalive@openssh.com', true),
  ];
  for (const request of requests) {
    client.send(request.finish());
    await client.expect(Message.CHANNEL_FAILURE);
  }
});

test('shell - is refused with a line that explains it', async () => {
  const { client } = await logIn({ hostKeys });
  const channel = await client.openSession();
  client.send(channelRequest(channel, 'shell', true).finish());
  const { message } = await client.expect(Message.CHANNEL_DATA);
  message.uint32();
  assert.match(message.text(), /SFTP connections only/);
  await client.expect(Message.CHANNEL_FAILURE);
  const exit = await client.expect(Message.CHANNEL_REQUEST);
  exit.message.uint32();
  assert.equal(exit.message.ascii(), 'exit-status');
  exit.message.boolean();
  assert.equal(exit.message.uint32(), 1);
});

test('subsystem - a second one on the same channel is refused', async () => {
  const { client } = await logIn({ hostKeys });
  const channel = await client.openSubsystem('echo');
  client.send(channelRequest(channel, 'subsystem', true).string('echo').finish());
  await client.expect(Message.CHANNEL_FAILURE);
});

test('subsystem - data sent ahead of it is not lost', async () => {
  const { client } = await logIn({ hostKeys });
  const channel = await client.openSession();
  client.sendData(channel, Buffer.from('early'));
  client.send(channelRequest(channel, 'subsystem', true).string('echo').finish());
  await client.expect(Message.CHANNEL_SUCCESS);
  const { message } = await client.expect(Message.CHANNEL_DATA);
  message.uint32();
  assert.equal(message.text(), 'early');
});

test('end - EOF of the client brings exit-status 0, EOF and CLOSE, in this order', async () => {
  const { client } = await logIn({ hostKeys });
  const channel = await client.openSubsystem('echo');
  client.send(new ByteWriter().uint8(Message.CHANNEL_EOF).uint32(channel).finish());
  const { message } = await client.expect(Message.CHANNEL_REQUEST);
  message.uint32();
  assert.equal(message.ascii(), 'exit-status');
  await client.expect(Message.CHANNEL_EOF);
  await client.expect(Message.CHANNEL_CLOSE);
});

test('window - data beyond it ends the connection', async () => {
  const { client, closed } = await logIn({ hostKeys });
  const channel = await client.openSession();
  const piece = Buffer.alloc(128 * 1024);
  for (let sent = 0; sent <= INITIAL_WINDOW_BYTES; sent += piece.length) client.sendData(channel, piece);
  assert.equal((await closed).code, 'WINDOW_EXCEEDED');
});

test('C-3 window - an adjust past 2^32 - 1 ends the connection', async () => {
  const { client, closed } = await logIn({ hostKeys });
  const channel = await client.openSession(0xffff_ffff);
  client.send(new ByteWriter().uint8(Message.CHANNEL_WINDOW_ADJUST).uint32(channel).uint32(1).finish());
  assert.equal((await closed).code, 'WINDOW_EXCEEDED');
});

/** A client with a channel whose server side takes everything and credits nothing by itself. */
async function sunk() {
  let channelOfServer: ByteChannel | undefined;
  const { client } = await logIn({
    hostKeys,
    startSession: (_identity, _name, channel) => {
      channelOfServer = channel;
      return {
        onData: () => undefined,
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => undefined,
      };
    },
  });
  const channel = await client.openSubsystem('sink');
  return {
    credit: (byteCount: number) => channelOfServer?.credit(byteCount),
    /** Sends nearly a whole first window, and waits until it is there. @returns its bytes */
    async fill(): Promise<number> {
      const piece = Buffer.alloc(MAX_RECEIVED_DATA_BYTES);
      const pieces = Math.floor(INITIAL_WINDOW_BYTES / piece.length);
      for (let sent = 0; sent < pieces; sent++) client.sendData(channel, piece);
      client.send(channelRequest(channel, 'ping', true).finish());
      await client.expect(Message.CHANNEL_FAILURE);
      return pieces * piece.length;
    },
    async granted(): Promise<number> {
      const { message } = await client.expect(Message.CHANNEL_WINDOW_ADJUST);
      message.uint32();
      return message.uint32();
    },
  };
}

test('window - credit comes in big steps, only for what was taken, and the window grows for a busy client', async () => {
  const { credit, fill, granted } = await sunk();
  const byteCount = await fill();
  credit(1000);
  credit(byteCount - 1000);
  assert.equal(await granted(), byteCount + INITIAL_WINDOW_BYTES);
});

test('window - does not grow for a client that takes longer than a second to use it up', async (t) => {
  const clock = t.mock.method(performance, 'now');
  let nowMs = 0;
  clock.mock.mockImplementation(() => nowMs);
  const { credit, fill, granted } = await sunk();
  const byteCount = await fill();
  nowMs = 1001;
  credit(byteCount);
  assert.equal(await granted(), byteCount);
});

test('window - we send no more than the client allows, and never a packet above its maximum', async () => {
  const data = Buffer.alloc(100_000, 'x');
  const { client } = await logIn({
    hostKeys,
    startSession: (_identity, _name, channel) => {
      channel.send([data.subarray(0, 10), data.subarray(10)]);
      return {
        onData: () => undefined,
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => undefined,
      };
    },
  });
  const channel = await client.openSession(5000, 2000);
  client.send(channelRequest(channel, 'subsystem', true).string('source').finish());
  const sizes: number[] = [];
  for (let received = 0; received < 5000; received += sizes.at(-1) ?? 0) {
    const { message } = await client.expect(Message.CHANNEL_DATA);
    message.uint32();
    sizes.push(message.string().length);
  }
  assert.deepEqual(sizes, [2000, 2000, 1000]);
  await client.expect(Message.CHANNEL_SUCCESS);
  client.send(new ByteWriter().uint8(Message.CHANNEL_WINDOW_ADJUST).uint32(channel).uint32(700).finish());
  const { message } = await client.expect(Message.CHANNEL_DATA);
  message.uint32();
  assert.equal(message.string().length, 700);
});

test('A-30 stderr of the client - is dropped, and its credit given back', async () => {
  const { client } = await logIn({ hostKeys });
  const channel = await client.openSession();
  const data = Buffer.alloc(200 * 1024);
  const send = (): void =>
    client.send(
      new ByteWriter(data.length + 32)
        .uint8(Message.CHANNEL_EXTENDED_DATA)
        .uint32(channel)
        .uint32(1)
        .string(data)
        .finish(),
    );
  for (let sent = 0; sent < INITIAL_WINDOW_BYTES / 2; sent += data.length) send();
  await client.expect(Message.CHANNEL_WINDOW_ADJUST);
});

test('A-28 answers nobody asked for - ten thousand are ignored', async () => {
  const { client } = await logIn({ hostKeys });
  for (let count = 0; count < 2500; count++) {
    for (const number of [81, 82, 99, 100]) client.send(Buffer.from([number, 0, 0, 0, 0]));
  }
  await client.openSession();
});

test('global requests - forwarding and keepalive are answered with failure', async () => {
  const { client } = await logIn({ hostKeys });
  for (const name of ['tcpip-forward', 'streamlocal-forward@openssh.com', 'keepalive@openssh.com']) {
    client.send(new ByteWriter().uint8(Message.GLOBAL_REQUEST).string(name).boolean(true).finish());
    await client.expect(Message.REQUEST_FAILURE);
  }
});

test('a channel that is not there - ends the connection', async () => {
  const { client, closed } = await logIn({ hostKeys });
  client.sendData(77, Buffer.from('x'));
  assert.equal((await closed).code, 'CHANNEL_INVALID');
});

test('handler - a throw ends its connection and no other', async () => {
  const other = await logIn({ hostKeys });
  const { client, closed } = await logIn({
    hostKeys,
    startSession: () => {
      throw new Error('a mistake of ours');
    },
  });
  client.openSubsystem('echo').catch(() => undefined);
  assert.equal((await closed).code, 'INTERNAL');
  await other.client.openSubsystem('echo');
});

test('idle - a connection without a byte from the client ends', async () => {
  const { closed } = await logIn({ hostKeys, idleTimeoutMs: 40 });
  assert.equal((await closed).code, 'IDLE_TIMEOUT');
});

test('early data - in thousands of tiny messages ends the connection: each costs far more than its bytes', async () => {
  const { client, closed } = await logIn({ hostKeys });
  const channel = await client.openSession();
  for (let count = 0; count < 5000; count++) client.sendData(channel, Buffer.from('x'));
  assert.equal((await closed).code, 'CHANNEL_INVALID');
});

test('close - a request that crosses our CLOSE is not answered: PuTTY would end the connection', async () => {
  const { client } = await logIn({ hostKeys });
  const channel = await client.openSession();
  client.send(channelRequest(channel, 'shell', false).finish());
  client.send(channelRequest(channel, 'subsystem', true).string('echo').finish());
  client.send(new ByteWriter().uint8(Message.CHANNEL_CLOSE).uint32(channel).finish());
  await client.expect(Message.CHANNEL_DATA);
  await client.expect(Message.CHANNEL_REQUEST);
  await client.expect(Message.CHANNEL_EOF);
  await client.expect(Message.CHANNEL_CLOSE);
  client.send(
    new ByteWriter().uint8(Message.CHANNEL_OPEN).string('session').uint32(0).uint32(9).uint32(9).finish(),
  );
  await client.expect(Message.CHANNEL_OPEN_CONFIRMATION);
});

test('handler - one that throws at the end keeps neither the others nor the connection from ending', async () => {
  const ended: number[] = [];
  let count = 0;
  const { client, server, closed } = await logIn({
    hostKeys,
    startSession: () => {
      const index = count++;
      return {
        onData: () => undefined,
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => {
          ended.push(index);
          if (index === 0) throw new Error('a mistake of ours');
        },
      };
    },
  });
  await client.openSubsystem('sink');
  await client.openSubsystem('sink');
  server.close('The server is stopping.');
  const error = await closed;
  assert.deepEqual(ended, [0, 1]);
  assert.equal(error.code, 'INTERNAL', 'the mistake is told to who keeps the log');
  assert.match(String(error.cause), /a mistake of ours/);
});

test('shell - asking again and again without giving any window queues no more than one answer', async () => {
  const started: string[] = [];
  const { client } = await logIn({
    hostKeys,
    startSession: (_identity, { type }) => {
      started.push(type);
      return undefined;
    },
  });
  const channel = await client.openSession(0);
  for (let count = 0; count < 3; count++) {
    client.send(channelRequest(channel, 'shell', true).finish());
    await client.expect(Message.CHANNEL_FAILURE);
  }
  client.send(channelRequest(channel, 'subsystem', true).string('echo').finish());
  await client.expect(Message.CHANNEL_FAILURE);
  assert.deepEqual(started, [], 'nothing is started in a session that is about to end');
  client.send(new ByteWriter().uint8(Message.CHANNEL_WINDOW_ADJUST).uint32(channel).uint32(1000).finish());
  const { message } = await client.expect(Message.CHANNEL_DATA);
  message.uint32();
  assert.match(message.text(), /^This service allows SFTP connections only\.\r\n$/);
  await client.expect(Message.CHANNEL_REQUEST);
  await client.expect(Message.CHANNEL_EOF);
  await client.expect(Message.CHANNEL_CLOSE);
});

test('C-4 data - a client that wants it in packets of 9 bytes does not keep the process from others', async () => {
  const sent = Promise.withResolvers<ByteChannel>();
  const { client } = await logIn({
    hostKeys,
    startSession: (_identity, _request, channel) => {
      sent.resolve(channel);
      return { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
    },
  });
  await client.openSubsystem('source', 2 ** 31, 9);
  const channel = await sent.promise;
  const bytes = Buffer.alloc(20_000, 7);
  channel.send([bytes]);
  const atOnce = bytes.length - channel.pendingBytes;
  assert.ok(atOnce <= 9 * 512, `${atOnce} bytes in one turn`);
  let received = 0;
  while (received < bytes.length) {
    const { message } = await client.expect(Message.CHANNEL_DATA);
    message.uint32();
    received += message.string().length;
  }
  assert.equal(channel.pendingBytes, 0);
});
