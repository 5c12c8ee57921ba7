import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageType, OpenFlag, StatusCode } from '../protocol.ts';
import { settled, WRITE_NEW } from '../testing/conversation.ts';
import { start } from '../testing/start.ts';

function numbered(byteCount: number): Buffer {
  const bytes = Buffer.alloc(byteCount);
  for (let at = 0; at + 4 <= byteCount; at += 4) bytes.writeUInt32BE(at, at);
  return bytes;
}

test('F-63 paramiko - prefetch sends every READ of the file at once: few are begun, the rest is not credited', async () => {
  const blockBytes = 32_768;
  const blockCount = 600;
  const contents = numbered(blockBytes * blockCount);
  const conversation = await start();
  await conversation.store('/a', contents);
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const { client, channel, files } = conversation;
  const creditedBefore = channel.creditedBytes;
  const receivedBefore = conversation.receivedBytes;
  const release = files.hold('read /a 0+32768');
  const reads = Array.from({ length: blockCount }, (_, index) =>
    client.read(handle, index * blockBytes, blockBytes),
  );
  await settled();
  const begun = files.calls.filter((call) => call.startsWith('read /a')).length;
  assert.ok(begun <= 128, `${begun} begun`);
  assert.ok(files.lentSlices <= 128);
  const creditedBytes = channel.creditedBytes - creditedBefore;
  const flood = conversation.receivedBytes - receivedBefore;
  assert.equal(creditedBytes, 0, `of ${flood} bytes`);
  release();
  const replies = await Promise.all(reads);
  assert.ok(Buffer.concat(replies.map(({ data }) => data)).equals(contents));
  assert.equal(channel.creditedBytes, conversation.receivedBytes);
});

test('paramiko - put is followed by STAT, which has the size of what was closed', async () => {
  const conversation = await start();
  const { client } = conversation;
  const handle = await conversation.handle('/a', WRITE_NEW);
  const writes = Array.from({ length: 100 }, (_, index) =>
    client.write(handle, index * 32_768, Buffer.alloc(32_768)),
  );
  const closed = client.close(handle);
  const shown = client.named(MessageType.STAT, '/a');
  await Promise.all([...writes, closed]);
  assert.equal((await shown).attributes.sizeBytes, 100 * 32_768);
});

/** An order that is always the same and never the natural one. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, index) => (index * 7 + 3) % count);
}

for (const [who, blockBytes] of [
  ['rclone', 32_768],
  ['ssh2 fastPut', 32_768],
  ['asyncssh', 16_384],
] as const) {
  test(`F-61 ${who} - WRITEs out of order, with gaps on the way, are all stored where they belong`, async () => {
    const contents = numbered(64 * blockBytes + 100);
    const conversation = await start();
    const { client } = conversation;
    const handle = await conversation.handle('/a', WRITE_NEW);
    const writes = shuffled(65).map((index) =>
      client.write(
        handle,
        index * blockBytes,
        contents.subarray(index * blockBytes, (index + 1) * blockBytes),
      ),
    );
    const answers = await Promise.all([...writes, client.close(handle)]);
    assert.ok(answers.every(({ status }) => status === StatusCode.OK));
    const reader = await conversation.handle('/a', OpenFlag.READ);
    const parts = Array.from({ length: 65 }, (_, index) =>
      client.read(reader, index * blockBytes, blockBytes),
    );
    assert.ok(Buffer.concat((await Promise.all(parts)).map(({ data }) => data)).equals(contents));
  });
}

test('F-61 sshfs - a write behind what is stored changes it, and a gap that stays reads as zeros', async () => {
  const conversation = await start();
  const { client } = conversation;
  const handle = await conversation.handle('/a', OpenFlag.READ | OpenFlag.WRITE | OpenFlag.CREATE);
  await client.write(handle, 0, 'abcdef');
  await client.write(handle, 2, 'XY');
  await client.write(handle, 8, 'z');
  assert.equal((await client.close(handle)).status, StatusCode.OK);
  assert.equal(await conversation.load('/a'), 'abXYef\0\0z');
});

test('F-1 libssh2 - blocks of 30000 bytes, which fit no other size, come whole', async () => {
  const contents = numbered(30_000 * 10 + 17);
  const conversation = await start();
  const { client } = conversation;
  const handle = await conversation.handle('/a', WRITE_NEW);
  const writes = Array.from({ length: 11 }, (_, index) =>
    client.write(handle, index * 30_000, contents.subarray(index * 30_000, (index + 1) * 30_000)),
  );
  await Promise.all([...writes, client.close(handle)]);
  const reader = await conversation.handle('/a', OpenFlag.READ);
  const parts = await Promise.all(
    Array.from({ length: 12 }, (_, index) => client.read(reader, index * 30_000, 30_000)),
  );
  assert.deepEqual(
    parts.map(({ data }) => data.length),
    [...Array.from({ length: 10 }, () => 30_000), 17, 0],
  );
  assert.equal(parts.at(-1)?.status, StatusCode.EOF);
  assert.ok(Buffer.concat(parts.map(({ data }) => data)).equals(contents));
});
