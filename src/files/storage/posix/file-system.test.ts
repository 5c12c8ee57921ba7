import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { load, names, READ, store, testSession, WRITE } from '../../testing/fixture.ts';
import { makeFifo, openDescriptors, test } from '../../testing/posix-fixture.ts';
import { virtualPath as path } from '../../virtual-path.ts';
import { PosixStorage } from './storage.ts';

const FOLLOW = { followLinks: true };

test('posix - what is written is read back, gaps are zeros, append ignores the position', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  const handle = await files.open(path('/a'), { ...WRITE, read: true }, {});
  await handle.write([Buffer.from('one'), Buffer.alloc(0), Buffer.from('two')], 2);
  const slice = await handle.read(0, 100);
  assert.equal(Buffer.concat(slice.views).toString(), '\0\0onetwo');
  slice.release();
  await handle.sync();
  assert.equal((await handle.stat()).sizeBytes, 8);
  await handle.close();
  await store(files, '/a', '!', { ...WRITE, truncate: false, append: true });
  assert.equal(readFileSync(at('a'), 'utf8'), '\0\0onetwo!');
});

test('posix - a read sees what the same handle wrote, also while reading ahead', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  writeFileSync(at('a'), Buffer.alloc(600_000, 1));
  const handle = await files.open(path('/a'), { ...READ, write: true }, {});
  for (const position of [0, 1000, 2000]) (await handle.read(position, 1000)).release();
  await handle.write([Buffer.alloc(500, 2)], 3000);
  const slice = await handle.read(3000, 1000);
  assert.deepEqual(Buffer.concat(slice.views), Buffer.concat([Buffer.alloc(500, 2), Buffer.alloc(500, 1)]));
  slice.release();
  await handle.setAttributes({ sizeBytes: 4100 });
  const end = await handle.read(4000, 1000);
  assert.equal(end.byteCount, 100);
  end.release();
  await handle.close();
});

test('posix - a handle that was closed refuses everything, and reads in flight end before', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  writeFileSync(at('a'), Buffer.alloc(300_000, 1));
  const before = openDescriptors();
  const handle = await files.open(path('/a'), READ, {});
  const reads = [0, 1, 2, 3].map((index) => handle.read(index * 65_536, 65_536));
  await handle.close();
  for (const slice of await Promise.all(reads)) slice.release();
  assert.equal(openDescriptors(), before);
  await assert.rejects(handle.read(0, 1), { code: 'INVALID_HANDLE' });
  await assert.rejects(handle.stat(), { code: 'INVALID_HANDLE' });
  await assert.rejects(handle.close(), { code: 'INVALID_HANDLE' });
  await handle.abort('disconnected');
});

test('posix - a handle does only what it was opened for', async (context, posixFixture) => {
  const { files } = await posixFixture(context);
  const writer = await files.open(path('/a'), WRITE, {});
  await assert.rejects(writer.read(0, 1), { code: 'INVALID_HANDLE' });
  await writer.abort('disconnected');
  const reader = await files.open(path('/a'), READ, {});
  await assert.rejects(reader.write([Buffer.from('x')], 0), { code: 'INVALID_HANDLE' });
  await reader.close();
});

test('posix - abort keeps what was written and closes', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  const before = openDescriptors();
  const handle = await files.open(path('/a'), WRITE, {});
  await handle.write([Buffer.from('half')], 0);
  await handle.abort('disconnected');
  assert.equal(readFileSync(at('a'), 'utf8'), 'half');
  assert.equal(openDescriptors(), before);
});

test('posix - exclusive refuses an existing file, without create a missing one is not made', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  writeFileSync(at('a'), 'kept');
  await assert.rejects(store(files, '/a', 'x', { ...WRITE, exclusive: true }), { code: 'ALREADY_EXISTS' });
  await assert.rejects(store(files, '/b', 'x', { ...WRITE, create: false }), { code: 'NOT_FOUND' });
  assert.equal(readFileSync(at('a'), 'utf8'), 'kept');
});

test('posix - only regular files are opened, and nothing blocks', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  const before = openDescriptors();
  mkdirSync(at('dir'));
  makeFifo(at('fifo'));
  const server = createServer().listen(at('socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  for (const mode of [READ, WRITE, { ...WRITE, read: true }]) {
    await assert.rejects(files.open(path('/dir'), mode, {}), { code: 'IS_A_DIRECTORY' });
    await assert.rejects(files.open(path('/fifo'), mode, {}), { code: 'PERMISSION_DENIED' });
    await assert.rejects(files.open(path('/socket'), mode, {}), { code: 'PERMISSION_DENIED' });
  }
  await new Promise((resolve) => server.close(resolve));
  assert.equal(openDescriptors(), before);
});

test('posix - the mode of a new file and directory is honoured, without set-id bits', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  await (await files.open(path('/a'), WRITE, { mode: 0o6700 })).close();
  await files.makeDirectory(path('/d'), { mode: 0o7700 });
  assert.equal(statSync(at('a')).mode & 0o7777, 0o700);
  assert.equal(statSync(at('d')).mode & 0o7777, 0o700);
  await files.setAttributes(path('/a'), { mode: 0o4755 }, FOLLOW);
  assert.equal(statSync(at('a')).mode & 0o7777, 0o755);
});

test('posix - all attribute changes are tried and the last failure is told', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  mkdirSync(at('d'));
  const changes = { sizeBytes: 1, mode: 0o711, times: { accessedSeconds: 5, modifiedSeconds: 6 } };
  await assert.rejects(files.setAttributes(path('/d'), changes, FOLLOW), { code: 'IS_A_DIRECTORY' });
  const attributes = await files.stat(path('/d'), FOLLOW);
  assert.equal(attributes.mode, 0o711);
  assert.equal(attributes.modifiedMs, 6000);
  const owner = { uid: 2 ** 31, gid: 2 ** 40 };
  await assert.rejects(files.setAttributes(path('/d'), { sizeBytes: 1, owner }, FOLLOW), {
    code: 'IO_ERROR',
  });
});

test('posix - attributes are changed on an unreadable file too', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  writeFileSync(at('a'), 'x');
  chmodSync(at('a'), 0);
  await files.setAttributes(path('/a'), { mode: 0o600 }, FOLLOW);
  assert.equal(statSync(at('a')).mode & 0o777, 0o600);
});

/** More than are read ahead, and few enough for their names to come from the system at once. */
const VANISHING = 300;
const MAX_READ_AHEAD = 200;

test('posix - listing gives names and attributes in batches and skips what vanished', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  for (let index = 0; index < VANISHING; index++) writeFileSync(at(`f${index}`), 'x'.repeat(index));
  const reader = await files.list(path('/'));
  const first = await reader.next(3);
  assert.equal(first.length, 3);
  for (let index = 0; index < VANISHING; index++) rmSync(at(`f${index}`));
  let late = 0;
  for (let batch = await reader.next(100); batch.length > 0; batch = await reader.next(100))
    late += batch.length;
  assert.ok(late <= MAX_READ_AHEAD, 'what was read ahead is shown, nothing behind it');
  await reader.close();
  await reader.close();
  for (const { name, attributes } of first) assert.equal(attributes.sizeBytes, Number(name.slice(1)));
});

test('posix - names that are not UTF-8 are left out and counted, the rest is listed', async (context, posixFixture) => {
  const { files, storage, at } = await posixFixture(context);
  for (const name of ['good', 'caf\u00e9', '\ufffd']) writeFileSync(at(name), '');
  writeFileSync(Buffer.concat([Buffer.from(at('bad')), Buffer.from([0xff])]), '');
  assert.deepEqual(await names(files, '/'), ['caf\u00e9', 'good', '\ufffd']);
  assert.equal(storage.unreadableNames, 1);
});

test('posix - rename refuses an existing target and keeps both', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  for (const name of ['a', 'b']) writeFileSync(at(name), name);
  for (const name of ['d', 'e']) mkdirSync(at(name));
  await assert.rejects(files.rename(path('/a'), path('/b')), { code: 'ALREADY_EXISTS' });
  await assert.rejects(files.rename(path('/d'), path('/e')), { code: 'ALREADY_EXISTS' });
  await assert.rejects(files.rename(path('/a'), path('/e')), { code: 'ALREADY_EXISTS' });
  assert.equal(readFileSync(at('b'), 'utf8'), 'b');
  assert.equal(readFileSync(at('a'), 'utf8'), 'a');
});

test('posix - rename to the same path keeps the file, to a new one moves it', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  writeFileSync(at('a'), 'a');
  mkdirSync(at('d'));
  await files.rename(path('/a'), path('/a'));
  await files.rename(path('/a'), path('/d/b'));
  await files.rename(path('/d'), path('/e'));
  assert.equal(readFileSync(at('e', 'b'), 'utf8'), 'a');
  assert.equal(statSync(at('e', 'b')).nlink, 1);
  assert.equal(existsSync(at('a')), false);
  await assert.rejects(files.rename(path('/e'), path('/e/inside')), { code: 'INVALID_ARGUMENT' });
});

test('posix - replace takes the place of an existing file', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  for (const name of ['a', 'b']) writeFileSync(at(name), name);
  await files.replacing?.replace(path('/a'), path('/b'));
  assert.equal(readFileSync(at('b'), 'utf8'), 'a');
  assert.equal(existsSync(at('a')), false);
});

test('posix - the root itself is neither removed nor moved', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  const denied = { code: 'PERMISSION_DENIED' };
  await assert.rejects(files.removeDirectory(path('/')), denied);
  await assert.rejects(files.remove(path('/')), denied);
  await assert.rejects(files.rename(path('/'), path('/x')), denied);
  await assert.rejects(files.replacing?.replace(path('/x'), path('/')) ?? Promise.resolve(), denied);
  await assert.rejects(files.makeDirectory(path('/'), {}), { code: 'ALREADY_EXISTS' });
  assert.ok(existsSync(at()));
  assert.equal((await files.stat(path('/'), FOLLOW)).type, 'directory');
});

test('posix - remove never removes a directory, rmdir only an empty one', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  mkdirSync(at('d'));
  writeFileSync(at('d', 'a'), '');
  await assert.rejects(files.remove(path('/d')), { code: 'IS_A_DIRECTORY' });
  await assert.rejects(files.removeDirectory(path('/d')), { code: 'NOT_EMPTY' });
  await assert.rejects(files.removeDirectory(path('/d/a')), { code: 'NOT_A_DIRECTORY' });
  await files.remove(path('/d/a'));
  await files.removeDirectory(path('/d'));
  assert.deepEqual(await names(files, '/'), []);
});

test('posix - space is reported in the units of the file system', async (context, posixFixture) => {
  const { files } = await posixFixture(context);
  const report = await files.spaceReporting?.space(path('/'));
  assert.ok(report !== undefined && report.blocks > 0n && report.freeBlocks <= report.blocks);
  assert.ok(report.blockBytes > 0);
  assert.equal(report.fileSystemId, (await files.spaceReporting?.space(path('/')))?.fileSystemId);
});

test('posix - one file opened by two names is known to be one', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  writeFileSync(at('a'), 'a');
  writeFileSync(at('b'), 'a');
  await files.hardLinks?.link(path('/a'), path('/c'));
  const [a, b, c] = await Promise.all(['/a', '/b', '/c'].map((name) => files.open(path(name), READ, {})));
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  assert.deepEqual([await a.isSameFile?.(c), await a.isSameFile?.(b)], [true, false]);
  await Promise.all([a, b, c].map((handle) => handle.close()));
});

test('posix - a file that changes under the reader is answered exactly', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  writeFileSync(at('a'), Buffer.alloc(100_000, 1));
  const handle = await files.open(path('/a'), READ, {});
  for (let position = 0; position < 100_000; position += 20_000)
    (await handle.read(position, 20_000)).release();
  assert.equal((await handle.read(100_000, 20_000)).byteCount, 0);
  truncateSync(at('a'), 150_000);
  const grown = await handle.read(100_000, 20_000);
  assert.equal(grown.byteCount, 20_000);
  grown.release();
  await handle.close();
});

test('posix - open tells the operator which directory is wrong and why', async (context, posixFixture) => {
  const { at } = await posixFixture(context);
  writeFileSync(at('file'), '');
  const open = (root: string): Promise<void> =>
    new PosixStorage({ root, symlinks: 'refuse', identity: 'process' }).open();
  await assert.rejects(open(at('missing')), new RegExp(`${at('missing')}.*ENOENT`));
  await assert.rejects(open(at('file')), new RegExp(`${at('file')}.*ENOTDIR`));
  await assert.rejects(open('relative'), { code: 'INVALID_PATH' });
});

test('posix - a closed storage and an ended session answer no more', async (context, posixFixture) => {
  const { storage, at } = await posixFixture(context);
  writeFileSync(at('a'), 'x');
  utimesSync(at('a'), 1, 1);
  const ended = new AbortController();
  const files = storage.attach({ ...testSession(), signal: ended.signal });
  ended.abort();
  await assert.rejects(load(files, '/a'), { code: 'ABORTED' });
  const late = storage.attach(testSession());
  const before = openDescriptors();
  await storage.close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(openDescriptors(), before - 1);
  await assert.rejects(load(late, '/a'), { code: 'INVALID_HANDLE' });
  assert.throws(() => storage.attach(testSession()), { code: 'IO_ERROR' });
});
