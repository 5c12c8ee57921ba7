import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileError } from '../files/error.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { MessageType, OpenFlag, StatusCode } from './protocol.ts';
import { type Conversation, settled, WRITE_NEW } from './testing/conversation.ts';
import type { ClientReply } from './testing/sftp-client.ts';
import { start } from './testing/start.ts';

function numbers(body: Buffer): number[] {
  const fields = new ByteReader(body);
  const values: number[] = [];
  while (fields.remaining > 0) values.push(fields.uint64());
  return values;
}

test('F-5 limits - lengths are never 0', async () => {
  const { client } = await start();
  const { type, body } = await client.extended('limits@openssh.com');
  assert.equal(type, MessageType.EXTENDED_REPLY);
  assert.deepEqual(numbers(body), [262_144, 261_120, 261_120, 1000]);
});

test('statvfs - eleven numbers, by path and by handle', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client } = conversation;
  const byPath = await client.extended('statvfs@openssh.com', new ByteWriter().string('/'));
  const byHandle = await client.extended('fstatvfs@openssh.com', new ByteWriter().string(handle));
  const blocks = (64 * 1024 * 1024) / 4096;
  const expected = [4096, 4096, blocks, blocks, blocks, 0, 0, 0, 0, 2, 255];
  assert.deepEqual(numbers(byPath.body), expected);
  assert.deepEqual(numbers(byHandle.body), expected);
});

test('statvfs - the id of the file system is told where it is known', async () => {
  const report = {
    blockBytes: 4096,
    fragmentBytes: 1024,
    blocks: 1000n,
    freeBlocks: 300n,
    availableBlocks: 200n,
    files: 7n,
    freeFiles: 3n,
    readOnly: true,
    maxNameBytes: 255,
    fileSystemId: 65n,
  };
  const spaceReporting = { space: async () => report };
  const { client } = await start({ capabilities: { spaceReporting } });
  const { body } = await client.extended('statvfs@openssh.com', new ByteWriter().string('/'));
  assert.deepEqual(numbers(body), [4096, 1024, 1000, 300, 200, 7, 3, 3, 65, 3, 255]);
  const available = await client.extended('space-available', new ByteWriter().string('/'));
  const fields = new ByteReader(available.body);
  const bytes = [1, 2, 3, 4].map(() => fields.uint64() / 1024);
  assert.deepEqual([...bytes, fields.uint32(), fields.remaining], [1000, 300, 900, 200, 1024, 0]);
});

test('space-available - of what is not there is refused', async () => {
  const { client } = await start();
  const { status } = await client.extended('space-available', new ByteWriter().string('/none'));
  assert.equal(status, StatusCode.NO_SUCH_FILE);
});

function packed(ids: readonly number[]): Buffer {
  const writer = new ByteWriter();
  for (const id of ids) writer.uint32(id);
  return writer.finish();
}

function askNames(
  { client }: Conversation,
  uids: readonly number[],
  gids: readonly number[],
): Promise<ClientReply> {
  const body = new ByteWriter().string(packed(uids)).string(packed(gids));
  return client.extended('users-groups-by-id@openssh.com', body);
}

test("users-groups-by-id - the user's own ids have the user's name, all others none", async () => {
  const conversation = await start({ userName: 'jane', server: { knownIds: { uid: 1001, gid: 100 } } });
  const { body } = await askNames(conversation, [0, 1001, 100], [100]);
  const users = new ByteWriter().string('').string('jane').string('').finish();
  assert.deepEqual(
    body,
    new ByteWriter().string(users).string(new ByteWriter().string('jane').finish()).finish(),
  );
});

test('users-groups-by-id - without ids of its own nothing has a name', async () => {
  const conversation = await start({ userName: 'jane' });
  const { body } = await askNames(conversation, [0], []);
  assert.deepEqual(body, new ByteWriter().string(new ByteWriter().string('').finish()).string('').finish());
});

test('users-groups-by-id - a reply above 128 KiB and a cut-off list are refused', async () => {
  const conversation = await start();
  const many = Array.from({ length: 20_000 }, (_, index) => index);
  assert.equal((await askNames(conversation, many, many)).status, StatusCode.FAILURE);
  assert.equal((await askNames(conversation, many, [])).type, MessageType.EXTENDED_REPLY);
  const cut = new ByteWriter().string('abc').string('');
  const reply = await conversation.client.extended('users-groups-by-id@openssh.com', cut);
  assert.equal(reply.status, StatusCode.BAD_MESSAGE);
});

test('hardlink - goes to the storage that has it', async () => {
  const made: string[] = [];
  const hardLinks = {
    link: async (existing: string, path: string) => {
      made.push(`${existing} ${path}`);
    },
  };
  const { client, observer } = await start({ capabilities: { hardLinks } });
  const body = new ByteWriter().string('/a').string('/b');
  assert.equal((await client.extended('hardlink@openssh.com', body)).status, StatusCode.OK);
  assert.deepEqual(made, ['/a /b']);
  assert.deepEqual(observer.changes, [{ operation: 'HARDLINK', path: '/b', existing: '/a' }]);
});

test('lsetstat - does not follow links, and has no size to set', async () => {
  const conversation = await start();
  await conversation.store('/a', 'a');
  const { client } = conversation;
  const mode = new ByteWriter().string('/a').uint32(4).uint32(0o600);
  assert.equal((await client.extended('lsetstat@openssh.com', mode)).status, StatusCode.OK);
  const size = new ByteWriter().string('/a').uint32(1).uint64(0);
  assert.equal((await client.extended('lsetstat@openssh.com', size)).status, StatusCode.BAD_MESSAGE);
});

test('expand-path - ~ is the home, other users are not known', async () => {
  const { client } = await start({ home: '/home/jane', userName: 'jane' });
  const expand = (path: string): Promise<ClientReply> =>
    client.extended('expand-path@openssh.com', new ByteWriter().string(path));
  for (const [asked, expected] of [
    ['~', '/home/jane'],
    ['~/x/../y', '/home/jane/y'],
    ['~jane/x', '/home/jane/x'],
    ['x~', '/home/jane/x~'],
    ['/etc', '/etc'],
  ] as const) {
    assert.equal((await expand(asked)).names[0]?.name, expected);
  }
  assert.equal((await expand('~root/x')).status, StatusCode.NO_SUCH_FILE);
});

test('home-directory - one own home, nobody else’s', async () => {
  const { client } = await start({ home: '/home/jane', userName: 'jane' });
  const ask = (name: string): Promise<ClientReply> =>
    client.extended('home-directory', new ByteWriter().string(name));
  assert.equal((await ask('')).names[0]?.name, '/home/jane');
  assert.equal((await ask('jane')).names[0]?.name, '/home/jane');
  assert.equal((await ask('root')).status, StatusCode.FAILURE);
});

interface Copy {
  readonly position?: number;
  readonly byteCount?: number;
  readonly targetPosition?: number;
}

function copyData(
  { client }: Conversation,
  source: Buffer,
  target: Buffer,
  { position = 0, byteCount = 0, targetPosition = 0 }: Copy = {},
): Promise<ClientReply> {
  const body = new ByteWriter()
    .string(source)
    .uint64(position)
    .uint64(byteCount)
    .string(target)
    .uint64(targetPosition);
  return client.extended('copy-data', body);
}

async function twoFiles(conversation: Conversation, contents: string | Buffer) {
  await conversation.store('/a', contents);
  const source = await conversation.handle('/a', OpenFlag.READ);
  const target = await conversation.handle('/b', WRITE_NEW);
  return { source, target };
}

test('copy-data - copies to the end, or a part to a place', async () => {
  const conversation = await start();
  const { source, target } = await twoFiles(conversation, 'abcdef');
  assert.equal((await copyData(conversation, source, target)).status, StatusCode.OK);
  const part = { position: 1, byteCount: 2, targetPosition: 6 };
  assert.equal((await copyData(conversation, source, target, part)).status, StatusCode.OK);
  const tooFar = { position: 4, byteCount: 9, targetPosition: 8 };
  assert.equal((await copyData(conversation, source, target, tooFar)).status, StatusCode.EOF);
  await conversation.client.close(target);
  assert.equal(await conversation.load('/b'), 'abcdefbcef');
  assert.equal(conversation.files.lentSlices, 0);
});

test('copy-data - more than one piece is copied, and counted', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  for (let i = 0; i < 11; i++) {
    await conversation.client.write(handle, i * 200_000, Buffer.alloc(200_000, i));
  }
  await conversation.client.close(handle);
  const source = await conversation.handle('/a', OpenFlag.READ);
  const target = await conversation.handle('/b', WRITE_NEW);
  assert.equal((await copyData(conversation, source, target)).status, StatusCode.OK);
  await conversation.client.close(target);
  assert.equal(conversation.observer.closings.at(-1)?.bytesWritten, 2_200_000);
});

test('copy-data - onto the same handle or the same path is refused', async () => {
  const conversation = await start();
  const { source, target } = await twoFiles(conversation, 'abc');
  const again = await conversation.handle('/a', OpenFlag.WRITE);
  assert.equal((await copyData(conversation, target, target)).status, StatusCode.FAILURE);
  assert.equal((await copyData(conversation, source, again)).status, StatusCode.FAILURE);
});

test('copy-data - onto the same file by another path is refused, and both stay as they are', async () => {
  const conversation = await start();
  const { source, target } = await twoFiles(conversation, 'abc');
  conversation.files.sameFiles = true;
  const refused = await copyData(conversation, source, target);
  assert.equal(refused.message, 'a file cannot be copied onto itself');
  assert.equal((await conversation.client.close(target)).status, StatusCode.OK);
});

test('copy-data - other requests go on meanwhile; the target waits, a CLOSE of the source too', async () => {
  const conversation = await start();
  const { source, target } = await twoFiles(conversation, 'abc');
  const { client, files } = conversation;
  const release = files.hold('write /b 0+3');
  const copied = copyData(conversation, source, target);
  const read = client.read(source, 0, 3);
  const write = client.write(target, 3, 'd');
  const closed = client.close(source);
  assert.equal((await client.named(MessageType.STAT, '/')).type, MessageType.ATTRS);
  assert.equal(files.calls.at(-1), 'write /b 0+3');
  const readCalls = files.calls.filter((call) => call === 'read /a 0+3').length;
  assert.equal(readCalls, 2);
  release();
  const replies = await Promise.all([copied, read, write, closed]);
  assert.deepEqual(
    replies.map(({ status }) => status),
    [0, -1, 0, 0],
  );
});

test('copy-data - two copies in opposite directions do not wait for each other', async () => {
  const conversation = await start();
  await conversation.store('/a', 'aaa');
  await conversation.store('/b', 'bbb');
  const a = await conversation.handle('/a', OpenFlag.READ | OpenFlag.WRITE);
  const b = await conversation.handle('/b', OpenFlag.READ | OpenFlag.WRITE);
  const replies = await Promise.all([copyData(conversation, a, b), copyData(conversation, b, a)]);
  assert.deepEqual(
    replies.map(({ status }) => status),
    [0, 0],
  );
});

test('copy-data - is left to a storage that can copy by itself', async () => {
  const conversation = await start();
  const copies: string[] = [];
  const { files } = conversation;
  const open = files.open.bind(files);
  files.open = async (path, mode, initial) => {
    const handle = await open(path, mode, initial);
    handle.copyTo = async (position, byteCount, _target, targetPosition) => {
      copies.push(`${path} ${position}+${byteCount} ${targetPosition}`);
      if (position > 0) throw new FileError('NOT_SUPPORTED');
    };
    return handle;
  };
  const { source, target } = await twoFiles(conversation, 'abcdef');
  await copyData(conversation, source, target);
  assert.ok(!files.calls.includes('write /b 0+6'));
  await copyData(conversation, source, target, { position: 2 });
  assert.ok(files.calls.includes('write /b 0+4'));
  assert.deepEqual(copies, ['/a 0+6 0', '/a 2+4 0']);
});

test('copy-data - a storage that can copy by itself does not begin for a client that has left', async () => {
  const conversation = await start();
  const { files, server } = conversation;
  let copies = 0;
  const open = files.open.bind(files);
  files.open = async (path, mode, initial) => {
    const copyTo = async (): Promise<void> => {
      copies += 1;
    };
    return Object.assign(await open(path, mode, initial), { copyTo });
  };
  const { source, target } = await twoFiles(conversation, 'abc');
  assert.equal((await copyData(conversation, source, target)).status, StatusCode.OK);
  const release = files.hold('isSameFile /a');
  void copyData(conversation, source, target);
  await settled();
  server.onClose();
  release();
  await settled();
  assert.equal(copies, 1);
});

test('copy-data - a copy that fails half way makes the CLOSE of its target fail', async () => {
  const conversation = await start();
  const { source, target } = await twoFiles(conversation, 'abc');
  conversation.files.fail('read /a 0+3', new FileError('IO_ERROR'));
  assert.equal((await copyData(conversation, source, target)).status, StatusCode.FAILURE);
  assert.equal((await conversation.client.close(target)).status, StatusCode.FAILURE);
});

test('copy-data - ends when the client goes away', async () => {
  const conversation = await start();
  const { source, target } = await twoFiles(conversation, 'abc');
  const release = conversation.files.hold('read /a 0+3');
  void copyData(conversation, source, target);
  await settled();
  conversation.server.onClose();
  release();
  await settled();
  assert.ok(!conversation.files.calls.includes('write /b 0+3'));
  assert.equal(conversation.files.lentSlices, 0);
  assert.equal(conversation.server.openFiles, 0);
});
