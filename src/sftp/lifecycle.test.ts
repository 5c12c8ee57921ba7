import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileError } from '../files/error.ts';
import { MessageType, OpenFlag } from './protocol.ts';
import { settled, WRITE_NEW } from './testing/conversation.ts';
import { start } from './testing/start.ts';

test('end - queued requests are finished and answered, then the channel ends with status 0', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abc');
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const { client, files, channel, server } = conversation;
  const release = files.hold('read /a 0+3');
  const read = client.read(handle, 0, 3);
  const close = client.close(handle);
  server.onEnd();
  await settled();
  assert.equal(channel.exitStatus, undefined);
  release();
  assert.equal((await read).data.toString(), 'abc');
  assert.equal((await close).status, 0);
  await settled();
  assert.equal(channel.exitStatus, 0);
  server.onClose();
  assert.equal(channel.creditedBytes, conversation.receivedBytes);
});

test('end - a file left open for writing is aborted, never committed, and told as partial', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  await conversation.client.write(handle, 0, 'ab');
  conversation.server.onEnd();
  await settled();
  assert.deepEqual(conversation.files.calls.slice(-1), ['abort /a']);
  assert.deepEqual(conversation.observer.closings, [
    { path: '/a', bytesRead: 0, bytesWritten: 2, outcome: 'aborted', left: 'kept' },
  ]);
  assert.equal(conversation.channel.exitStatus, 0);
  assert.equal(conversation.server.hasOpenFiles, false);
});

test('end - half a packet is credited and forgotten', async () => {
  const conversation = await start();
  conversation.deliver(Buffer.from([0, 0, 1, 0, 6, 1]));
  conversation.server.onEnd();
  assert.equal(conversation.channel.exitStatus, 0);
  assert.equal(conversation.channel.creditedBytes, conversation.receivedBytes);
});

test('close - what runs is waited for and aborted, what waits never begins, nothing is sent', async () => {
  const conversation = await start();
  await conversation.store('/b', 'b');
  const handle = await conversation.handle('/a', WRITE_NEW | OpenFlag.READ);
  const { client, files, channel, server, observer } = conversation;
  const release = files.hold('write /a 0+2');
  void client.write(handle, 0, 'ab');
  await settled();
  void client.write(handle, 7, 'cd');
  void client.read(handle, 0, 2);
  void client.changing(MessageType.FSETSTAT, handle, { permissions: 0o600 });
  void client.close(handle);
  void client.changing(MessageType.SETSTAT, '/a', { permissions: 0o600 });
  await settled();
  const sends = channel.sends.length;
  server.onClose();
  await settled();
  assert.ok(!files.calls.includes('abort /a'));
  assert.equal(server.hasOpenFiles, true);
  release();
  await settled();
  assert.deepEqual(files.calls.slice(-2), ['write /a 0+2', 'abort /a']);
  assert.equal(observer.closings.at(-1)?.outcome, 'aborted');
  assert.equal(server.hasOpenFiles, false);
  assert.equal(channel.sends.length, sends);
  assert.equal(channel.exitStatus, undefined);
  assert.equal(channel.creditedBytes, conversation.receivedBytes);
});

test('close - a commit that runs already is left to end', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client, files, server, observer } = conversation;
  const release = files.hold('close /a');
  void client.close(handle);
  await settled();
  server.onClose();
  release();
  await settled();
  assert.ok(!files.calls.includes('abort /a'));
  assert.equal(observer.closings[0]?.outcome, 'closed');
});

test('close - a CLOSE that still waits for another request does not commit any more', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/d', WRITE_NEW);
  const { client, files, server, observer } = conversation;
  const release = files.hold('setAttributes /d');
  void client.changing(MessageType.SETSTAT, '/d', { permissions: 0o600 });
  void client.close(handle);
  await settled();
  server.onClose();
  release();
  await settled();
  assert.deepEqual(files.calls.slice(-2), ['setAttributes /d', 'abort /d']);
  assert.equal(observer.closings[0]?.outcome, 'aborted');
});

test('close - a file or listing that opens too late is let go at once', async () => {
  const conversation = await start();
  await conversation.store('/a', 'a');
  const { client, files, server, observer, channel } = conversation;
  const opened = files.hold('open /a');
  const listed = files.hold('list /');
  void client.open('/a', OpenFlag.READ);
  void client.named(MessageType.OPENDIR, '/');
  await settled();
  server.onClose();
  const before = observer.openings.length;
  opened();
  listed();
  await settled();
  assert.deepEqual(files.calls.slice(-2).sort(), ['abort /a', 'closeList /']);
  assert.equal(observer.openings.length, before);
  assert.equal(channel.creditedBytes, conversation.receivedBytes);
});

test('close - slices and listings are given back', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abc');
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const { client, files, server, channel } = conversation;
  await client.named(MessageType.OPENDIR, '/');
  channel.isStalled = true;
  const release = files.hold('read /a 0+1');
  void client.read(handle, 1, 2);
  await settled();
  void client.read(handle, 0, 1);
  void client.read(handle, 1, 2);
  await settled();
  server.onClose();
  release();
  channel.takeAll();
  await settled();
  assert.equal(files.lentSlices, 0);
  assert.ok(files.calls.includes('closeList /'));
});

test('close - failures after the end reach nobody and break nothing', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client, files, server, observer } = conversation;
  await client.named(MessageType.OPENDIR, '/');
  files.fail('write /a 0+2', new FileError('IO_ERROR'));
  files.fail('closeList /', new FileError('IO_ERROR'));
  const release = files.hold('write /a 0+2');
  void client.write(handle, 0, 'ab');
  await settled();
  server.onClose();
  release();
  await settled();
  assert.deepEqual(observer.refusals, []);
  assert.equal(observer.closings[0]?.outcome, 'aborted');
  assert.equal(observer.closings[0].error?.code, 'IO_ERROR');
});

test('close - bytes that come afterwards are credited and dropped', async () => {
  const conversation = await start();
  conversation.server.onClose();
  void conversation.client.named(MessageType.STAT, '/');
  conversation.server.onEnd();
  conversation.server.onDrain();
  await settled();
  assert.deepEqual(conversation.files.calls, []);
  assert.equal(conversation.channel.creditedBytes, conversation.receivedBytes);
});
