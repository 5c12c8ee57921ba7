import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ByteChannel, ByteChannelHandler } from '../wire/byte-channel.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { Connection, type ConnectionTransport } from './connection.ts';
import { HostKeyProof } from './host-key-proof.ts';
import { Message } from './message.ts';
import type { Received } from './testing/client.ts';
import { usedBytes } from './testing/memory.ts';
import { echo, logIn, makeHostKeys, type Pair } from './testing/pair.ts';
import { WindowBudget } from './window-budget.ts';

const hostKeys = makeHostKeys().slice(0, 1);
const BLOCK = Buffer.alloc(64 * 1024, 'drawbridge');
const MEBIBYTE = 1024 * 1024;
/** More than the server may queue, and no more than the test's client can hold. */
const WIDE_WINDOW = 8 * MEBIBYTE;

/** Sends without end, as a fast disk would: on as long as the channel takes it. */
class Source implements ByteChannelHandler {
  producedBytes = 0;
  readonly channel: ByteChannel;

  constructor(channel: ByteChannel) {
    this.channel = channel;
  }

  onDrain(): void {
    while (this.channel.pendingBytes < MEBIBYTE) {
      this.channel.send([BLOCK]);
      this.producedBytes += BLOCK.length;
    }
  }

  onData(view: Buffer): void {
    this.channel.credit(view.length);
    this.onDrain();
  }

  onEnd(): void {}
  onClose(): void {}

  /** What the transport took. */
  get takenBytes(): number {
    return this.producedBytes - this.channel.pendingBytes;
  }
}

/** A logged-in client, with `source` and `echo` to ask for. */
async function logInToSource(rekeyBytes?: number): Promise<Pair & { sources: Source[] }> {
  const sources: Source[] = [];
  const pair = await logIn({
    hostKeys,
    ...(rekeyBytes === undefined ? {} : { rekeyBytes }),
    startSession: (_identity, request, channel) => {
      if (request.type !== 'subsystem') return undefined;
      if (request.name === 'echo') return echo(channel);
      const source = new Source(channel);
      sources.push(source);
      return source;
    },
  });
  return { ...pair, sources };
}

/** Takes so many packets of data, and every small message. */
class NarrowTransport implements ConnectionTransport {
  freePackets = 0;
  onMessage: (payload: Buffer) => void = () => undefined;
  readonly #onData: (parts: readonly Uint8Array[]) => void;

  constructor(onData: (parts: readonly Uint8Array[]) => void) {
    this.#onData = onData;
  }

  get isWritable(): boolean {
    return this.freePackets > 0;
  }

  send(payload: Buffer): void {
    this.onMessage(payload);
  }

  sendParts(parts: readonly Uint8Array[]): void {
    this.freePackets--;
    this.#onData(parts);
  }

  hold(): () => void {
    return () => undefined;
  }

  fail(error: unknown): void {
    assert.fail(`${error}`);
  }
}

function connectionOver(
  transport: ConnectionTransport,
  startSession: (channel: ByteChannel) => ByteChannelHandler,
): Connection {
  return new Connection({
    transport,
    budget: new WindowBudget(0),
    hostKeyProof: new HostKeyProof({ hostKeys, sessionId: Buffer.alloc(32), rsaAlgorithm: undefined }),
    startSession: (_request, channel) => startSession(channel),
  });
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn();
}

test('P-12 output - for a client that stops reading a bounded amount is queued, and the source waits', async () => {
  const { client, sources } = await logInToSource();
  const channel = await client.openSubsystem('source', WIDE_WINDOW, MEBIBYTE);
  client.stream.pause();
  client.sendData(channel, Buffer.from('go'));
  await turns(50);
  const [source] = sources;
  assert.ok(source);
  const takenBytes = source.takenBytes;
  assert.ok(takenBytes < 2 * MEBIBYTE, `${takenBytes} bytes were taken`);
  await turns(50);
  assert.equal(source.takenBytes, takenBytes, 'nothing moves any more');
  client.stream.resume();
  for (let receivedBytes = 0; receivedBytes < 4 * MEBIBYTE; ) {
    const { message } = await client.expect(Message.CHANNEL_DATA);
    message.uint32();
    receivedBytes += message.string().length;
  }
});

test('A-32 rekey - while the client stalls it, the source waits and what is queued is bounded', async () => {
  const { client, sources } = await logInToSource(MEBIBYTE);
  const channel = await client.openSubsystem('source', WIDE_WINDOW, MEBIBYTE);
  client.sendData(channel, Buffer.from('go'));
  // The client reads on, and never answers the KEXINIT of the server.
  for (let next = await client.next(); next?.number !== Message.KEXINIT; next = await client.next()) {
    assert.ok(next);
    // The limit is looked at when a message came in.
    client.send(new ByteWriter().uint8(Message.IGNORE).string('').finish());
    client.sendData(channel, Buffer.from('x'));
  }
  await turns(20);
  const [source] = sources;
  assert.ok(source);
  const { takenBytes } = source;
  await turns(100);
  assert.equal(source.takenBytes, takenBytes, 'nothing is sent into the exchange');
  assert.ok(source.channel.pendingBytes <= MEBIBYTE + BLOCK.length, 'the source has stopped');
});

test('A-32 rekey - data of the client under way before its KEXINIT is still served', async () => {
  const { client } = await logIn({ hostKeys, rekeyBytes: 50_000 });
  const channel = await client.openSubsystem('echo');
  const others: Received[] = [];
  client.sendData(channel, BLOCK);
  let kexInit: Buffer | undefined;
  while (kexInit === undefined) {
    const next = await client.next();
    assert.ok(next);
    if (next.number === Message.KEXINIT) kexInit = next.payload;
    else others.push(next);
  }
  client.sendData(channel, Buffer.from('late'));
  await client.exchangeKeys({ onOther: (received) => others.push(received) }, kexInit);
  let echoedBytes = 0;
  const count = ({ number, message }: Received): void => {
    assert.equal(number, Message.CHANNEL_DATA);
    message.uint32();
    echoedBytes += message.string().length;
  };
  others.forEach(count);
  while (echoedBytes < BLOCK.length + 4) count(await client.expect(Message.CHANNEL_DATA));
});

test('P-16 rekey - during a transfer the bytes go on within 100 ms, seen over eleven of them', async () => {
  const { client } = await logInToSource();
  const channel = await client.openSubsystem('source', MEBIBYTE, 32_768);
  let lastDataMs = 0;
  const take = ({ number, message }: Received): void => {
    assert.equal(number, Message.CHANNEL_DATA);
    lastDataMs = performance.now();
    message.uint32();
    adjust.push(message.string().length);
  };
  const adjust: number[] = [];
  const giveWindow = (): void => {
    for (const byteCount of adjust.splice(0)) {
      const message = new ByteWriter().uint8(Message.CHANNEL_WINDOW_ADJUST).uint32(channel);
      client.send(message.uint32(byteCount).finish());
    }
  };
  client.sendData(channel, Buffer.from('go'));
  const stallsMs: number[] = [];
  for (let round = 0; round < 11; round++) {
    for (let packets = 0; packets < 10; packets++) take(await client.expect(Message.CHANNEL_DATA));
    giveWindow();
    await client.exchangeKeys({ onOther: take });
    const beforeMs = lastDataMs;
    giveWindow();
    take(await client.expect(Message.CHANNEL_DATA));
    stallsMs.push(lastDataMs - beforeMs);
    giveWindow();
  }
  // The middle one: a busy machine may hold up any of them.
  const middle = stallsMs.toSorted((a, b) => a - b)[5] ?? Number.POSITIVE_INFINITY;
  assert.ok(middle < 100, `${middle} ms without data`);
});

test('C-4 channels - one whose client gives no window does not hold up another', async () => {
  const { client, sources } = await logInToSource();
  const slow = await client.openSubsystem('source', 1000);
  const quick = await client.openSubsystem('echo');
  client.sendData(slow, Buffer.from('go'));
  await client.expect(Message.CHANNEL_DATA);
  for (let round = 0; round < 50; round++) {
    client.sendData(quick, BLOCK.subarray(0, 10_000));
    const { message } = await client.expect(Message.CHANNEL_DATA);
    message.uint32();
    assert.equal(message.string().length, 10_000);
  }
  assert.equal(sources[0]?.takenBytes, 1000);
});

test('C-2 channels - two that send as fast as they can have like shares of the connection', () => {
  const sentPackets = new Map<number, number>();
  const transport = new NarrowTransport((parts) => {
    const peerId = Buffer.concat(parts).readUInt32BE(1);
    sentPackets.set(peerId, (sentPackets.get(peerId) ?? 0) + 1);
  });
  const connection = connectionOver(transport, (channel) => new Source(channel));
  for (const peerId of [1, 2]) {
    const open = new ByteWriter().string('session').uint32(peerId).uint32(0x7fff_ffff).uint32(32_768);
    connection.onMessage(Message.CHANNEL_OPEN, new ByteReader(open.finish()));
    const request = new ByteWriter()
      .uint32(peerId - 1)
      .string('subsystem')
      .boolean(false)
      .string('source');
    connection.onMessage(Message.CHANNEL_REQUEST, new ByteReader(request.finish()));
    const data = new ByteWriter().uint32(peerId - 1).string('go');
    connection.onMessage(Message.CHANNEL_DATA, new ByteReader(data.finish()));
  }
  for (let round = 0; round < 100; round++) {
    transport.freePackets = 10;
    connection.flush();
  }
  assert.deepEqual(
    [...sentPackets],
    [
      [1, 500],
      [2, 500],
    ],
  );
});

test('A-29 open - a hundred thousand refused channels leave no memory behind', async () => {
  let refusals = 0;
  const transport = new NarrowTransport(() => assert.fail('nothing is to be sent'));
  transport.onMessage = (payload) => {
    assert.equal(payload[0], Message.CHANNEL_OPEN_FAILURE);
    refusals++;
  };
  const connection = connectionOver(transport, () => assert.fail('nothing is to be started'));
  const opens = ['x', 'direct-tcpip', 'x11', 'forwarded-tcpip'].map((type) =>
    new ByteWriter().string(type).uint32(7).uint32(MEBIBYTE).uint32(1000).string('rest').finish(),
  );
  const openAll = (count: number): void => {
    for (let at = 0; at < count; at++) {
      const body = opens[at % opens.length] ?? Buffer.alloc(0);
      connection.onMessage(Message.CHANNEL_OPEN, new ByteReader(body));
    }
  };
  openAll(1000);
  const before = await usedBytes();
  openAll(100_000);
  const grownBytes = (await usedBytes()) - before;
  assert.equal(refusals, 101_000);
  assert.ok(grownBytes < MEBIBYTE, `${grownBytes} bytes stay`);
});

test('A-29 C-1 open - sessions that were closed make room for new ones', async () => {
  const { client } = await logIn({ hostKeys });
  for (let round = 0; round < 100; round++) {
    const channel = await client.openSession();
    client.send(new ByteWriter().uint8(Message.CHANNEL_CLOSE).uint32(channel).finish());
    await client.expect(Message.CHANNEL_CLOSE);
  }
});
