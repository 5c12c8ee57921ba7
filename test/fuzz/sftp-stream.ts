/** Fuzz: streams of SFTP requests. However they are cut, the replies are the same; damaged ones are answered or ended. */

import assert from 'node:assert/strict';
import { mock } from 'node:test';
import fc from 'fast-check';
import { MessageType } from '../../src/sftp/protocol.ts';
import { settled } from '../../src/sftp/testing/conversation.ts';
import { packet } from '../../src/sftp/testing/sftp-client.ts';
import { start } from '../../src/sftp/testing/start.ts';
import { ByteWriter } from '../../src/wire/byte-writer.ts';
import { chunked, cuts, mutated, mutations } from './mutation.ts';
import type { FuzzTarget } from './target.ts';

const MAX_PACKET_BYTES = 256 * 1024;
const NOW_MS = Date.UTC(2026, 10, 1);
const path = fc.constantFrom('/a', '/b', '/d', '/d/e', '/none/x', '/', '.', '..', '', '/d/../a', 'a\0b');
/** Handles count from 1; most of these are not there. */
const handle = fc.constantFrom(1, 1, 2, 2, 3, 9);
const position = fc.oneof(fc.constantFrom(0, 2 ** 31, 2 ** 32, 2 ** 53 - 1), fc.nat(20_000));
const length = fc.oneof(fc.nat(30_000), fc.constantFrom(0, 1, 0xffff_ffff));

const request = fc.oneof(
  fc.record({ kind: fc.constant('open' as const), path, flags: fc.nat(0x3f) }),
  fc.record({ kind: fc.constantFrom('close' as const, 'fstat' as const, 'readdir' as const), handle }),
  fc.record({ kind: fc.constant('read' as const), handle, position, length }),
  fc.record({
    kind: fc.constant('write' as const),
    handle,
    position: fc.nat(20_000),
    length: fc.nat(20_000),
  }),
  fc.record({
    kind: fc.constantFrom(
      'stat' as const,
      'lstat' as const,
      'realpath' as const,
      'opendir' as const,
      'remove' as const,
      'mkdir' as const,
      'rmdir' as const,
      'readlink' as const,
    ),
    path,
  }),
  fc.record({ kind: fc.constant('rename' as const), path, to: path, replaces: fc.boolean() }),
  fc.record({
    kind: fc.constantFrom('setstat' as const, 'fsetstat' as const),
    path,
    handle,
    sizeBytes: fc.nat(9000),
  }),
  fc.record({
    kind: fc.constant('extended' as const),
    name: fc.constantFrom(
      'limits@openssh.com',
      'statvfs@openssh.com',
      'fsync@openssh.com',
      'home-directory',
      'no',
    ),
    path,
  }),
  fc.record({
    kind: fc.constant('other' as const),
    type: fc.nat(255),
    body: fc.uint8Array({ maxLength: 20 }),
  }),
);

type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

const input = fc.record({
  /** The client waits for all answers between two of these. */
  steps: fc.array(fc.array(request, { minLength: 1, maxLength: 8 }), { maxLength: 8 }),
  cuts,
  otherCuts: cuts,
  mutations,
});

type Input = typeof input extends fc.Arbitrary<infer T> ? T : never;

const TYPES = {
  close: MessageType.CLOSE,
  fstat: MessageType.FSTAT,
  readdir: MessageType.READDIR,
  stat: MessageType.STAT,
  lstat: MessageType.LSTAT,
  realpath: MessageType.REALPATH,
  opendir: MessageType.OPENDIR,
  remove: MessageType.REMOVE,
  mkdir: MessageType.MKDIR,
  rmdir: MessageType.RMDIR,
  readlink: MessageType.READLINK,
} as const;

function handleBytes(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

/** Type and body of a request, without its id. */
function encoded(given: Request): { readonly type: number; readonly body: ByteWriter } {
  const body = new ByteWriter(64);
  switch (given.kind) {
    case 'open':
      return { type: MessageType.OPEN, body: body.string(given.path).uint32(given.flags).uint32(0) };
    case 'close':
    case 'fstat':
    case 'readdir':
      return { type: TYPES[given.kind], body: body.string(handleBytes(given.handle)) };
    case 'read':
      body.string(handleBytes(given.handle)).uint64(given.position).uint32(given.length);
      return { type: MessageType.READ, body };
    case 'write':
      body.string(handleBytes(given.handle)).uint64(given.position).string(Buffer.alloc(given.length, 'w'));
      return { type: MessageType.WRITE, body };
    case 'rename':
      if (!given.replaces)
        return { type: MessageType.RENAME, body: body.string(given.path).string(given.to) };
      body.string('posix-rename@openssh.com').string(given.path).string(given.to);
      return { type: MessageType.EXTENDED, body };
    case 'setstat':
      return { type: MessageType.SETSTAT, body: body.string(given.path).uint32(1).uint64(given.sizeBytes) };
    case 'fsetstat':
      body.string(handleBytes(given.handle)).uint32(1).uint64(given.sizeBytes);
      return { type: MessageType.FSETSTAT, body };
    case 'extended':
      return { type: MessageType.EXTENDED, body: body.string(given.name).string(given.path) };
    case 'other':
      return { type: given.type, body: body.bytes(given.body) };
    default:
      return { type: TYPES[given.kind], body: body.string(given.path).uint32(0) };
  }
}

const INIT = packet(new ByteWriter().uint8(MessageType.INIT).uint32(3));

/** One piece of the stream for each step. */
function pieces(steps: Input['steps']): Buffer[] {
  let id = 1000;
  return steps.map((requests) =>
    Buffer.concat(
      requests.map((given) => {
        const { type, body } = encoded(given);
        return packet(new ByteWriter(64).uint8(type).uint32(id++).bytes(body.finish()));
      }),
    ),
  );
}

/** Everything the server sends, as one text, and how the channel ended. */
async function conversation(steps: readonly (readonly Buffer[])[]) {
  const talk = await start({}, false);
  for (const chunks of steps) {
    for (const chunk of chunks) talk.deliver(Buffer.from(chunk));
    await quiet(talk);
  }
  const exitStatus = talk.channel.exitStatus;
  const replies = talk.client.replies.map(({ type, id, body }) => ({ type, id, body: body.toString('hex') }));
  talk.server.onEnd();
  await quiet(talk);
  assert.notEqual(talk.channel.exitStatus, undefined, 'the end of the input ends the channel');
  talk.server.onClose();
  await quiet(talk);
  assert.equal(talk.channel.creditedBytes, talk.receivedBytes, 'every byte is credited once');
  assert.equal(talk.files.lentSlices, 0);
  assert.equal(talk.server.openFiles, 0);
  return { replies, exitStatus };
}

/** Until nothing more comes: the storage is memory, so that a few turns without a reply are the end. */
async function quiet(talk: Awaited<ReturnType<typeof start>>): Promise<void> {
  for (let before = -1; before !== talk.channel.sends.length + talk.files.calls.length; ) {
    before = talk.channel.sends.length + talk.files.calls.length;
    await settled();
  }
}

/** Ids of the whole packets of a stream, as far as its frames are in order. */
function requestIds(stream: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 0; at + 9 <= stream.length; ) {
    const byteCount = stream.readUInt32BE(at);
    if (byteCount < 5 || byteCount > MAX_PACKET_BYTES || at + 4 + byteCount > stream.length) break;
    ids.push(stream.readUInt32BE(at + 5));
    at += 4 + byteCount;
  }
  return ids;
}

export const sftpStream: FuzzTarget<Input> = {
  name: 'sftp-stream',
  input,
  async check({ steps, mutations: changes, ...places }) {
    // Listings and attributes show times.
    const clock = mock.method(Date, 'now', () => NOW_MS);
    try {
      await checkAtOneTime({ steps, mutations: changes, ...places });
    } finally {
      clock.mock.restore();
    }
  },
};

async function checkAtOneTime({ steps, mutations: changes, ...places }: Input): Promise<void> {
  const whole = pieces(steps);
  const cutAt = (cutsOfAll: readonly number[]) => [
    [INIT],
    ...whole.map((piece) => chunked(piece, cutsOfAll)),
  ];
  const expected = await conversation(cutAt(places.cuts));
  assert.deepEqual(await conversation(cutAt(places.otherCuts)), expected, 'cuts make no difference');
  await checkDamaged(Buffer.concat(whole), changes, places.cuts);
}

/** Every whole request has one answer, or the channel ended. */
async function checkDamaged(
  stream: Buffer,
  changes: Input['mutations'],
  places: readonly number[],
): Promise<void> {
  const damaged = mutated(stream, changes);
  const { replies, exitStatus } = await conversation([[INIT], chunked(damaged, places)]);
  const answered = replies.slice(1).map(({ id }) => id);
  const asked = requestIds(damaged);
  if (exitStatus === undefined) {
    assert.deepEqual(answered.toSorted(), asked.toSorted());
    return;
  }
  // Each answer is one of a request, though not every request has one.
  for (const id of answered) {
    const at = asked.indexOf(id);
    assert.ok(at >= 0, `an answer nobody asked for: ${id}`);
    asked.splice(at, 1);
  }
}
