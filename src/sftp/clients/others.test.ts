import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { AttributeFlag, MessageType, OpenFlag, StatusCode } from '../protocol.ts';
import { WRITE_NEW } from '../testing/conversation.ts';
import { start } from '../testing/start.ts';

/** MAX_REPLY_LEN of sshfs, which drops the connection above it. */
const SSHFS_MAX_REPLY_BYTES = 1 << 17;

test('sshfs - a READ is answered exactly as large as asked, no other reply comes near 128 KiB', async () => {
  const conversation = await start();
  const { client } = conversation;
  await conversation.store('/a', Buffer.alloc(300_000));
  const handle = await conversation.handle('/a', OpenFlag.READ);
  for (const length of [4096, 32_768, 65_536, 131_000]) {
    const { data, byteCount } = await client.read(handle, 0, length);
    assert.equal(data.length, length);
    assert.ok(byteCount <= SSHFS_MAX_REPLY_BYTES);
  }
  const longest = 'n'.repeat(250);
  for (let index = 100; index < 400; index++) await client.changing(MessageType.MKDIR, `/${longest}${index}`);
  const listing = (await client.named(MessageType.OPENDIR, '/')).handle;
  for (;;) {
    const { type, byteCount } = await client.named(MessageType.READDIR, listing);
    if (type === MessageType.STATUS) break;
    assert.ok(byteCount <= 33 * 1024, `${byteCount}`);
  }
});

test('sshfs - truncates by path and by handle, and flushes', async () => {
  const conversation = await start();
  const { client } = conversation;
  await conversation.store('/a', 'abcdef');
  assert.equal((await client.changing(MessageType.SETSTAT, '/a', { sizeBytes: 4 })).status, StatusCode.OK);
  const handle = await conversation.handle('/a', OpenFlag.READ | OpenFlag.WRITE);
  assert.equal((await client.changing(MessageType.FSETSTAT, handle, { sizeBytes: 2 })).status, StatusCode.OK);
  assert.equal(
    (await client.extended('fsync@openssh.com', new ByteWriter().string(handle))).status,
    StatusCode.OK,
  );
  await client.close(handle);
  assert.equal(await conversation.load('/a'), 'ab');
});

test('lftp - asks for version 6, is answered 3, and sets mode and time on the open handle', async () => {
  const conversation = await start({}, false);
  const { client } = conversation;
  const version = await client.init(6);
  assert.deepEqual([version.type, version.id], [MessageType.VERSION, 3]);
  const handle = await conversation.handle('/a', WRITE_NEW);
  const write = client.write(handle, 0, 'abc');
  const attributes = new ByteWriter()
    .string(handle)
    .uint32(AttributeFlag.PERMISSIONS | AttributeFlag.TIMES)
    .uint32(0o640)
    .uint32(5000)
    .uint32(5000);
  const set = client.request(MessageType.FSETSTAT, attributes);
  const closed = client.close(handle);
  assert.deepEqual(
    (await Promise.all([write, set, closed])).map(({ status }) => status),
    [0, 0, 0],
  );
  const shown = await client.named(MessageType.STAT, '/a');
  assert.deepEqual([shown.attributes.permissions, shown.attributes.times], [0o100640, [5000, 5000]]);
});

test('FileZilla - every longname is a line of ls -l with an English month, also of odd names', async () => {
  const conversation = await start();
  const { client } = conversation;
  await conversation.store('/with  blanks', 'x');
  await client.changing(MessageType.MKDIR, '/folder');
  const { handle } = await client.named(MessageType.OPENDIR, '/');
  const { names } = await client.named(MessageType.READDIR, handle);
  const line = /^[-dl][-rwxsStT]{9} +\d+ \S+ +\S+ +\d+ [A-Z][a-z]{2} [ \d]\d (?:\d\d:\d\d| \d{4}) (.*)$/;
  for (const { name, longName } of names) assert.equal(line.exec(longName)?.[1], name, longName);
  assert.equal(names.length, 4);
});
