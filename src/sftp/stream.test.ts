import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteWriter } from '../wire/byte-writer.ts';
import { FrameReader } from './frame-reader.ts';
import { MessageType, OpenFlag } from './protocol.ts';
import { settled, WRITE_NEW } from './testing/conversation.ts';
import { packet, SftpClient } from './testing/sftp-client.ts';
import { start } from './testing/start.ts';

/** The first handle of a session. */
const HANDLE = Buffer.from([0, 0, 0, 1]);

/** A whole upload and download as bytes. */
function script(): Buffer {
  const packets: Buffer[] = [];
  const client = new SftpClient((bytes) => packets.push(bytes));
  void client.init();
  void client.named(MessageType.REALPATH, '.');
  void client.open('/a', WRITE_NEW | OpenFlag.READ, { permissions: 0o600 });
  void client.write(HANDLE, 0, Buffer.alloc(9000, 'abc'));
  void client.write(HANDLE, 9000, Buffer.alloc(5000, 'def'));
  void client.write(HANDLE, 3, 'x');
  void client.read(HANDLE, 0, 20_000);
  void client.read(HANDLE, 20_000, 10);
  void client.changing(MessageType.SETSTAT, '/none', { permissions: 0o600 });
  void client.request(99);
  void client.close(HANDLE);
  return Buffer.concat(packets);
}

/** The replies in the order of their ids: requests that do not depend on each other may be answered in any. */
async function repliesTo(chunks: readonly Buffer[]): Promise<string[]> {
  const conversation = await start({}, false);
  // The handle must exist before it is used: what precedes its OPEN's answer is let through first.
  for (const chunk of chunks) {
    conversation.deliver(chunk);
    await settled();
  }
  conversation.server.onEnd();
  await settled();
  assert.equal(conversation.channel.creditedBytes, conversation.receivedBytes);
  assert.equal(conversation.files.lentSlices, 0);
  assert.equal(conversation.channel.exitStatus, 0);
  return conversation.client.replies
    .toSorted((a, b) => a.id - b.id)
    .map(({ type, id, body }) => `${id} ${type} ${body.toString('hex')}`);
}

/** The part in front of the first use of the handle, then the rest cut at `cuts`. */
function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const opened = bytes.indexOf(Buffer.concat([Buffer.from([6]), Buffer.from([0, 0, 0, 102])])) - 4;
  const places = [...new Set([0, opened, ...cuts, bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

test('stream - the same bytes cut anywhere give the same replies', async () => {
  const bytes = script();
  const expected = await repliesTo(chunksOf(bytes, []));
  assert.equal(expected.length, 11);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 40 }), async (cuts) => {
      assert.deepEqual(await repliesTo(chunksOf(bytes, cuts)), expected);
    }),
    { numRuns: 60 },
  );
});

/** What a reader hands out of chunks, with the data of each packet joined. */
function framesOf(chunks: readonly Buffer[]): string[] {
  const reader = new FrameReader();
  const frames: string[] = [];
  for (const chunk of chunks) {
    reader.push(Buffer.from(chunk));
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      frames.push(
        `${frame.type} ${frame.byteCount} ${Buffer.concat([frame.head, ...frame.tail]).toString('hex')}`,
      );
    }
  }
  assert.equal(reader.clear(), 0);
  return frames;
}

test('frames - a stream cut once at every place, or into single bytes, gives the same packets', () => {
  const bytes = script().subarray(0, 10_000);
  const whole = bytes.subarray(0, bytes.lastIndexOf(Buffer.from([0, 0, 0, 103])) - 5);
  const expected = framesOf([whole]);
  for (let cut = 1; cut < whole.length; cut++) {
    assert.deepEqual(framesOf([whole.subarray(0, cut), whole.subarray(cut)]), expected);
  }
  assert.deepEqual(framesOf(Array.from(whole, (_, i) => whole.subarray(i, i + 1))), expected);
});

test('frames - the data of a WRITE that came in large views is not copied', () => {
  const data = Buffer.alloc(40_000, 'x');
  const body = new ByteWriter().uint8(MessageType.WRITE).uint32(1).string(HANDLE).uint64(0).string(data);
  const bytes = packet(body);
  const views = [bytes.subarray(0, 20_000), bytes.subarray(20_000)];
  const reader = new FrameReader();
  for (const view of views) reader.push(view);
  const frame = reader.next();
  assert.equal(frame?.head.buffer, bytes.buffer);
  assert.deepEqual(
    frame.tail.map((view) => [view.buffer === bytes.buffer, view.length]),
    [[true, bytes.length - 20_000]],
  );
});

test('frames - views of single bytes share blocks', () => {
  const bytes = packet(
    new ByteWriter().uint8(MessageType.WRITE).uint32(1).string(HANDLE).uint64(0).string(Buffer.alloc(20_000)),
  );
  const reader = new FrameReader();
  for (let i = 0; i < bytes.length; i++) reader.push(bytes.subarray(i, i + 1));
  const frame = reader.next();
  const blocks = new Set([frame?.head.buffer, ...(frame?.tail ?? []).map((view) => view.buffer)]);
  assert.equal(blocks.size, 3);
  assert.equal(frame?.tail.length, 2);
});

const requestType = fc.oneof(fc.constantFrom(...Object.values(MessageType)), fc.nat(255));

/** Packets whose frame is right and whose content is anything. */
const nonsensePacket = fc
  .tuple(requestType, fc.nat(0xffff_ffff), fc.uint8Array({ maxLength: 60 }))
  .map(([type, id, body]) => packet(new ByteWriter().uint8(type).uint32(id).bytes(body)));

/** Packets whose fields are plausible. */
const plausiblePacket = fc
  .tuple(
    requestType,
    fc.constantFrom('/a', '\0\0\0\x01', '', 'copy-data'),
    fc.nat(300),
    fc.nat(0x3f),
    fc.string(),
  )
  .map(([type, subject, position, word, text]) =>
    packet(
      new ByteWriter()
        .uint8(type)
        .uint32(7)
        .string(subject)
        .uint64(position)
        .uint32(word)
        .string(text)
        .uint64(0),
    ),
  );

const garbage = fc.array(
  fc.oneof(
    nonsensePacket,
    plausiblePacket,
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  ),
  { maxLength: 30 },
);

test('garbage - nothing a client sends makes the server throw, and every byte is credited once', async () => {
  await fc.assert(
    fc.asyncProperty(garbage, fc.boolean(), fc.nat(30), async (chunks, endsFirst, turns) => {
      const conversation = await start();
      await conversation.client.open('/a', WRITE_NEW | OpenFlag.READ);
      for (const [i, chunk] of chunks.entries()) {
        conversation.server.onData(chunk);
        conversation.receivedBytes += chunk.length;
        if (i === turns) await settled();
      }
      if (endsFirst) {
        conversation.server.onEnd();
        await settled();
        assert.notEqual(conversation.channel.exitStatus, undefined);
      }
      conversation.server.onClose();
      await settled();
      assert.equal(conversation.channel.creditedBytes, conversation.receivedBytes);
      assert.equal(conversation.files.lentSlices, 0);
      assert.equal(conversation.server.openFiles, 0);
      assert.equal(conversation.observer.closings.length, conversation.observer.openings.length);
    }),
    { numRuns: 150 },
  );
});
