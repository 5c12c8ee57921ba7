/** Fuzz: messages of the connection protocol, whole and damaged, in any order. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Connection, type ConnectionTransport } from '../../src/ssh/connection.ts';
import { toSshError } from '../../src/ssh/error.ts';
import { HostKeyProof } from '../../src/ssh/host-key-proof.ts';
import { Message } from '../../src/ssh/message.ts';
import { echo, makeHostKeys } from '../../src/ssh/testing/pair.ts';
import { WindowBudget } from '../../src/ssh/window-budget.ts';
import type { ByteChannel, ByteChannelHandler } from '../../src/wire/byte-channel.ts';
import { ByteReader } from '../../src/wire/byte-reader.ts';
import { ByteWriter } from '../../src/wire/byte-writer.ts';
import { mutated, mutations } from './mutation.ts';
import type { FuzzTarget } from './target.ts';

const hostKeys = makeHostKeys().slice(0, 1);

const channel = fc.nat(3);
const size = fc.oneof(fc.constantFrom(0, 1, 9, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1), fc.nat(100_000));
const requestType = fc.constantFrom(
  'subsystem',
  'exec',
  'shell',
  'pty-req',
  'env',
  'signal',
  'keepalive@openssh.com',
);
const globalName = fc.constantFrom(
  'no-more-sessions@openssh.com',
  'keepalive@openssh.com',
  'tcpip-forward',
  'hostkeys-prove-00@openssh.com',
);

const step = fc.oneof(
  fc.record({
    kind: fc.constant('open' as const),
    type: fc.oneof(
      { weight: 4, arbitrary: fc.constant('session') },
      fc.constantFrom('x11', 'direct-tcpip', ''),
    ),
    window: size,
    maxPacket: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 9, max: 40_000 }) }, size),
  }),
  fc.record({ kind: fc.constant('data' as const), channel, byteCount: fc.nat(40_000) }),
  fc.record({ kind: fc.constant('extended' as const), channel, byteCount: fc.nat(40_000) }),
  fc.record({ kind: fc.constant('adjust' as const), channel, byteCount: size }),
  fc.record({
    kind: fc.constant('request' as const),
    channel,
    type: requestType,
    wantsReply: fc.boolean(),
    text: fc.constantFrom('echo', 'pusher', 'finisher', 'nothing'),
  }),
  fc.record({ kind: fc.constantFrom('eof' as const, 'close' as const), channel }),
  fc.record({ kind: fc.constant('global' as const), name: globalName, wantsReply: fc.boolean() }),
  fc.record({
    kind: fc.constant('raw' as const),
    number: fc.integer({ min: 80, max: 127 }),
    body: fc.uint8Array({ maxLength: 30 }),
  }),
  /** The transport stops or goes on taking. */
  fc.record({ kind: fc.constant('writable' as const), isWritable: fc.boolean() }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const openStep = fc.record({
  kind: fc.constant('open' as const),
  type: fc.constant('session'),
  window: size,
  maxPacket: fc.integer({ min: 9, max: 300_000 }),
});

/** Something is there to talk to. */
const opening = openStep.map((given) => ({ step: given, mutations: [] }));

const messages = fc.array(
  fc.record({ step, mutations: fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, mutations) }),
  { maxLength: 40 },
);

const input = fc
  .tuple(fc.array(opening, { minLength: 1, maxLength: 4 }), messages)
  .map(([first, rest]) => [...first, ...rest]);

type Input = typeof input extends fc.Arbitrary<infer T> ? T : never;

function encoded(given: Exclude<Step, { kind: 'writable' }>): { number: number; body: Buffer } {
  const body = new ByteWriter();
  switch (given.kind) {
    case 'open':
      body.string(given.type).uint32(7).uint32(given.window).uint32(given.maxPacket);
      return { number: Message.CHANNEL_OPEN, body: body.finish() };
    case 'data':
      body.uint32(given.channel).string(Buffer.alloc(given.byteCount, 'd'));
      return { number: Message.CHANNEL_DATA, body: body.finish() };
    case 'extended':
      body.uint32(given.channel).uint32(1).string(Buffer.alloc(given.byteCount, 'e'));
      return { number: Message.CHANNEL_EXTENDED_DATA, body: body.finish() };
    case 'adjust':
      body.uint32(given.channel).uint32(given.byteCount);
      return { number: Message.CHANNEL_WINDOW_ADJUST, body: body.finish() };
    case 'request':
      body.uint32(given.channel).string(given.type).boolean(given.wantsReply).string(given.text);
      return { number: Message.CHANNEL_REQUEST, body: body.finish() };
    case 'eof':
      return { number: Message.CHANNEL_EOF, body: body.uint32(given.channel).finish() };
    case 'close':
      return { number: Message.CHANNEL_CLOSE, body: body.uint32(given.channel).finish() };
    case 'global':
      return {
        number: Message.GLOBAL_REQUEST,
        body: body.string(given.name).boolean(given.wantsReply).finish(),
      };
    case 'raw':
      return { number: given.number, body: Buffer.from(given.body) };
  }
}

/** Stands for the client: keeps the rules it is entitled to and notices when the server breaks one. */
class StrictPeer implements ConnectionTransport {
  isWritable = true;
  /** Every channel has the same number with the client, so the rules are kept for all of them together. */
  grantedBytes = 0;
  maxPacket = 0;
  confirmations = 0;
  closes = 0;
  #failure: unknown;

  send(payload: Buffer): void {
    const number = payload[0] ?? 0;
    if (number === Message.CHANNEL_OPEN_CONFIRMATION) this.confirmations++;
    if (number === Message.CHANNEL_CLOSE) this.closes++;
    assert.ok(this.closes <= this.confirmations, 'a channel is closed once');
    assert.notEqual(number, Message.CHANNEL_DATA, 'data goes in parts');
  }

  sendParts(parts: readonly Uint8Array[]): void {
    assert.ok(this.isWritable, 'nothing is sent that the transport does not take');
    const bytes = Buffer.concat(parts);
    const message = new ByteReader(bytes, 1);
    assert.equal(bytes[0], Message.CHANNEL_DATA);
    message.uint32();
    const { length } = message.string();
    assert.ok(length > 0 && length <= this.maxPacket, `${length} bytes in one packet`);
    this.grantedBytes -= length;
    assert.ok(this.grantedBytes >= 0, 'no more is sent than was granted');
  }

  hold(): () => void {
    return () => undefined;
  }

  fail(error: unknown): void {
    this.#failure = error;
  }

  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Handlers that were started and not yet told of their end. */
class Sessions {
  running = 0;

  start(name: string, through: ByteChannel): ByteChannelHandler | undefined {
    const handler = this.#handler(name, through);
    if (handler === undefined) return undefined;
    this.running++;
    return {
      onData: (view) => handler.onData(view),
      onEnd: () => handler.onEnd(),
      onDrain: () => handler.onDrain(),
      onClose: () => {
        this.running--;
        handler.onClose();
      },
    };
  }

  #handler(name: string, through: ByteChannel): ByteChannelHandler | undefined {
    if (name === 'echo') return echo(through);
    if (name === 'finisher') {
      through.finish(3);
      return echo(through);
    }
    if (name !== 'pusher') return undefined;
    through.send([Buffer.alloc(70_000, 'p'), Buffer.alloc(0), Buffer.alloc(10)]);
    return echo(through);
  }
}

export const channels: FuzzTarget<Input> = {
  name: 'channels',
  input,
  check(steps) {
    const peer = new StrictPeer();
    const sessions = new Sessions();
    const connection = new Connection({
      transport: peer,
      budget: new WindowBudget(2 ** 24),
      hostKeyProof: new HostKeyProof({ hostKeys, sessionId: Buffer.alloc(32), rsaAlgorithm: undefined }),
      startSession: (request, through) =>
        request.type === 'subsystem' ? sessions.start(request.name, through) : undefined,
    });
    try {
      for (const { step: given, mutations: changes } of steps) {
        take(connection, peer, given, changes);
        peer.throwFailure();
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      const { code, cause } = toSshError(error);
      assert.notEqual(code, 'INTERNAL', `${cause instanceof Error ? cause.stack : cause}`);
    }
    connection.abandon();
    assert.equal(sessions.running, 0, 'every session is told that it is over');
  },
};

function take(
  connection: Connection,
  peer: StrictPeer,
  given: Step,
  changes: Input[number]['mutations'],
): void {
  if (given.kind === 'writable') {
    peer.isWritable = given.isWritable;
    if (given.isWritable) connection.flush();
    return;
  }
  const { number, body } = encoded(given);
  const message = mutated(body, changes);
  const isTouched = changes.length > 0 || given.kind === 'raw';
  if (isTouched || given.kind === 'adjust' || given.kind === 'open')
    peer.grantedBytes += grantOf(number, message);
  if (number === Message.CHANNEL_OPEN) peer.maxPacket = Math.max(peer.maxPacket, maxPacketOf(message));
  connection.onMessage(number, new ByteReader(message));
}

/** What a message may add to what the server may send: never too little, so that no false alarm is raised. */
function grantOf(number: number, message: Buffer): number {
  try {
    const fields = new ByteReader(message);
    if (number === Message.CHANNEL_OPEN) fields.string();
    if (number !== Message.CHANNEL_OPEN && number !== Message.CHANNEL_WINDOW_ADJUST) return 0;
    fields.uint32();
    return fields.uint32();
  } catch {
    return 0;
  }
}

function maxPacketOf(message: Buffer): number {
  try {
    const fields = new ByteReader(message);
    fields.string();
    fields.uint64();
    return fields.uint32();
  } catch {
    return 0;
  }
}
