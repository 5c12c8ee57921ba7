import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { HashPace } from './hashing/hash-pace.ts';
import { HashQueue } from './hashing/hash-queue.ts';
import { MessageType, OpenFlag, StatusCode } from './protocol.ts';
import { type Conversation, settled } from './testing/conversation.ts';
import type { ClientReply } from './testing/sftp-client.ts';
import { start } from './testing/start.ts';

const CONTENTS = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));

interface Asked {
  readonly algorithms?: string;
  readonly position?: number;
  readonly byteCount?: number;
  readonly blockBytes?: number;
}

function ask(
  { client }: Conversation,
  name: string,
  subject: string | Buffer,
  { algorithms = 'md5', position = 0, byteCount = 0, blockBytes = 0 }: Asked = {},
): Promise<ClientReply> {
  const body = new ByteWriter()
    .string(subject)
    .string(algorithms)
    .uint64(position)
    .uint64(byteCount)
    .uint32(blockBytes);
  return client.extended(name, body);
}

function digest(algorithm: string, bytes: Uint8Array): Buffer {
  return createHash(algorithm).update(bytes).digest();
}

/** Algorithm and digests, as the draft has them. */
function parse({ type, body }: ClientReply): { readonly algorithm: string; readonly digests: Buffer } {
  assert.equal(type, MessageType.EXTENDED_REPLY);
  const fields = new ByteReader(body);
  return { algorithm: fields.text(), digests: fields.rest() };
}

async function withFile(contents: Buffer = CONTENTS): Promise<Conversation> {
  const conversation = await start();
  await conversation.store('/a', contents);
  return conversation;
}

test('check-file - WinSCP asks by name and reads the algorithm, then nothing but the hash', async () => {
  const conversation = await withFile();
  const reply = await ask(conversation, 'check-file-name', '/a', { algorithms: 'sha1' });
  const expected = new ByteWriter().string('sha1').bytes(digest('sha1', CONTENTS)).finish();
  assert.deepEqual(reply.body, expected);
});

test('check-file - paramiko asks as check-file with a handle and reads the name of the extension first', async () => {
  const conversation = await withFile();
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const reply = await ask(conversation, 'check-file', handle, { algorithms: 'md5' });
  const expected = new ByteWriter()
    .string('check-file')
    .string('md5')
    .bytes(digest('md5', CONTENTS))
    .finish();
  assert.deepEqual(reply.body, expected);
});

test('check-file - by handle, as the draft has it', async () => {
  const conversation = await withFile();
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const reply = parse(await ask(conversation, 'check-file-handle', handle, { algorithms: 'sha512' }));
  assert.deepEqual(reply, { algorithm: 'sha512', digests: digest('sha512', CONTENTS) });
});

test('check-file - the first known algorithm of the list is taken; none known is refused with those there are', async () => {
  const conversation = await withFile();
  const reply = parse(await ask(conversation, 'check-file-name', '/a', { algorithms: 'blake3,sha256,md5' }));
  assert.equal(reply.algorithm, 'sha256');
  const refused = await ask(conversation, 'check-file-name', '/a', { algorithms: 'blake3' });
  assert.equal(refused.status, StatusCode.OP_UNSUPPORTED);
  assert.match(refused.message, /use md5,sha1,sha224,sha256,sha384,sha512,crc32$/);
});

test('check-file - every advertised algorithm works', async () => {
  const conversation = await withFile();
  for (const algorithm of ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']) {
    const reply = parse(await ask(conversation, 'check-file-name', '/a', { algorithms: algorithm }));
    assert.deepEqual(reply.digests, digest(algorithm, CONTENTS), algorithm);
  }
  const reply = parse(await ask(conversation, 'check-file-name', '/a', { algorithms: 'crc32' }));
  assert.equal(reply.digests.toString('hex'), crc32(CONTENTS).toString(16).padStart(8, '0'));
});

test('check-file - a range, and blocks of which the last is shorter', async () => {
  const conversation = await withFile();
  const range = parse(await ask(conversation, 'check-file-name', '/a', { position: 10, byteCount: 500 }));
  assert.deepEqual(range.digests, digest('md5', CONTENTS.subarray(10, 510)));
  const toEnd = parse(await ask(conversation, 'check-file-name', '/a', { position: 900, byteCount: 5000 }));
  assert.deepEqual(toEnd.digests, digest('md5', CONTENTS.subarray(900)));
  const blocks = parse(await ask(conversation, 'check-file-name', '/a', { blockBytes: 256, position: 100 }));
  const expected = [100, 356, 612, 868].map((at) =>
    digest('md5', CONTENTS.subarray(at, Math.min(at + 256, 1000))),
  );
  assert.deepEqual(blocks.digests, Buffer.concat(expected));
});

test('check-file - an empty file has the hash of nothing; a range that begins behind the end is refused', async () => {
  const conversation = await withFile(Buffer.alloc(0));
  const whole = parse(await ask(conversation, 'check-file-name', '/a'));
  assert.deepEqual(whole.digests, digest('md5', Buffer.alloc(0)));
  assert.equal(
    (await ask(conversation, 'check-file-name', '/a', { position: 1 })).status,
    StatusCode.BAD_MESSAGE,
  );
});

test('check-file - blocks below 256 bytes are refused', async () => {
  const conversation = await withFile();
  for (const blockBytes of [1, 255]) {
    const refused = await ask(conversation, 'check-file-name', '/a', { blockBytes });
    assert.equal(refused.status, StatusCode.FAILURE);
    assert.equal(refused.message, 'blocks must have at least 256 bytes, or 0 for one hash');
  }
});

test('check-file - a reply above 128 KiB is refused before a byte is read, and the message names the fix', async () => {
  const conversation = await withFile(Buffer.alloc(256 * 2049));
  const refused = await ask(conversation, 'check-file-name', '/a', { algorithms: 'sha512', blockBytes: 256 });
  assert.equal(refused.status, StatusCode.FAILURE);
  assert.equal(
    refused.message,
    'the reply would hold 2049 hashes and has room for 2048: ask for larger blocks or a shorter range',
  );
  assert.ok(!conversation.files.calls.some((call) => call.startsWith('read /a')));
});

test('check-file - needs a file that may be read', async () => {
  const conversation = await withFile();
  const handle = await conversation.handle('/a', OpenFlag.WRITE);
  assert.equal((await ask(conversation, 'check-file', handle)).status, StatusCode.PERMISSION_DENIED);
  assert.equal((await ask(conversation, 'check-file-name', '/none')).status, StatusCode.NO_SUCH_FILE);
  assert.equal((await ask(conversation, 'check-file-name', '/')).status, StatusCode.FAILURE);
  const directory = (await conversation.client.named(MessageType.OPENDIR, '/')).handle;
  assert.equal((await ask(conversation, 'check-file-handle', directory)).status, StatusCode.FAILURE);
});

test('check-file - sees the writes sent before it', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', OpenFlag.READ | OpenFlag.WRITE | OpenFlag.CREATE);
  void conversation.client.write(handle, 0, 'abc');
  const reply = parse(await ask(conversation, 'check-file-handle', handle));
  assert.deepEqual(reply.digests, digest('md5', Buffer.from('abc')));
});

test('check-file - is told to the observer, and counts as nothing read by the client', async () => {
  const conversation = await withFile();
  const { client, observer } = conversation;
  const handle = await conversation.handle('/a', OpenFlag.READ);
  await ask(conversation, 'check-file', handle, { algorithms: 'sha1', byteCount: 10 });
  await client.close(handle);
  await ask(conversation, 'check-file-name', '/a');
  assert.deepEqual(observer.hashes, [
    { path: '/a', algorithm: 'sha1', byteCount: 10 },
    { path: '/a', algorithm: 'md5', byteCount: 1000 },
  ]);
  assert.equal(observer.closings.at(-1)?.bytesRead, 0);
  assert.equal(observer.openings.length, 2);
});

test('check-file - large files are read in slices, one lent at a time, while other requests go on', async () => {
  const contents = Buffer.alloc(1_000_000, 7);
  const conversation = await withFile(contents);
  const { files, client } = conversation;
  let mostLent = 0;
  let answeredMeanwhile = 0;
  const asked = ask(conversation, 'check-file-name', '/a', { algorithms: 'sha256' });
  let isHashing = true;
  void asked.then(() => {
    isHashing = false;
  });
  while (isHashing) {
    await client.named(MessageType.STAT, '/');
    answeredMeanwhile += 1;
    mostLent = Math.max(mostLent, files.lentSlices);
  }
  assert.deepEqual(parse(await asked).digests, digest('sha256', contents));
  assert.ok(answeredMeanwhile >= 7, `${answeredMeanwhile} answers`);
  assert.equal(mostLent, 1);
  assert.equal(files.lentSlices, 0);
});

test('check-file - one at a time in a session, also over several channels', async () => {
  const hashes = new HashQueue({ pace: new HashPace() });
  const one = await start({ server: { hashes } });
  const other = await start({ server: { hashes } });
  await one.store('/a', 'a');
  await other.store('/b', 'b');
  const release = one.files.hold('read /a 0+1');
  const first = ask(one, 'check-file-name', '/a');
  await settled();
  const second = ask(other, 'check-file-name', '/b');
  await settled();
  assert.ok(!other.files.calls.includes('read /b 0+1'));
  release();
  assert.deepEqual(parse(await first).digests, digest('md5', Buffer.from('a')));
  assert.deepEqual(parse(await second).digests, digest('md5', Buffer.from('b')));
});

test('check-file - too many that wait are refused', async () => {
  const hashes = new HashQueue({ pace: new HashPace(), maxWaiting: 1 });
  const conversation = await start({ server: { hashes } });
  await conversation.store('/a', 'a');
  const release = conversation.files.hold('read /a 0+1');
  const asked = [1, 2, 3].map(() => ask(conversation, 'check-file-name', '/a'));
  await settled();
  release();
  const replies = await Promise.all(asked);
  assert.deepEqual(
    replies.map(({ status }) => status),
    [-1, -1, StatusCode.FAILURE],
  );
});

test('check-file - one by name takes the place of an open file', async () => {
  const conversation = await start({ limits: { maxOpenHandles: 2 } });
  await conversation.store('/a', 'a');
  const release = conversation.files.hold('read /a 0+1');
  const asked = [1, 2].map(() => ask(conversation, 'check-file-name', '/a'));
  await settled();
  assert.equal((await ask(conversation, 'check-file-name', '/a')).message, 'too many open files');
  release();
  await Promise.all(asked);
  await conversation.handle('/a', OpenFlag.READ);
});

test('check-file - ends when the client goes away, whether it runs or waits', async () => {
  const conversation = await start();
  await conversation.store('/a', Buffer.alloc(300_000));
  const { files, server } = conversation;
  const release = files.hold(`read /a 0+${128 * 1024}`);
  void ask(conversation, 'check-file-name', '/a');
  void ask(conversation, 'check-file-name', '/a');
  await settled();
  server.onClose();
  release();
  await settled();
  assert.equal(files.lentSlices, 0);
  assert.equal(files.calls.filter((call) => call.startsWith('read /a')).length, 1);
  assert.equal(files.calls.filter((call) => call === 'abort /a').length, 2);
  assert.deepEqual(conversation.observer.hashes, []);
});

test('check-file - a file that becomes shorter meanwhile is a failure, not a hash of less', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abcdef');
  const release = conversation.files.hold('read /a 0+6');
  const asked = ask(conversation, 'check-file-name', '/a');
  await settled();
  await conversation.client.changing(MessageType.SETSTAT, '/a', { sizeBytes: 2 });
  release();
  const { status, message } = await asked;
  assert.deepEqual([status, message], [StatusCode.FAILURE, 'the file became shorter while it was read']);
});

test('F-63 check-file - the hashes of blocks count as a reply before they are there', async () => {
  const conversation = await start({ limits: { maxQueuedReplyBytes: 64 * 1024 } });
  await conversation.store('/a', CONTENTS);
  const { client, files } = conversation;
  const release = files.hold('read /a 0+256');
  const asked = ask(conversation, 'check-file-name', '/a', { blockBytes: 256 });
  const shown = client.named(MessageType.STAT, '/b');
  await settled();
  assert.ok(!files.calls.includes('stat /b'));
  release();
  assert.equal(parse(await asked).digests.length, 4 * 16);
  assert.equal((await shown).status, StatusCode.NO_SUCH_FILE);
});
