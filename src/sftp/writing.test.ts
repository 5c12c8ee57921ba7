import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileError } from '../files/error.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { MessageType, OpenFlag, StatusCode } from './protocol.ts';
import { type Conversation, settled, WRITE_NEW } from './testing/conversation.ts';
import type { ClientReply } from './testing/sftp-client.ts';
import { start } from './testing/start.ts';

function writesOf(conversation: Conversation): string[] {
  return conversation.files.calls.filter((call) => call.startsWith('write '));
}

function statuses(replies: readonly ClientReply[]): number[] {
  return replies.map(({ status }) => status);
}

test('write - contiguous WRITEs that came meanwhile go down as one call, each with its own answer', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client, files } = conversation;
  const release = files.hold('write /a 0+2');
  const first = client.write(handle, 0, 'ab');
  await settled();
  const rest = ['cd', 'ef', 'gh'].map((text, i) => client.write(handle, 2 + 2 * i, text));
  await settled();
  assert.deepEqual(writesOf(conversation), ['write /a 0+2']);
  release();
  assert.deepEqual(statuses(await Promise.all([first, ...rest])), [0, 0, 0, 0]);
  assert.deepEqual(writesOf(conversation), ['write /a 0+2', 'write /a 2+6']);
  await client.close(handle);
  assert.equal(await conversation.load('/a'), 'abcdefgh');
});

test('write - WRITEs of one arrival go down together', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const replies = ['ab', 'cd'].map((text, i) => conversation.client.write(handle, 2 * i, text));
  await Promise.all(replies);
  assert.deepEqual(writesOf(conversation), ['write /a 0+4']);
});

test('write - WRITEs with a gap or out of order go down one after the other', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client } = conversation;
  await Promise.all([
    client.write(handle, 4, 'ef'),
    client.write(handle, 0, 'ab'),
    client.write(handle, 2, 'cd'),
  ]);
  assert.deepEqual(writesOf(conversation), ['write /a 4+2', 'write /a 0+4']);
  await client.close(handle);
  assert.equal(await conversation.load('/a'), 'abcdef');
});

test('F-62 write - one call holds at most 1 MiB', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const block = Buffer.alloc(250_000);
  await Promise.all([0, 1, 2, 3, 4].map((i) => conversation.client.write(handle, i * block.length, block)));
  assert.deepEqual(writesOf(conversation), ['write /a 0+1000000', 'write /a 1000000+250000']);
});

test('write - a READ behind a WRITE sees its bytes, and does not let later WRITEs overtake', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW | OpenFlag.READ);
  const { client, files } = conversation;
  const release = files.hold('write /a 0+3');
  void client.write(handle, 0, 'old');
  const read = client.read(handle, 0, 6);
  const later = client.write(handle, 3, 'new');
  await settled();
  assert.deepEqual(files.calls.slice(1), ['write /a 0+3']);
  release();
  assert.equal((await read).data.toString(), 'old');
  await later;
  assert.deepEqual(files.calls.slice(1), ['write /a 0+3', 'read /a 0+6', 'write /a 3+3']);
});

test('write - APPEND writes at the end whatever the offsets say', async () => {
  const conversation = await start();
  await conversation.store('/a', 'start-');
  const handle = await conversation.handle('/a', OpenFlag.WRITE | OpenFlag.APPEND);
  const { client } = conversation;
  await Promise.all([client.write(handle, 0, 'one-'), client.write(handle, 0, 'two')]);
  await client.close(handle);
  assert.equal(await conversation.load('/a'), 'start-one-two');
});

test('write - an empty WRITE succeeds without a call', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  assert.equal((await conversation.client.write(handle, 7, '')).status, StatusCode.OK);
  assert.deepEqual(writesOf(conversation), []);
});

test('write - data shorter than it says is a BAD_MESSAGE and is not stored', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const body = new ByteWriter().string(handle).uint64(0).uint32(100).bytes(Buffer.from('short'));
  const reply = await conversation.client.request(MessageType.WRITE, body);
  assert.equal(reply.status, StatusCode.BAD_MESSAGE);
  assert.deepEqual(writesOf(conversation), []);
});

test('write - bytes behind the data are not stored', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const body = new ByteWriter().string(handle).uint64(0).uint32(3).bytes(Buffer.alloc(9000, 'x'));
  assert.equal((await conversation.client.request(MessageType.WRITE, body)).status, StatusCode.OK);
  assert.deepEqual(writesOf(conversation), ['write /a 0+3']);
});

test('write - a handle open for reading is refused, and its CLOSE still succeeds', async () => {
  const conversation = await start();
  await conversation.store('/a', 'aaa');
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const { client } = conversation;
  assert.equal((await client.write(handle, 0, 'b')).status, StatusCode.PERMISSION_DENIED);
  assert.equal((await client.close(handle)).status, StatusCode.OK);
});

test('write - a failed write is told by every later write, fsync and CLOSE, and nothing is committed', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client, files, observer } = conversation;
  files.fail('write /a 0+2', new FileError('NO_SPACE'));
  const replies = await Promise.all([
    client.write(handle, 0, 'ab'),
    client.write(handle, 9, 'cd'),
    client.named(MessageType.FSTAT, handle),
    client.close(handle),
  ]);
  assert.deepEqual(statuses(replies), [4, 4, -1, 4]);
  assert.match(replies[3].message, /no space/);
  assert.deepEqual(writesOf(conversation), ['write /a 0+2']);
  assert.ok(files.calls.includes('abort /a'));
  assert.ok(!files.calls.includes('close /a'));
  assert.equal(observer.closings[0]?.outcome, 'failed');
  assert.equal(observer.closings[0].error?.code, 'NO_SPACE');
});

test('close - waits for what is outstanding on its handle, and OK means stored', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client, files, observer } = conversation;
  const stored = files.hold('write /a 0+2');
  const committed = files.hold('close /a');
  const answers: string[] = [];
  void client.write(handle, 0, 'ab').then(() => answers.push('write'));
  const close = client.close(handle).then(() => answers.push('close'));
  await settled();
  assert.ok(!files.calls.includes('close /a'));
  stored();
  await settled();
  assert.deepEqual(answers, ['write']);
  assert.equal(conversation.server.hasOpenFiles, true);
  committed();
  await close;
  assert.equal(conversation.server.hasOpenFiles, false);
  assert.deepEqual(observer.closings, [{ path: '/a', bytesRead: 0, bytesWritten: 2, outcome: 'closed' }]);
});

test('close - a commit that fails is told', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  conversation.files.fail('close /a', new FileError('IO_ERROR'));
  assert.equal((await conversation.client.close(handle)).status, StatusCode.FAILURE);
  assert.equal(conversation.observer.closings[0]?.outcome, 'failed');
  assert.equal(conversation.server.hasOpenFiles, false);
});

test('F-51 fsetstat - goes to the open file, behind the writes before it', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client, files, observer } = conversation;
  const times = [1_600_000_000, 1_600_000_001] as const;
  await Promise.all([
    client.write(handle, 0, 'ab'),
    client.changing(MessageType.FSETSTAT, handle, { permissions: 0o100640, times }),
    client.close(handle),
  ]);
  assert.deepEqual(files.calls.slice(1), ['write /a 0+2', 'handleSetAttributes /a', 'close /a']);
  const { attributes } = await client.named(MessageType.STAT, '/a');
  assert.equal(attributes.permissions, 0o100640);
  assert.deepEqual(attributes.times, times);
  assert.deepEqual(observer.changes, [
    {
      operation: 'SETSTAT',
      path: '/a',
      changes: { mode: 0o640, times: { accessedSeconds: times[0], modifiedSeconds: times[1] } },
    },
  ]);
});

test('fsetstat - a size needs a handle open for writing', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abcdef');
  const { client } = conversation;
  const reading = await conversation.handle('/a', OpenFlag.READ);
  const refused = await client.changing(MessageType.FSETSTAT, reading, { sizeBytes: 1 });
  assert.equal(refused.status, StatusCode.PERMISSION_DENIED);
  const writing = await conversation.handle('/a', OpenFlag.WRITE);
  assert.equal(
    (await client.changing(MessageType.FSETSTAT, writing, { sizeBytes: 2 })).status,
    StatusCode.OK,
  );
  await client.close(writing);
  assert.equal(await conversation.load('/a'), 'ab');
});

test('F-52 setstat - size 0 right after OPEN with TRUNC succeeds', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client } = conversation;
  const byPath = await client.changing(MessageType.SETSTAT, '/a', { sizeBytes: 0 });
  const byHandle = await client.changing(MessageType.FSETSTAT, handle, { sizeBytes: 0 });
  assert.deepEqual(statuses([byPath, byHandle]), [0, 0]);
});

test('fsync - waits for the writes before it', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client, files } = conversation;
  void client.write(handle, 0, 'ab');
  const reply = await client.extended('fsync@openssh.com', new ByteWriter().string(handle));
  assert.equal(reply.status, StatusCode.OK);
  assert.deepEqual(files.calls.slice(1), ['write /a 0+2', 'sync /a']);
});

test('write - a position that cannot be counted exactly is refused, and the file is not committed', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client, files } = conversation;
  const refused = await client.write(handle, Number.MAX_SAFE_INTEGER, 'ab');
  assert.equal(refused.status, StatusCode.BAD_MESSAGE);
  assert.ok(!files.calls.some((call) => call.startsWith('write /a')));
  assert.equal((await client.close(handle)).status, StatusCode.BAD_MESSAGE);
});

test('write - requests by path see the WRITEs that were sent before them, and wait for no later ones', async () => {
  const conversation = await start();
  const { client, files } = conversation;
  const handle = await conversation.handle('/a', WRITE_NEW);
  const stored = files.hold('write /a 0+4');
  void client.write(handle, 0, 'four');
  const size = client.named(MessageType.STAT, '/a');
  const cut = client.changing(MessageType.SETSTAT, '/a', { sizeBytes: 3 });
  const reader = client.open('/a', OpenFlag.READ);
  const later = files.hold('write /a 10+1');
  void client.write(handle, 10, '!');
  await settled();
  assert.deepEqual(files.calls, ['open /a', 'write /a 0+4']);
  stored();
  assert.equal((await size).attributes.sizeBytes, 4);
  assert.equal((await cut).status, StatusCode.OK);
  assert.equal((await client.read((await reader).handle, 0, 10)).data.toString(), 'fou');
  later();
  assert.equal((await client.close(handle)).status, StatusCode.OK);
});

test('write - the end of a session leaves no request waiting for WRITEs', async () => {
  const conversation = await start();
  const { client, files } = conversation;
  const handle = await conversation.handle('/a', WRITE_NEW);
  const stored = files.hold('write /a 0+4');
  void client.write(handle, 0, 'four');
  void client.write(handle, 9, 'more');
  void client.named(MessageType.STAT, '/a');
  await settled();
  conversation.server.onClose();
  stored();
  await settled();
  assert.ok(!files.calls.includes('stat /a'));
  assert.ok(files.calls.includes('abort /a'));
});
