import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter } from '../wire/byte-writer.ts';
import { Message } from './message.ts';
import type { Received, TestClient } from './testing/client.ts';
import { connect, logIn, makeHostKeys, PASSWORD } from './testing/pair.ts';

const hostKeys = makeHostKeys().slice(0, 1);
const ignore = new ByteWriter().uint8(Message.IGNORE).string('x').finish();
/** No message has this number: it is answered with the sequence number it had. */
const unknown = Buffer.from([25]);
/** Its MAC covers the sequence number, in both directions. */
const COUNTED = { cipher: 'aes128-ctr', mac: 'hmac-sha2-256-etm@openssh.com' } as const;

/** The sequence number the server has given to the packet it gets next. */
async function sequenceAtServer(client: TestClient): Promise<number> {
  client.send(unknown);
  return (await client.expect(Message.UNIMPLEMENTED)).message.uint32();
}

for (const [name, payload] of [
  ['DEBUG', Buffer.from([Message.DEBUG, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ['UNIMPLEMENTED', Buffer.from([Message.UNIMPLEMENTED, 0, 0, 0, 0])],
] as const) {
  test(`T-7 strict kex - ${name} before KEXINIT ends the connection`, async () => {
    const { client, closed } = connect({ hostKeys });
    client.handshake({ before: [payload] }).catch(() => undefined);
    assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
  });
}

test('T-7 strict kex - a note before KEXINIT is a mistake only for a client that asks for strictness', async () => {
  const { client } = connect({ hostKeys });
  await client.handshake({ strict: false, before: [ignore] });
  await client.startAuthentication();
});

test('T-8 strict kex - a DISCONNECT inside the first exchange is still understood', async () => {
  const { client, closed } = connect({ hostKeys });
  const disconnect = new ByteWriter().uint8(Message.DISCONNECT).uint32(11).string('bye').string('').finish();
  client.handshake({ between: [disconnect] }).catch(() => undefined);
  assert.equal((await closed).code, 'CLOSED_BY_CLIENT');
});

test('T-8 strict kex - a NEWKEYS before the exchange is done ends the connection', async () => {
  const { client, closed } = connect({ hostKeys });
  client.handshake({ between: [Buffer.from([Message.NEWKEYS])] }).catch(() => undefined);
  assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
});

test('T-9 strict kex - the client counts from 0 behind every NEWKEYS', async () => {
  const { client } = connect({ hostKeys });
  await client.handshake(COUNTED);
  assert.equal(await sequenceAtServer(client), 0);
  assert.equal(await sequenceAtServer(client), 1);
  await client.startAuthentication();
  await client.exchangeKeys(COUNTED);
  assert.equal(await sequenceAtServer(client), 0, 'also behind a rekey');
});

test('T-9 kex - without strictness the count goes on over every NEWKEYS', async () => {
  const { client } = connect({ hostKeys });
  const options = { ...COUNTED, strict: false };
  await client.handshake(options);
  // KEXINIT, the method's message and NEWKEYS came before.
  assert.equal(await sequenceAtServer(client), 3);
  await client.startAuthentication();
  await client.exchangeKeys(options);
  assert.equal(await sequenceAtServer(client), 8);
});

for (const strict of [true, false]) {
  test(`T-9 rekey - fifty times under load, ${strict ? 'strict' : 'not strict'}, and no byte is lost`, async () => {
    await rekeyUnderLoad(strict);
  });
}

/** Data is under way in both directions at each of the exchanges, of which the server begins some. */
async function rekeyUnderLoad(strict: boolean): Promise<void> {
  const { client } = connect({ hostKeys, rekeyBytes: 60_000 });
  const options = { ...COUNTED, strict };
  await client.handshake(options);
  await client.startAuthentication();
  client.sendPassword('alice', PASSWORD);
  await client.expect(Message.USERAUTH_SUCCESS);
  const channel = await client.openSubsystem('echo');
  const received: Buffer[] = [];
  let receivedBytes = 0;
  const onOther = ({ number, message }: Received): void => {
    if (number !== Message.CHANNEL_DATA) return;
    message.uint32();
    received.push(message.string());
    receivedBytes += received.at(-1)?.length ?? 0;
  };
  const sent: Buffer[] = [];
  let sentBytes = 0;
  let rekeys = 0;
  for (let round = 0; rekeys < 50; round++) {
    for (let part = 0; part < 4; part++) {
      const data = Buffer.alloc(5000 + part, `${round}.${part} `);
      sent.push(data);
      sentBytes += data.length;
      client.sendData(channel, data);
    }
    // Every other one is left to the server, whose limit is reached now and then.
    if (round % 2 === 0) {
      await client.exchangeKeys({ ...options, onOther });
      rekeys++;
    }
    while (receivedBytes < sentBytes) {
      const next = await client.next();
      assert.ok(next, `the connection lives after ${rekeys} exchanges`);
      if (next.number !== Message.KEXINIT) onOther(next);
      else {
        await client.exchangeKeys({ ...options, onOther }, next.payload);
        rekeys++;
      }
    }
  }
  assert.ok(Buffer.concat(received).equals(Buffer.concat(sent)));
}

test('T-10 kex - far fewer packets than would wrap the sequence number may come before the first keys', async () => {
  const pair = connect({ hostKeys });
  pair.client.sendIdent();
  for (let sent = 0; sent < 2000; sent++) pair.client.send(ignore);
  assert.equal((await pair.closed).code, 'MESSAGE_UNEXPECTED');
});

test('T-11 strict kex - the server sends nothing but the exchange before its first NEWKEYS', async () => {
  for (const kex of ['curve25519-sha256', 'mlkem768x25519-sha256']) {
    const others: number[] = [];
    const { client } = connect({ hostKeys, banner: 'Welcome.' });
    await client.handshake({ kex, extInfo: true, onOther: ({ number }) => others.push(number) });
    assert.deepEqual(others, []);
    await client.expect(Message.EXT_INFO);
  }
});

test('T-11 kex - the answer to a note waits for nobody: there is none', async () => {
  const others: number[] = [];
  const { client } = connect({ hostKeys });
  await client.handshake({
    strict: false,
    before: [ignore],
    between: [ignore],
    onOther: ({ number }) => others.push(number),
  });
  assert.deepEqual(others, []);
});

test('A-36 EXT_INFO - a second one, and one inside a later exchange, end the connection', async () => {
  const extInfo = Buffer.from([Message.EXT_INFO, 0, 0, 0, 0]);
  const twice = connect({ hostKeys });
  await twice.client.handshake();
  twice.client.send(extInfo);
  twice.client.send(extInfo);
  assert.equal((await twice.closed).code, 'MESSAGE_UNEXPECTED');
  const later = await logIn({ hostKeys });
  await later.client.exchangeKeys();
  later.client.send(extInfo);
  assert.equal((await later.closed).code, 'MESSAGE_UNEXPECTED');
});

test('EXT_INFO - is sent first behind NEWKEYS, once, and only to a client that asked for it', async () => {
  const asked = connect({ hostKeys });
  await asked.client.handshake({ extInfo: true });
  await asked.client.expect(Message.EXT_INFO);
  await asked.client.startAuthentication();
  await asked.client.exchangeKeys({ extInfo: true });
  assert.equal(await sequenceAtServer(asked.client), 0, 'nothing else came');
  const silent = connect({ hostKeys });
  await silent.client.handshake();
  assert.equal(await sequenceAtServer(silent.client), 0, 'nothing else came');
});

test('EXT_INFO - names no feature that is not there', async () => {
  const { client } = connect({ hostKeys });
  await client.handshake({ extInfo: true });
  const { message } = await client.expect(Message.EXT_INFO);
  const names = Array.from({ length: message.uint32() }, () => {
    const name = message.ascii();
    message.string();
    return name;
  });
  assert.deepEqual(names, ['server-sig-algs']);
  assert.equal(message.remaining, 0);
});
