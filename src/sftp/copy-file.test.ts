import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileError } from '../files/error.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { MessageType, StatusCode } from './protocol.ts';
import { type Conversation, settled } from './testing/conversation.ts';
import type { ClientReply } from './testing/sftp-client.ts';
import { start } from './testing/start.ts';

function copyFile(
  { client }: Conversation,
  from: string,
  to: string,
  { overwrites = false } = {},
): Promise<ClientReply> {
  return client.extended('copy-file', new ByteWriter().string(from).string(to).boolean(overwrites));
}

test('copy-file - makes a copy with the mode of the source, told as a read and a written file', async () => {
  const conversation = await start();
  await conversation.store('/a', 'contents');
  await conversation.client.changing(MessageType.SETSTAT, '/a', { permissions: 0o640 });
  assert.equal((await copyFile(conversation, '/a', '/b')).status, StatusCode.OK);
  assert.equal(await conversation.load('/b'), 'contents');
  const { attributes } = await conversation.client.named(MessageType.STAT, '/b');
  assert.equal(attributes.permissions, 0o100640);
  const [, ...closings] = conversation.observer.closings;
  assert.deepEqual(
    closings
      .slice(0, 2)
      .map(({ path, bytesRead, bytesWritten, outcome }) => ({ path, bytesRead, bytesWritten, outcome })),
    [
      { path: '/b', bytesRead: 0, bytesWritten: 8, outcome: 'closed' },
      { path: '/a', bytesRead: 8, bytesWritten: 0, outcome: 'closed' },
    ],
  );
});

test('copy-file - WinSCP does not allow overwriting: an existing target is refused and stays', async () => {
  const conversation = await start();
  await conversation.store('/a', 'new');
  await conversation.store('/b', 'old');
  const refused = await copyFile(conversation, '/a', '/b');
  assert.deepEqual([refused.status, refused.message], [StatusCode.FAILURE, 'the file already exists']);
  assert.equal(await conversation.load('/b'), 'old');
  assert.equal(conversation.server.openFiles, 0);
});

test('copy-file - overwriting leaves nothing of a longer target', async () => {
  const conversation = await start();
  await conversation.store('/a', 'new');
  await conversation.store('/b', 'much longer');
  assert.equal((await copyFile(conversation, '/a', '/b', { overwrites: true })).status, StatusCode.OK);
  assert.equal(await conversation.load('/b'), 'new');
});

test('copy-file - a target that is the source by another name is refused before it is emptied', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abc');
  await conversation.store('/b', 'abc');
  conversation.files.sameFiles = true;
  const refused = await copyFile(conversation, '/a', '/b', { overwrites: true });
  assert.equal(refused.message, 'a file cannot be copied onto itself');
  assert.ok(!conversation.files.calls.includes('handleSetAttributes /b'));
  assert.equal(
    (await copyFile(conversation, '/a', '/./a', { overwrites: true })).status,
    StatusCode.BAD_MESSAGE,
  );
});

test('copy-file - what is not there and what is no file are refused', async () => {
  const conversation = await start();
  await conversation.client.changing(MessageType.MKDIR, '/d');
  assert.equal((await copyFile(conversation, '/none', '/b')).status, StatusCode.NO_SUCH_FILE);
  assert.equal((await copyFile(conversation, '/d', '/b')).status, StatusCode.FAILURE);
  assert.equal((await conversation.client.named(MessageType.STAT, '/b')).status, StatusCode.NO_SUCH_FILE);
  assert.equal(conversation.server.openFiles, 0);
});

test('copy-file - a failure half way is told, and the target is not committed', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abc');
  conversation.files.fail('write /b 0+3', new FileError('NO_SPACE'));
  const refused = await copyFile(conversation, '/a', '/b');
  assert.match(refused.message, /no space is left/);
  assert.ok(conversation.files.calls.includes('abort /b'));
  assert.equal(conversation.server.openFiles, 0);
});

test('copy-file - requests about either path wait for it, others go on', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abc');
  const { client, files } = conversation;
  const release = files.hold('write /b 0+3');
  const copied = copyFile(conversation, '/a', '/b');
  const removed = client.named(MessageType.REMOVE, '/a');
  const shown = client.named(MessageType.STAT, '/b');
  await client.named(MessageType.STAT, '/c');
  await settled();
  assert.ok(!files.calls.includes('remove /a'));
  release();
  const replies = await Promise.all([copied, removed, shown]);
  assert.equal(replies[2].attributes.sizeBytes, 3);
  assert.deepEqual([replies[0].status, replies[1].status], [0, 0]);
});

test('copy-file - is a transfer that a shutdown waits for, and ends when the client goes away', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abc');
  const { files, server } = conversation;
  const release = files.hold('read /a 0+3');
  void copyFile(conversation, '/a', '/b');
  await settled();
  assert.equal(server.openFiles, 2);
  server.onClose();
  release();
  await settled();
  assert.ok(!files.calls.includes('write /b 0+3'));
  assert.ok(!files.calls.includes('close /b'));
  assert.deepEqual([server.openFiles, files.lentSlices], [0, 0]);
});

test('copy-file - a client that leaves before the target is opened leaves none behind', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abc');
  const { files, server } = conversation;
  const release = files.hold('handleStat /a');
  void copyFile(conversation, '/a', '/b');
  await settled();
  server.onClose();
  release();
  await settled();
  assert.ok(!files.calls.includes('open /b'));
  assert.equal(server.openFiles, 0);
});

test('copy-file - a target is not emptied for a client that has left', async () => {
  const conversation = await start();
  await conversation.store('/a', 'new');
  await conversation.store('/b', 'old');
  const { files, server } = conversation;
  const release = files.hold('isSameFile /a');
  void copyFile(conversation, '/a', '/b', { overwrites: true });
  await settled();
  server.onClose();
  release();
  await settled();
  assert.ok(!files.calls.includes('handleSetAttributes /b'));
  assert.equal(server.openFiles, 0);
});

test('F-63 copy-file - the copies of a channel hold one piece of a file at a time, in turn', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abc');
  await conversation.store('/b', 'abcd');
  const { files } = conversation;
  const release = files.hold('write /a2 0+3');
  const copied = [copyFile(conversation, '/a', '/a2'), copyFile(conversation, '/b', '/b2')];
  await settled();
  assert.ok(files.calls.includes('open /b2'));
  assert.ok(!files.calls.includes('read /b 0+4'));
  release();
  for (const { status } of await Promise.all(copied)) assert.equal(status, StatusCode.OK);
  assert.equal(await conversation.load('/b2'), 'abcd');
});

test('copy-file - a copy that fails does not keep the next one from its turn', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abc');
  const { files } = conversation;
  files.fail('write /b 0+3', new FileError('NO_SPACE'));
  const copied = [copyFile(conversation, '/a', '/b'), copyFile(conversation, '/a', '/c')];
  const [failed, done] = await Promise.all(copied);
  assert.deepEqual([failed?.status, done?.status], [StatusCode.FAILURE, StatusCode.OK]);
});
