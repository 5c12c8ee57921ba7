import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileError } from '../files/error.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { MAX_TRANSFER_BYTES } from './limits.ts';
import { MessageType, OpenFlag, StatusCode } from './protocol.ts';
import { settled } from './testing/conversation.ts';
import { start } from './testing/start.ts';

test('F-1 read - before the end a READ is answered whole', async () => {
  const conversation = await start();
  const contents = Buffer.alloc(100_000, 'abcdefg');
  await conversation.store('/a', contents);
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const { data } = await conversation.client.read(handle, 1000, 70_000);
  assert.deepEqual(data, contents.subarray(1000, 71_000));
});

test('F-1 read - more than 255 KiB are answered with 255 KiB', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', OpenFlag.READ | OpenFlag.WRITE | OpenFlag.CREATE);
  for (const part of [0, 1, 2]) {
    await conversation.client.write(handle, part * 200_000, Buffer.alloc(200_000, part));
  }
  const { data } = await conversation.client.read(handle, 0, 0xffff_ffff);
  assert.equal(data.length, MAX_TRANSFER_BYTES);
});

test('F-2 read - at and past the end the answer is EOF, never empty DATA', async () => {
  const conversation = await start();
  await conversation.store('/a', 'hello');
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const tail = await conversation.client.read(handle, 3, 100);
  assert.equal(tail.data.toString(), 'lo');
  for (const position of [5, 6, 2 ** 40]) {
    const reply = await conversation.client.read(handle, position, 100);
    assert.equal(reply.status, StatusCode.EOF);
  }
  assert.equal((await conversation.client.read(handle, 0, 0)).status, StatusCode.EOF);
});

test('F-3 read - a storage that gives more than asked is not believed', async () => {
  const conversation = await start();
  await conversation.store('/a', 'hello');
  const stage = conversation.files;
  const open = stage.open.bind(stage);
  stage.open = async (path, mode, initial) => {
    const handle = await open(path, mode, initial);
    handle.read = async () => ({ views: [Buffer.alloc(9)], byteCount: 9, release: () => {} });
    return handle;
  };
  const handle = await conversation.handle('/a', OpenFlag.READ);
  assert.equal((await conversation.client.read(handle, 0, 5)).status, StatusCode.FAILURE);
});

test('F-4 stat - the size is exact, by path and by handle', async () => {
  const conversation = await start();
  await conversation.store('/a', Buffer.alloc(12_345));
  const { client } = conversation;
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const byPath = await client.named(MessageType.STAT, '/a');
  const byHandle = await client.named(MessageType.FSTAT, handle);
  assert.equal(byPath.attributes.sizeBytes, 12_345);
  assert.deepEqual(byHandle.attributes, byPath.attributes);
});

test('read - READs of one handle run side by side and are answered in order', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abcdef');
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const { client, files } = conversation;
  const release = files.hold('read /a 0+2');
  const replies = [0, 2, 4].map((position) => client.read(handle, position, 2));
  await settled();
  assert.deepEqual(files.calls.slice(-3), ['read /a 0+2', 'read /a 2+2', 'read /a 4+2']);
  const answered = client.replies.length;
  release();
  const answers = await Promise.all(replies);
  assert.deepEqual(
    answers.map(({ data }) => data.toString()),
    ['ab', 'cd', 'ef'],
  );
  assert.deepEqual(client.replies.slice(answered), answers);
});

test('read - a slow handle does not hold up another', async () => {
  const conversation = await start();
  await conversation.store('/a', 'aaa');
  await conversation.store('/b', 'bbb');
  const { client, files } = conversation;
  const slow = await conversation.handle('/a', OpenFlag.READ);
  const quick = await conversation.handle('/b', OpenFlag.READ);
  const release = files.hold('read /a 0+3');
  const first = client.read(slow, 0, 3);
  assert.equal((await client.read(quick, 0, 3)).data.toString(), 'bbb');
  release();
  assert.equal((await first).data.toString(), 'aaa');
});

test('read - a failure is told without what the machine said, which goes to the observer', async () => {
  const conversation = await start();
  await conversation.store('/a', 'aaa');
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const cause = new Error('EIO /srv/secret/place');
  conversation.files.fail('read /a 0+3', cause);
  const reply = await conversation.client.read(handle, 0, 3);
  assert.equal(reply.status, StatusCode.FAILURE);
  assert.equal(reply.message, 'the storage failed');
  const [refusal] = conversation.observer.refusals;
  assert.equal(refusal?.operation, 'READ');
  assert.equal(refusal.path, '/a');
  assert.equal(refusal.error.cause, cause);
});

test('read - a handle open for writing only is refused', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', OpenFlag.WRITE | OpenFlag.CREATE);
  const reply = await conversation.client.read(handle, 0, 3);
  assert.equal(reply.status, StatusCode.PERMISSION_DENIED);
});

test('A-27 read - an offset above 2^53 - 1 is refused, not rounded', async () => {
  const conversation = await start();
  await conversation.store('/a', 'aaa');
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const body = Buffer.concat([Buffer.from([0, 0, 0, 4]), handle, Buffer.alloc(12, 0xff)]);
  const reply = await conversation.client.request(MessageType.READ, new ByteWriter().bytes(body));
  assert.equal(reply.status, StatusCode.BAD_MESSAGE);
});

test('open - neither READ nor WRITE opens for reading', async () => {
  const conversation = await start();
  await conversation.store('/a', 'aaa');
  const handle = await conversation.handle('/a', 0);
  assert.equal((await conversation.client.read(handle, 0, 3)).data.toString(), 'aaa');
  assert.deepEqual(conversation.observer.openings.at(-1), { path: '/a', read: true, write: false });
});

test('open - CREAT without WRITE makes an empty file to read from, as OpenSSH does', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/new', OpenFlag.READ | OpenFlag.CREATE);
  assert.equal((await conversation.client.read(handle, 0, 3)).status, StatusCode.EOF);
});

test('open - TRUNC without WRITE is refused and the file keeps its bytes', async () => {
  const conversation = await start();
  await conversation.store('/a', 'aaa');
  const reply = await conversation.client.open('/a', OpenFlag.READ | OpenFlag.TRUNCATE);
  assert.equal(reply.status, StatusCode.BAD_MESSAGE);
  assert.equal(await conversation.load('/a'), 'aaa');
});

test('open - EXCL refuses an existing file, and means nothing without CREAT', async () => {
  const conversation = await start();
  await conversation.store('/a', 'aaa');
  const { client } = conversation;
  const exclusive = OpenFlag.WRITE | OpenFlag.EXCLUSIVE;
  assert.equal((await client.open('/a', exclusive | OpenFlag.CREATE)).status, StatusCode.FAILURE);
  assert.equal((await client.open('/a', exclusive)).type, MessageType.HANDLE);
});

test('open - a file that is not there is refused with the reason', async () => {
  const { client } = await start();
  const reply = await client.open('/none', OpenFlag.READ);
  assert.equal(reply.status, StatusCode.NO_SUCH_FILE);
  assert.equal(reply.message, new FileError('NOT_FOUND').message);
});

test('handles - a closed, wrong or odd handle is an invalid handle', async () => {
  const conversation = await start();
  await conversation.store('/a', 'aaa');
  const { client } = conversation;
  const handle = await conversation.handle('/a', OpenFlag.READ);
  await client.close(handle);
  for (const wrong of [handle, Buffer.from([1, 2, 3, 4]), Buffer.from('x'), Buffer.alloc(256)]) {
    for (const reply of [
      await client.read(wrong, 0, 1),
      await client.write(wrong, 0, 'x'),
      await client.close(wrong),
      await client.named(MessageType.READDIR, wrong),
    ]) {
      assert.equal(reply.status, StatusCode.FAILURE);
      assert.equal(reply.message, 'invalid handle');
    }
  }
  const next = await conversation.handle('/a', OpenFlag.READ);
  assert.notDeepEqual(next, handle);
});

test('handles - a directory handle cannot be read, a file handle cannot be listed', async () => {
  const conversation = await start();
  await conversation.store('/a', 'aaa');
  const { client } = conversation;
  const file = await conversation.handle('/a', OpenFlag.READ);
  const { handle: directory } = await client.named(MessageType.OPENDIR, '/');
  assert.equal((await client.read(directory, 0, 1)).message, 'invalid handle');
  assert.equal((await client.named(MessageType.READDIR, file)).message, 'invalid handle');
});

test('handles - above the limit OPEN and OPENDIR are refused until one is closed', async () => {
  const conversation = await start({ limits: { maxOpenHandles: 2 } });
  const { client } = conversation;
  const handle = await conversation.handle('/a', OpenFlag.WRITE | OpenFlag.CREATE);
  const opened = client.named(MessageType.OPENDIR, '/');
  const refused = client.open('/a', OpenFlag.READ);
  assert.equal((await opened).type, MessageType.HANDLE);
  assert.equal((await refused).message, 'too many open files');
  await client.close(handle);
  assert.equal((await client.open('/a', OpenFlag.READ)).type, MessageType.HANDLE);
});
