import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { ByteChannel } from '../wire/byte-channel.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { CIPHERS, MACS, needsMac } from './cipher/suites.ts';
import { Message } from './message.ts';
import type { Received, TestClient } from './testing/client.ts';
import { connect, logIn, makeHostKeys, PASSWORD, type Pair } from './testing/pair.ts';

const hostKeys = makeHostKeys();
const ignore = new ByteWriter().uint8(Message.IGNORE).string('x').finish();

test('T-3 ident - a client that does not speak SSH is sent away at its first bytes', async () => {
  const { client, closed } = connect({ hostKeys });
  client.stream.write('GET / HTTP/1.1\r\nHost: evil\r\n');
  assert.equal((await closed).code, 'IDENT_INVALID');
  assert.doesNotMatch(await client.closed(), /evil|GET/, 'nothing of the request is echoed');
});

test('T-2 ident - a line without end is refused at 8 KiB', async () => {
  const { client, closed } = connect({ hostKeys });
  client.stream.write(`SSH-2.0-${'x'.repeat(9000)}`);
  assert.equal((await closed).code, 'IDENT_INVALID');
});

test('ident - protocol 1.5 is refused, 1.99 and a bare LF are taken', async () => {
  const old = connect({ hostKeys });
  old.client.sendIdent('SSH-1.5-Old');
  assert.equal((await old.closed).code, 'IDENT_INVALID');
  const lax = connect({ hostKeys });
  lax.client.stream.write('SSH-1.99-TestClient\n');
  await lax.client.expect(Message.KEXINIT);
});

test('T-1 login grace - a silent client is dropped', async () => {
  const { closed } = connect({ hostKeys, loginGraceMs: 30 });
  assert.equal((await closed).code, 'LOGIN_TIMEOUT');
});

for (const hostKey of ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-256', 'rsa-sha2-512']) {
  test(`host key - ${hostKey} signs the exchange`, async () => {
    const { client } = connect({ hostKeys });
    await client.handshake({ hostKey });
    await client.startAuthentication();
  });
}

for (const cipher of Object.keys(CIPHERS)) {
  for (const mac of needsMac(cipher) ? Object.keys(MACS) : ['hmac-sha2-256-etm@openssh.com']) {
    test(`cipher - ${cipher} with ${mac} carries data both ways, cut at any byte`, async () => {
      const { client } = connect({ hostKeys, pieceBytes: 7 });
      await client.handshake({ cipher, mac });
      await client.startAuthentication();
      client.sendPassword('alice', PASSWORD);
      await client.expect(Message.USERAUTH_SUCCESS);
      const channel = await client.openSubsystem('echo');
      const data = Buffer.alloc(5000, 'drawbridge');
      client.sendData(channel, data);
      const { message } = await client.expect(Message.CHANNEL_DATA);
      message.uint32();
      assert.ok(message.string().equals(data));
    });
  }
}

test('kex - nothing in common names the category and what the client offered', async () => {
  const { client, closed } = connect({
    hostKeys,
    proposal: {
      kex: ['curve25519-sha256'],
      hostKey: ['ssh-ed25519'],
      ciphers: ['aes128-ctr'],
      macs: ['hmac-sha2-256-etm@openssh.com'],
      userSignatures: ['ssh-ed25519'],
    },
  });
  client.handshake({ cipher: 'aes256-gcm@openssh.com' }).catch(() => undefined);
  const error = await closed;
  assert.equal(error.code, 'KEX_NO_COMMON_ALGORITHM');
  assert.match(error.message, /no matching cipher found.*aes256-gcm@openssh\.com/);
});

test('kex - host key types without a key are not offered', async () => {
  const onlyEd25519 = hostKeys.slice(0, 1);
  const { client, closed } = connect({ hostKeys: onlyEd25519 });
  client.handshake({ hostKey: 'rsa-sha2-512' }).catch(() => undefined);
  assert.equal((await closed).code, 'KEX_NO_COMMON_ALGORITHM');
});

test('kex - a wrong guess is dropped, once', async () => {
  const { client } = connect({ hostKeys });
  const wrongGuess = new ByteWriter().uint8(Message.KEX_INIT).string('not a key').finish();
  await client.handshake({ firstKexPacketFollows: true, between: [wrongGuess] });
  await client.startAuthentication();
});

test('T-7 strict kex - IGNORE before KEXINIT ends the connection', async () => {
  const { client, closed } = connect({ hostKeys });
  client.handshake({ before: [ignore] }).catch(() => undefined);
  assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
});

for (const [name, payload] of [
  ['IGNORE', ignore],
  ['DEBUG', Buffer.from([Message.DEBUG, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ['EXT_INFO', Buffer.from([Message.EXT_INFO, 0, 0, 0, 0])],
  ['PING', Buffer.from([Message.PING, 0, 0, 0, 0])],
  ['SERVICE_REQUEST', new ByteWriter().uint8(Message.SERVICE_REQUEST).string('ssh-userauth').finish()],
] as const) {
  test(`T-8 strict kex - ${name} inside the first key exchange ends the connection`, async () => {
    const { client, closed } = connect({ hostKeys });
    client.handshake({ between: [payload] }).catch(() => undefined);
    assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
  });
}

test('non-strict kex - IGNORE is allowed around KEXINIT, and sequence numbers go on', async () => {
  const { client } = connect({ hostKeys });
  await client.handshake({ strict: false, before: [ignore], between: [ignore], cipher: 'aes128-ctr' });
  await client.startAuthentication();
});

test('EXT_INFO - announces the signature algorithms when asked for', async () => {
  const { client } = connect({ hostKeys });
  await client.handshake({ extInfo: true });
  const { message } = await client.expect(Message.EXT_INFO);
  assert.equal(message.uint32(), 1);
  assert.equal(message.ascii(), 'server-sig-algs');
  assert.ok(message.nameList().includes('rsa-sha2-512'));
});

test('A-36 EXT_INFO - of the client is taken right behind NEWKEYS and refused later (CVE-2023-46445)', async () => {
  const extInfo = Buffer.from([Message.EXT_INFO, 0, 0, 0, 0]);
  const { client, closed } = connect({ hostKeys });
  await client.handshake();
  client.send(extInfo);
  await client.startAuthentication();
  client.send(extInfo);
  assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
});

/** The last byte of whatever the client sends from now on is damaged. */
function damageOutput({ stream }: TestClient): void {
  const write = stream.write.bind(stream);
  Object.assign(stream, {
    write: (chunk: Buffer) => {
      const damaged = Buffer.from(chunk);
      if (damaged.length > 4) damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
      return write(damaged);
    },
  });
}

for (const [cipher, mac] of [
  ['aes128-gcm@openssh.com', 'hmac-sha2-256'],
  ['chacha20-poly1305@openssh.com', 'hmac-sha2-256'],
  ['aes128-ctr', 'hmac-sha2-256-etm@openssh.com'],
  ['aes128-ctr', 'umac-128-etm@openssh.com'],
] as const) {
  test(`packet - a flipped bit ends the connection with a MAC error: ${cipher}, ${mac}`, async () => {
    const { client, closed } = connect({ hostKeys });
    await client.handshake({ cipher, mac });
    damageOutput(client);
    client.startAuthentication().catch(() => undefined);
    const error = await closed;
    assert.equal(error.code, 'MAC_INVALID');
    assert.equal(error.disconnectReason, 5);
  });
}

for (const mac of ['hmac-sha2-256', 'umac-64@openssh.com']) {
  test(`packet - with encrypt-and-MAC a flipped bit is answered after 256 KiB only: ${mac}`, async () => {
    const { client, closed } = connect({ hostKeys });
    await client.handshake({ cipher: 'aes128-ctr', mac });
    damageOutput(client);
    client.startAuthentication().catch(() => undefined);
    await nextTurn();
    client.stream.write(Buffer.alloc(200 * 1024));
    const isOver = closed.then(() => true);
    assert.equal(await Promise.race([isOver, delay(50)]), undefined, 'no answer yet');
    client.stream.write(Buffer.alloc(100 * 1024));
    assert.equal((await closed).code, 'MAC_INVALID');
  });
}

test('packet - with encrypt-and-MAC a client that stops behind a flipped bit meets the usual time limits', async () => {
  const suite = { cipher: 'aes128-ctr', mac: 'hmac-sha2-256' };
  const before = connect({ hostKeys, loginGraceMs: 100 });
  await before.client.handshake(suite);
  damageOutput(before.client);
  before.client.startAuthentication().catch(() => undefined);
  assert.equal((await before.closed).code, 'LOGIN_TIMEOUT');

  const after = connect({ hostKeys, idleTimeoutMs: 100 });
  await after.client.handshake(suite);
  await after.client.startAuthentication();
  after.client.sendPassword('alice', PASSWORD);
  await after.client.expect(Message.USERAUTH_SUCCESS);
  damageOutput(after.client);
  after.client.send(ignore);
  assert.equal((await after.closed).code, 'IDLE_TIMEOUT');
});

for (const length of [0, 4, 35_001, 0x7fff_ffff, 0xffff_ffff]) {
  test(`packet - length ${length} is refused before anything is allocated for it`, async () => {
    const { client, closed } = connect({ hostKeys });
    client.sendIdent();
    const start = Buffer.alloc(16);
    start.writeUInt32BE(length);
    client.stream.write(start);
    assert.equal((await closed).code, 'PACKET_INVALID');
  });
}

test('packet - an unknown message number is answered UNIMPLEMENTED', async () => {
  const { client } = await logIn({ hostKeys });
  client.send(Buffer.from([25, 1, 2, 3]));
  await client.expect(Message.UNIMPLEMENTED);
});

test('rekey - asked for by the client, data before and after arrive', async () => {
  const { client } = await logIn({ hostKeys });
  const channel = await client.openSubsystem('echo');
  for (let round = 0; round < 5; round++) {
    client.sendData(channel, Buffer.from(`round ${round}`));
    await client.expect(Message.CHANNEL_DATA);
    await client.exchangeKeys({ kex: 'mlkem768x25519-sha256' });
  }
});

for (const strict of [true, false]) {
  for (const [cipher, mac] of [
    ['chacha20-poly1305@openssh.com', 'hmac-sha2-256'],
    ['aes256-ctr', 'umac-128-etm@openssh.com'],
    ['aes256-ctr', 'umac-64@openssh.com'],
  ] as const) {
    test(`rekey - ${cipher}, ${mac}, ${strict ? '' : 'non-'}strict: nonces stay in step`, async () => {
      const { client } = connect({ hostKeys });
      await client.handshake({ cipher, mac, strict });
      await client.startAuthentication();
      client.sendPassword('alice', PASSWORD);
      await client.expect(Message.USERAUTH_SUCCESS);
      const channel = await client.openSubsystem('echo');
      for (let round = 0; round < 3; round++) {
        await client.exchangeKeys({ cipher, mac });
        client.sendData(channel, Buffer.from(`round ${round}`));
        await client.expect(Message.CHANNEL_DATA);
      }
    });
  }
}

test('rekey - begun by the server after its limit, without losing a byte', async () => {
  const { client } = await logIn({ hostKeys, rekeyBytes: 100_000 });
  const channel = await client.openSubsystem('echo');
  const sent = Buffer.alloc(1_000_000);
  for (let at = 0; at < sent.length; at++) sent[at] = (at * 7) & 0xff;
  let received = Buffer.alloc(0);
  let rekeys = 0;
  for (let at = 0; at < sent.length; at += 20_000) {
    client.sendData(channel, sent.subarray(at, at + 20_000));
    while (received.length < at + 20_000) {
      const next = await client.next();
      assert.ok(next, 'the connection lives');
      if (next.number === Message.KEXINIT) {
        rekeys++;
        await client.exchangeKeys({}, next.payload);
      } else if (next.number === Message.CHANNEL_DATA) {
        next.message.uint32();
        received = Buffer.concat([received, next.message.string()]);
      }
    }
  }
  assert.ok(received.equals(sent));
  assert.ok(rekeys >= 5, `${rekeys} key exchanges`);
});

test('rekey - begun by the server at the first message after its time is up', async () => {
  const rekeyMs = 20;
  const startedMs = performance.now();
  const { client } = await logIn({ hostKeys, rekeyMs });
  const keepalive = new ByteWriter().uint8(Message.GLOBAL_REQUEST).string('x').boolean(true).finish();
  let received: Received | undefined;
  do {
    await delay(2);
    client.send(keepalive);
    received = await client.next();
  } while (received?.number === Message.REQUEST_FAILURE);
  assert.equal(received?.number, Message.KEXINIT);
  assert.ok(performance.now() - startedMs >= rekeyMs);
});

test("A-34 rekey - data behind the client's own KEXINIT ends the connection", async () => {
  const { client, closed } = await logIn({ hostKeys });
  const channel = await client.openSubsystem('echo');
  const data = new ByteWriter().uint8(Message.CHANNEL_DATA).uint32(channel).string('late').finish();
  client.exchangeKeys({ between: [data] }).catch(() => undefined);
  assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
});

test('T-8 kex - a second KEXINIT inside an exchange ends the connection', async () => {
  const { client, closed } = connect({ hostKeys });
  client.sendIdent();
  const { payload } = await client.expect(Message.KEXINIT);
  client.send(payload);
  client.send(payload);
  assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
});

test('disconnect - text of the client is made printable before it is kept', async () => {
  const { client, closed } = connect({ hostKeys });
  await client.handshake();
  client.send(
    new ByteWriter().uint8(Message.DISCONNECT).uint32(11).string('bye\x1b[31m\n').string('').finish(),
  );
  const error = await closed;
  assert.equal(error.code, 'CLOSED_BY_CLIENT');
  assert.match(error.message, /bye\?\[31m\?$/);
});

test('close - the server says why and the stream ends', async () => {
  const { client, server } = await logIn({ hostKeys });
  server.close('The server is stopping.');
  assert.deepEqual(await client.expectDisconnect(), { reason: 11, text: 'The server is stopping.' });
  await client.closed();
});

test('P-12 output - a client that asks and never reads is cut off', async () => {
  const { client, closed } = await logIn({ hostKeys });
  client.stream.pause();
  const request = new ByteWriter()
    .uint8(Message.GLOBAL_REQUEST)
    .string('keepalive@openssh.com')
    .boolean(true)
    .finish();
  const isOver = closed.then(() => true);
  for (let sent = 0; sent < 400_000; sent++) {
    client.send(request);
    if (
      sent % 1000 === 0 &&
      (await Promise.race([isOver, new Promise((next) => setImmediate(next))])) === true
    )
      break;
  }
  assert.equal((await closed).code, 'PEER_NOT_READING');
});

/** Sends `payload` until the server gives up. @returns how often it was sent */
async function sendUntilClosed({ client, closed }: Pair, payload: Buffer, maxCount: number): Promise<number> {
  let isOver = false;
  void closed.then(() => (isOver = true));
  let sent = 0;
  for (; sent < maxCount && !isOver; sent++) {
    client.send(payload);
    // The server takes few small messages a turn.
    if (sent % 4 === 0) await nextTurn();
  }
  return sent;
}

test('P-12 output - before the login little may wait for a client that does not read', async () => {
  const pair = connect({ hostKeys });
  await pair.client.handshake();
  pair.client.stream.pause();
  const unknown = Buffer.from([25, 1]);
  const sent = await sendUntilClosed(pair, unknown, 50_000);
  assert.ok(sent < 10_000, `${sent} answers were kept`);
  assert.equal((await pair.closed).code, 'PEER_NOT_READING');
});

test('A-32 rekey - a client that asks on and never answers our KEXINIT is cut off after few messages', async () => {
  const pair = await logIn({ hostKeys, rekeyBytes: 1000 });
  const request = new ByteWriter()
    .uint8(Message.GLOBAL_REQUEST)
    .string('keepalive@openssh.com')
    .boolean(true)
    .finish();
  const sent = await sendUntilClosed(pair, request, 50_000);
  assert.ok(sent < 20_000, `${sent} answers were kept`);
  assert.equal((await pair.closed).code, 'KEX_FAILED');
});

test('rekey - may take longer than the first key exchange: what was sent before has to cross a slow line', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { client, closed } = await logIn({ hostKeys, rekeyBytes: 1000 });
  const channel = await client.openSubsystem('echo');
  client.sendData(channel, Buffer.alloc(2000));
  const seen: number[] = [];
  let kexInit: Buffer | undefined;
  while (kexInit === undefined) {
    const next = await client.next();
    assert.ok(next);
    seen.push(next.number);
    if (next.number === Message.KEXINIT) kexInit = next.payload;
  }
  t.mock.timers.tick(60_000);
  await client.exchangeKeys({}, kexInit);
  client.sendData(channel, Buffer.from('alive'));
  if (!seen.includes(Message.CHANNEL_DATA)) await client.expect(Message.CHANNEL_DATA);
  await client.expect(Message.CHANNEL_DATA);
  client.sendData(channel, Buffer.alloc(2000));
  for (let next = await client.next(); next?.number !== Message.KEXINIT; next = await client.next());
  t.mock.timers.tick(600_000);
  assert.equal((await closed).code, 'KEX_TIMEOUT');
});

test('output - a channel that waits for the stream is not forgotten when another one sends meanwhile', async () => {
  const channels: ByteChannel[] = [];
  const { client } = await logIn({
    hostKeys,
    startSession: (_identity, _name, channel) => {
      channels.push(channel);
      return {
        onData: () => undefined,
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => undefined,
      };
    },
  });
  await client.openSubsystem('source', 2 ** 30);
  await client.openSubsystem('source', 2 ** 30);
  const [busy, other] = channels;
  client.stream.pause();
  const bytes = 3 * 1024 * 1024;
  busy?.send([Buffer.alloc(bytes, 'b')]);
  assert.ok((busy?.pendingBytes ?? 0) > 0, 'the stream is full');
  // A little is read: there is room again, but the stream has not drained.
  for (let read = 0; read < 40; read++) {
    client.stream.resume();
    client.stream.pause();
    await nextTurn();
  }
  other?.send([Buffer.from('o')]);
  client.stream.resume();
  for (let received = 0; received < bytes + 1; ) {
    const { message } = await client.expect(Message.CHANNEL_DATA);
    message.uint32();
    received += message.string().length;
  }
});

test('rekey - before the login a client may exchange keys a few times and not for ever', async () => {
  const { client, closed } = connect({ hostKeys });
  await client.handshake();
  await client.startAuthentication();
  for (let count = 0; count < 8; count++) await client.exchangeKeys();
  client.exchangeKeys().catch(() => undefined);
  assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
});

test('end - what the client sent before it left is handled, also what has to wait for its turn', async () => {
  let received = '';
  const { client, closed } = await logIn({
    hostKeys,
    startSession: () => ({
      onData: (view) => {
        received += view.toString();
      },
      onEnd: () => {
        received += '.';
      },
      onDrain: () => undefined,
      onClose: () => undefined,
    }),
  });
  const channel = await client.openSubsystem('collect');
  for (let count = 0; count < 50; count++) client.sendData(channel, Buffer.from('x'));
  client.send(new ByteWriter().uint8(Message.CHANNEL_EOF).uint32(channel).finish());
  client.send(new ByteWriter().uint8(Message.DISCONNECT).uint32(11).string('bye').string('').finish());
  await new Promise<void>((resolve) => process.nextTick(resolve));
  client.stream.end();
  assert.equal((await closed).code, 'CLOSED_BY_CLIENT');
  assert.equal(received, `${'x'.repeat(50)}.`);
});
