import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { MAX_PACKET_BYTES } from './limits.ts';
import { MessageType, StatusCode } from './protocol.ts';
import { settled } from './testing/conversation.ts';
import { packet } from './testing/sftp-client.ts';
import { start } from './testing/start.ts';

/** The names and versions behind the version number. */
function advertised(body: Buffer): Map<string, string> {
  const fields = new ByteReader(body);
  const extensions = new Map<string, string>();
  while (fields.remaining > 0) extensions.set(fields.ascii(), fields.string().toString('latin1'));
  return extensions;
}

test('init - version 3 is answered, with what the file system can', async () => {
  const { client } = await start();
  const [version] = client.replies;
  assert.equal(version?.type, MessageType.VERSION);
  assert.equal(version.id, 3);
  assert.deepEqual(Object.fromEntries(advertised(version.body)), {
    'posix-rename@openssh.com': '1',
    'statvfs@openssh.com': '2',
    'fstatvfs@openssh.com': '2',
    'fsync@openssh.com': '1',
    'lsetstat@openssh.com': '1',
    'limits@openssh.com': '1',
    'expand-path@openssh.com': '1',
    'copy-data': '1',
    'home-directory': '1',
    'users-groups-by-id@openssh.com': '1',
    'copy-file': '1',
    'space-available': '1',
    'check-file': 'md5,sha1,sha224,sha256,sha384,sha512,crc32',
  });
});

test('init - hard links are advertised where the storage has them', async () => {
  const { client } = await start({ capabilities: { hardLinks: { link: async () => {} } } });
  assert.equal(advertised(client.replies[0]?.body ?? Buffer.alloc(0)).get('hardlink@openssh.com'), '1');
});

test('init - vendor-id tells the product as the structure that WinSCP reads', async () => {
  const product = { vendor: 'Maker', name: 'Product', version: '1.2' };
  const { client } = await start({ server: { product } });
  const data = advertised(client.replies[0]?.body ?? Buffer.alloc(0)).get('vendor-id') ?? '';
  const expected = new ByteWriter().string('Maker').string('Product').string('1.2').uint64(0).finish();
  assert.deepEqual(Buffer.from(data, 'latin1'), expected);
});

test('init - a second INIT ends the channel', async () => {
  const { client, channel, receivedBytes } = await start();
  void client.init(6);
  assert.equal(channel.exitStatus, 255);
  assert.equal(channel.creditedBytes, receivedBytes + 9);
});

for (const [what, bytes] of [
  ['a request before INIT', packet(new ByteWriter().uint8(MessageType.STAT).uint32(1).string('/'))],
  ['length 0', new ByteWriter().uint32(0).finish()],
  ['a packet without an id', new ByteWriter().uint32(4).uint32(0).finish()],
  ['a length above 256 KiB', new ByteWriter().uint32(MAX_PACKET_BYTES + 1).finish()],
] as const) {
  test(`framing - ${what} ends the channel`, async () => {
    const fresh = await start({}, what !== 'a request before INIT');
    fresh.deliver(bytes);
    fresh.deliver(Buffer.from('more'));
    assert.equal(fresh.channel.exitStatus, 255);
    assert.equal(fresh.channel.creditedBytes, fresh.receivedBytes);
    assert.deepEqual(fresh.files.calls, []);
  });
}

test('init - a client that speaks version 6 is answered 3', async () => {
  const { client } = await start({}, false);
  assert.equal((await client.init(6)).id, 3);
});

test('requests - an unknown type is answered with OP_UNSUPPORTED and its id', async () => {
  const { client } = await start();
  assert.equal((await client.request(77)).status, StatusCode.OP_UNSUPPORTED);
});

test('requests - an unknown extension is answered with OP_UNSUPPORTED', async () => {
  const { client } = await start();
  assert.equal((await client.extended('vendor-id@example.com')).status, StatusCode.OP_UNSUPPORTED);
});

test('requests - missing fields are answered with BAD_MESSAGE, and the session goes on', async () => {
  const { client, channel } = await start();
  const reply = await client.request(MessageType.OPEN, new ByteWriter().string('/a'));
  assert.equal(reply.status, StatusCode.BAD_MESSAGE);
  assert.match(reply.message, /shorter than it says/);
  assert.equal((await client.named(MessageType.REALPATH, '.')).type, MessageType.NAME);
  await settled();
  assert.equal(channel.exitStatus, undefined);
});

test('requests - bytes behind the known fields are passed over', async () => {
  const { client } = await start();
  const body = new ByteWriter().string('/').uint32(7);
  assert.equal((await client.request(MessageType.STAT, body)).type, MessageType.ATTRS);
});
