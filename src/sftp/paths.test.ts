import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileError } from '../files/error.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { MessageType, OpenFlag, StatusCode } from './protocol.ts';
import { settled, WRITE_NEW } from './testing/conversation.ts';
import { start } from './testing/start.ts';

test('F-40 realpath - gives one canonical path, also of what does not exist', async () => {
  const { client } = await start({ home: '/home/jane' });
  for (const [asked, expected] of [
    ['', '/home/jane'],
    ['.', '/home/jane'],
    ['new//file/.', '/home/jane/new/file'],
    ['/a/./b/../c/', '/a/c'],
    ['a\\b', '/home/jane/a\\b'],
  ] as const) {
    const { names } = await client.named(MessageType.REALPATH, asked);
    assert.deepEqual(names, [{ name: expected, longName: expected, attributes: {} }]);
  }
});

test('F-43 realpath - .. at the root stays there', async () => {
  const { client } = await start();
  assert.equal((await client.named(MessageType.REALPATH, '/../../etc')).names[0]?.name, '/etc');
});

test('F-42 paths - what reaches the storage never leads out', async () => {
  const { client, files } = await start({ home: '/home' });
  await client.named(MessageType.STAT, '../../../etc/passwd');
  assert.deepEqual(files.calls, ['stat /etc/passwd']);
});

test('paths - NUL, bytes that are not UTF-8, and names too long are refused', async () => {
  const { client, files } = await start();
  for (const bad of [Buffer.from('/a\0b'), Buffer.from([0x2f, 0xff]), Buffer.alloc(300, 'n')]) {
    assert.equal((await client.named(MessageType.STAT, bad)).status, StatusCode.BAD_MESSAGE);
  }
  assert.deepEqual(files.calls, []);
});

test('paths - an empty path is nothing, not the home directory', async () => {
  const { client, files } = await start({ home: '/home' });
  assert.equal((await client.named(MessageType.RMDIR, '')).status, StatusCode.NO_SUCH_FILE);
  assert.deepEqual(files.calls, []);
});

test('mkdir, rmdir, remove - do what they say and are told to the observer', async () => {
  const conversation = await start();
  const { client, observer } = conversation;
  assert.equal((await client.changing(MessageType.MKDIR, '/d', { permissions: 0o40700 })).status, 0);
  assert.equal((await client.named(MessageType.STAT, '/d')).attributes.permissions, 0o40700);
  assert.equal((await client.changing(MessageType.MKDIR, '/d')).status, StatusCode.FAILURE);
  await conversation.store('/d/f', 'x');
  assert.equal((await client.named(MessageType.RMDIR, '/d')).status, StatusCode.FAILURE);
  assert.equal((await client.named(MessageType.REMOVE, '/d/f')).status, 0);
  assert.equal((await client.named(MessageType.RMDIR, '/d')).status, 0);
  assert.deepEqual(observer.changes, [
    { operation: 'MKDIR', path: '/d' },
    { operation: 'REMOVE', path: '/d/f' },
    { operation: 'RMDIR', path: '/d' },
  ]);
  assert.deepEqual(
    observer.refusals.map(({ operation, path, error }) => [operation, path, error.code]),
    [
      ['MKDIR', '/d', 'ALREADY_EXISTS'],
      ['RMDIR', '/d', 'NOT_EMPTY'],
    ],
  );
});

test('rename - refuses an existing target', async () => {
  const conversation = await start();
  await conversation.store('/a', 'a');
  await conversation.store('/b', 'b');
  const reply = await conversation.client.paired(MessageType.RENAME, '/a', '/b');
  assert.equal(reply.status, StatusCode.FAILURE);
  assert.equal(await conversation.load('/b'), 'b');
});

test('rename - extra bytes behind the paths (the flags of v5) are tolerated', async () => {
  const conversation = await start();
  await conversation.store('/a', 'a');
  const body = new ByteWriter().string('/a').string('/b').uint32(1);
  assert.equal((await conversation.client.request(MessageType.RENAME, body)).status, StatusCode.OK);
  assert.equal(await conversation.load('/b'), 'a');
});

test('posix-rename - replaces an existing target', async () => {
  const conversation = await start();
  await conversation.store('/a', 'a');
  await conversation.store('/b', 'b');
  const { client, observer } = conversation;
  const body = new ByteWriter().string('/a').string('/b');
  assert.equal((await client.extended('posix-rename@openssh.com', body)).status, StatusCode.OK);
  assert.equal(await conversation.load('/b'), 'a');
  assert.deepEqual(observer.changes, [{ operation: 'RENAME', path: '/a', newPath: '/b', replacing: true }]);
});

test('symlink - is read in the order of OpenSSH: target, then link', async () => {
  const links: string[] = [];
  const { client } = await start({
    capabilities: {
      links: {
        symlink: async (target, path) => {
          links.push(`${path} -> ${target}`);
        },
        readLink: async () => '../x',
      },
    },
  });
  assert.equal((await client.paired(MessageType.SYMLINK, '../x', '/d/link')).status, StatusCode.OK);
  assert.deepEqual(links, ['/d/link -> ../x']);
  const { names } = await client.named(MessageType.READLINK, '/d/link');
  assert.deepEqual(names, [{ name: '../x', longName: '../x', attributes: {} }]);
  assert.equal((await client.paired(MessageType.SYMLINK, '', '/d/link')).status, StatusCode.BAD_MESSAGE);
});

test('symlink - a storage without links answers OP_UNSUPPORTED', async () => {
  const { client } = await start();
  assert.equal((await client.paired(MessageType.SYMLINK, 'x', '/l')).status, StatusCode.OP_UNSUPPORTED);
  assert.equal((await client.named(MessageType.READLINK, '/l')).status, StatusCode.OP_UNSUPPORTED);
});

test('stat - follows links, LSTAT does not', async () => {
  const { client, files } = await start();
  const followed: boolean[] = [];
  const stat = files.stat.bind(files);
  files.stat = (path, options) => {
    followed.push(options.followLinks);
    return stat(path, options);
  };
  await client.named(MessageType.STAT, '/');
  await client.named(MessageType.LSTAT, '/');
  assert.deepEqual(followed, [true, false]);
});

test('F-50 setstat - waits for the CLOSE that was sent before it', async () => {
  const conversation = await start();
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client, files } = conversation;
  const committed = files.hold('close /a');
  void client.write(handle, 0, 'ab');
  void client.close(handle);
  const times = [1_500_000_000, 1_500_000_000] as const;
  const setStat = client.changing(MessageType.SETSTAT, '/a', { times });
  const other = client.named(MessageType.STAT, '/');
  const unrelated = client.named(MessageType.STAT, '/ab');
  assert.equal((await unrelated).status, StatusCode.NO_SUCH_FILE);
  await settled();
  assert.ok(!files.calls.includes('setAttributes /a'));
  committed();
  assert.equal((await setStat).status, StatusCode.OK);
  assert.equal((await other).type, MessageType.ATTRS);
  assert.deepEqual(files.calls.slice(-3), ['close /a', 'setAttributes /a', 'stat /']);
});

test('path order - equal paths and ancestors wait, siblings do not', async () => {
  const conversation = await start();
  const { client, files } = conversation;
  const made = files.hold('makeDirectory /d');
  const replies = [
    client.changing(MessageType.MKDIR, '/d'),
    client.open('/d/f', WRITE_NEW),
    client.named(MessageType.STAT, '/d/f'),
    client.changing(MessageType.MKDIR, '/d2'),
  ];
  await settled();
  assert.deepEqual(files.calls, ['makeDirectory /d', 'makeDirectory /d2']);
  made();
  const [, opened, stat] = await Promise.all(replies);
  assert.equal(opened?.type, MessageType.HANDLE);
  assert.equal(stat?.type, MessageType.ATTRS);
});

test('path order - a RENAME holds both of its paths', async () => {
  const conversation = await start();
  await conversation.store('/a', 'a');
  const { client, files } = conversation;
  const renamed = files.hold('rename /a /b');
  void client.paired(MessageType.RENAME, '/a', '/b');
  const source = client.named(MessageType.STAT, '/a');
  const target = client.named(MessageType.STAT, '/b');
  await settled();
  assert.equal(files.calls.at(-1), 'rename /a /b');
  renamed();
  assert.equal((await source).status, StatusCode.NO_SUCH_FILE);
  assert.equal((await target).type, MessageType.ATTRS);
});

test('path order - requests that only look run side by side, also beside a CLOSE of a file that was read', async () => {
  const conversation = await start();
  await conversation.store('/a', 'a');
  const { client, files } = conversation;
  const handle = await conversation.handle('/a', OpenFlag.READ);
  const first = files.hold('close /a');
  void client.close(handle);
  const statted = files.hold('stat /a');
  const stats = [client.named(MessageType.STAT, '/a'), client.named(MessageType.LSTAT, '/a')];
  await settled();
  assert.deepEqual(files.calls.slice(-3), ['stat /a', 'stat /a', 'close /a']);
  statted();
  await Promise.all(stats);
  first();
});

test('path order - a failed request lets the next one go on', async () => {
  const { client, files } = await start();
  files.fail('makeDirectory /d', new FileError('PERMISSION_DENIED'));
  const made = client.changing(MessageType.MKDIR, '/d');
  const stat = client.named(MessageType.STAT, '/d');
  assert.equal((await made).status, StatusCode.PERMISSION_DENIED);
  assert.equal((await stat).status, StatusCode.NO_SUCH_FILE);
});

test('F-53 attributes - unknown flags are passed over', async () => {
  const conversation = await start();
  await conversation.store('/a', 'a');
  const body = new ByteWriter().string('/a').uint32(0x4000_0104).uint32(0o600).bytes(Buffer.alloc(8));
  assert.equal((await conversation.client.request(MessageType.SETSTAT, body)).status, StatusCode.OK);
  const { attributes } = await conversation.client.named(MessageType.STAT, '/a');
  assert.equal(attributes.permissions, 0o100600);
});

test('attributes - an absurd number of extended attributes is refused', async () => {
  const { client } = await start();
  const body = new ByteWriter().string('/a').uint32(0x8000_0000).uint32(0xffff_ffff);
  assert.equal((await client.request(MessageType.SETSTAT, body)).status, StatusCode.BAD_MESSAGE);
});

test('attributes - owner, mode, times and size arrive together', async () => {
  const conversation = await start();
  await conversation.store('/a', 'abc');
  const { client } = conversation;
  const wanted = { sizeBytes: 1, owner: [1000, 1001], permissions: 0o644, times: [1, 2] } as const;
  assert.equal((await client.changing(MessageType.SETSTAT, '/a', wanted)).status, StatusCode.OK);
  const { attributes } = await client.named(MessageType.STAT, '/a');
  assert.deepEqual(attributes, { ...wanted, permissions: 0o100644 });
});
