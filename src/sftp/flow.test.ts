import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageType, OpenFlag } from './protocol.ts';
import { settled, WRITE_NEW } from './testing/conversation.ts';
import { start } from './testing/start.ts';

test('P-13 credit - the bytes of a WRITE are credited when the storage took them', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client, files, channel } = conversation;
  const before = conversation.receivedBytes;
  const release = files.hold('write /a 0+1000');
  const write = client.write(handle, 0, Buffer.alloc(1000));
  await settled();
  assert.equal(channel.creditedBytes, before);
  release();
  await write;
  assert.equal(channel.creditedBytes, conversation.receivedBytes);
});

test('F-63 P-13 bounds - requests above the limit stay uncredited bytes until a slot is free', async () => {
  const conversation = await start({ limits: { maxOutstandingRequests: 3 } });
  await conversation.store('/a', 'abcdef');
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const { client, files, channel } = conversation;
  const before = conversation.receivedBytes;
  const release = files.hold('read /a 0+1');
  const reads = [0, 1, 2, 3, 4].map((position) => client.read(handle, position, 1));
  await settled();
  assert.deepEqual(files.calls.slice(-3), ['read /a 0+1', 'read /a 1+1', 'read /a 2+1']);
  assert.equal(channel.creditedBytes, before);
  release();
  const replies = await Promise.all(reads);
  assert.equal(replies.map(({ data }) => data.toString()).join(''), 'abcde');
  assert.equal(channel.creditedBytes, conversation.receivedBytes);
});

test('P-12 bounds - a client that does not read its replies is not served on until it does', async () => {
  const conversation = await start({ limits: { maxQueuedReplyBytes: 2500 } });
  await conversation.store('/a', Buffer.alloc(10_000));
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const { client, files, channel, server } = conversation;
  const readCalls = (): number => files.calls.filter((call) => call.startsWith('read ')).length;
  channel.isStalled = true;
  const reads = [0, 1, 2, 3, 4, 5].map((i) => client.read(handle, i * 1000, 1000));
  await settled();
  assert.equal(readCalls(), 3);
  channel.takeAll();
  server.onDrain();
  await settled();
  assert.equal(readCalls(), 6);
  channel.takeAll();
  assert.deepEqual(
    (await Promise.all(reads)).map(({ data }) => data.length),
    [1000, 1000, 1000, 1000, 1000, 1000],
  );
  assert.equal(files.lentSlices, 0);
});

test('F-63 bounds - READs count what they will answer before the storage has answered', async () => {
  const conversation = await start({ limits: { maxQueuedReplyBytes: 2500 } });
  await conversation.store('/a', Buffer.alloc(10_000));
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const { client, files } = conversation;
  const release = files.hold('read /a 0+1000');
  const reads = [0, 1, 2, 3, 4].map((i) => client.read(handle, i * 1000, 1000));
  await settled();
  assert.equal(files.calls.at(-1), 'read /a 2000+1000');
  release();
  await Promise.all(reads);
});

test('P-2 replies - those of one turn leave in one send', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abcdef');
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const { client, channel } = conversation;
  const before = channel.sends.length;
  await Promise.all([
    client.read(handle, 0, 3),
    client.named(MessageType.STAT, '/a'),
    client.named(MessageType.REALPATH, '.'),
    client.read(handle, 3, 3),
    client.read(handle, 6, 3),
  ]);
  assert.equal(channel.sends.length, before + 1);
});

test('replies - file data is lent until the channel took it', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abcdef');
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const { client, channel, files } = conversation;
  channel.isStalled = true;
  await client.read(handle, 0, 3);
  assert.equal(files.lentSlices, 1);
  channel.takeAll();
  assert.equal(files.lentSlices, 0);
});
