import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { AttributeFlag, MessageType, OpenFlag, StatusCode } from '../protocol.ts';
import type { Conversation } from '../testing/conversation.ts';
import { start } from '../testing/start.ts';

const CREATE = OpenFlag.WRITE | OpenFlag.CREATE;

/** The block size `sftp` derives from limits@openssh.com. */
async function blockBytes({ client }: Conversation): Promise<number> {
  const fields = new ByteReader((await client.extended('limits@openssh.com')).body);
  fields.uint64();
  return Math.min(fields.uint64(), 255 * 1024);
}

test('F-1 F-2 F-3 F-4 OpenSSH get - asks for blocks of the announced length up to the size, and then once more', async () => {
  const conversation = await start();
  const { client } = conversation;
  const length = await blockBytes(conversation);
  const contents = Buffer.alloc(2 * length + 5, 'o');
  await conversation.store('/a', contents);
  const { attributes } = await client.named(MessageType.STAT, '/a');
  assert.equal(attributes.sizeBytes, contents.length);
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const replies = await Promise.all([0, 1, 2, 3].map((index) => client.read(handle, index * length, length)));
  assert.deepEqual(
    replies.map(({ type, data, status }) => [type, data.length, status]),
    [
      [MessageType.DATA, length, -1],
      [MessageType.DATA, length, -1],
      [MessageType.DATA, 5, -1],
      [MessageType.STATUS, 0, StatusCode.EOF],
    ],
  );
  assert.equal((await client.read(handle, contents.length, length)).status, StatusCode.EOF);
});

test('F-51 OpenSSH put -p - FSETSTAT of mode and times comes behind the WRITEs and before CLOSE', async () => {
  const conversation = await start();
  const { client } = conversation;
  const opened = await client.open('/a', CREATE | OpenFlag.TRUNCATE, { permissions: 0o644 });
  const write = client.write(opened.handle, 0, 'contents');
  const preserved = new ByteWriter()
    .string(opened.handle)
    .uint32(AttributeFlag.PERMISSIONS | AttributeFlag.TIMES)
    .uint32(0o100600)
    .uint32(1000)
    .uint32(2000);
  const set = client.request(MessageType.FSETSTAT, preserved);
  const closed = client.close(opened.handle);
  assert.deepEqual(
    (await Promise.all([write, set, closed])).map(({ status }) => status),
    [0, 0, 0],
  );
  const { attributes } = await client.named(MessageType.STAT, '/a');
  assert.deepEqual([attributes.permissions, attributes.times], [0o100600, [1000, 2000]]);
});

test('OpenSSH reput - appends from the size, and cuts the file there when it fails', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abc');
  const { client } = conversation;
  const { attributes } = await client.named(MessageType.STAT, '/a');
  const handle = await conversation.handle('/a', CREATE | OpenFlag.APPEND);
  await client.write(handle, attributes.sizeBytes ?? 0, 'def');
  assert.equal((await client.changing(MessageType.FSETSTAT, handle, { sizeBytes: 5 })).status, StatusCode.OK);
  await client.close(handle);
  assert.equal(await conversation.load('/a'), 'abcde');
});

test('F-52 OpenSSH scp - the last FSETSTAT of the size the file already has succeeds', async () => {
  const conversation = await start();
  const { client } = conversation;
  const handle = await conversation.handle('/a', CREATE);
  await client.write(handle, 0, 'abc');
  assert.equal((await client.changing(MessageType.FSETSTAT, handle, { sizeBytes: 3 })).status, StatusCode.OK);
  await client.close(handle);
  assert.equal(await conversation.load('/a'), 'abc');
});

test('F-53 OpenSSH - attributes with flags that no version 3 knows are taken for what is known of them', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abc');
  const { client } = conversation;
  const body = new ByteWriter()
    .string('/a')
    .uint32(AttributeFlag.PERMISSIONS | 0x40)
    .uint32(0o600)
    .uint32(7);
  assert.equal((await client.request(MessageType.SETSTAT, body)).status, StatusCode.OK);
  assert.equal((await client.named(MessageType.STAT, '/a')).attributes.permissions, 0o100600);
});
