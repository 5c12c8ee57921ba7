import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { load, names, READ, store, WRITE } from '../../testing/fixture.ts';
import { folderFixture } from '../../testing/folder-fixture.ts';
import { virtualPath as path } from '../../virtual-path.ts';

const FOLLOW = { followLinks: true };
const CHANGE = { ...WRITE, truncate: false };
const bytes = (text: string): Uint8Array[] => [Buffer.from(text)];

test('upload - appears with CLOSE and not before; what was there stays until then', async (context) => {
  const { files, session, at, staged } = await folderFixture(context);
  await store(files, '/a', 'old');
  const upload = await files.open(path('/a'), WRITE, {});
  await upload.write(bytes('new content'), 0);
  assert.equal(readFileSync(at('a'), 'utf8'), 'old');
  assert.equal((await session().stat(path('/a'), FOLLOW)).sizeBytes, 3);
  const fresh = await files.open(path('/b'), WRITE, {});
  await assert.rejects(session().stat(path('/b'), FOLLOW), { code: 'NOT_FOUND' });
  assert.deepEqual(await names(session(), '/'), ['a']);
  assert.equal(staged().length, 2);
  await upload.close();
  await fresh.close();
  assert.equal(readFileSync(at('a'), 'utf8'), 'new content');
  assert.equal(readFileSync(at('b'), 'utf8'), '');
  assert.deepEqual(staged(), []);
});

test('upload - a handle opened before goes on reading the old version', async (context) => {
  const { files } = await folderFixture(context);
  await store(files, '/a', 'old');
  const reader = await files.open(path('/a'), READ, {});
  await store(files, '/a', 'newer');
  await files.setAttributes(path('/a'), { sizeBytes: 2 }, FOLLOW);
  const slice = await reader.read(0, 100);
  assert.equal(Buffer.concat(slice.views).toString(), 'old');
  slice.release();
  assert.equal((await reader.stat()).sizeBytes, 3);
  await reader.close();
  assert.equal(await load(files, '/a'), 'ne');
});

test('upload - of two to one path the last CLOSE wins', async (context) => {
  const { files, session, staged } = await folderFixture(context);
  const first = await files.open(path('/a'), WRITE, {});
  const second = await session().open(path('/a'), WRITE, {});
  await second.write(bytes('second'), 0);
  await first.write(bytes('first'), 0);
  await second.close();
  await first.close();
  assert.equal(await load(files, '/a'), 'first');
  assert.deepEqual(staged(), []);
});

test('upload - an exclusive one refuses what is there at OPEN, and what came before its CLOSE', async (context) => {
  const { files, staged } = await folderFixture(context);
  await store(files, '/a', 'kept');
  await files.makeDirectory(path('/d'), {});
  const exclusive = { ...WRITE, exclusive: true };
  for (const name of ['/a', '/d']) {
    await assert.rejects(files.open(path(name), exclusive, {}), { code: 'ALREADY_EXISTS' });
    await assert.rejects(files.open(path(name), { ...exclusive, truncate: false }, {}), {
      code: 'ALREADY_EXISTS',
    });
  }
  const late = await files.open(path('/b'), exclusive, {});
  await late.write(bytes('late'), 0);
  await store(files, '/b', 'early');
  await assert.rejects(late.close(), { code: 'ALREADY_EXISTS' });
  assert.equal(await load(files, '/b'), 'early');
  assert.deepEqual(staged(), []);
});

test('upload - a failed one leaves nothing, whatever the server does with partial ones', async (context) => {
  const { files, at, staged } = await folderFixture(context);
  await store(files, '/a', 'old');
  for (const name of ['/a', '/deep/new']) {
    const upload = await files.open(path(name), WRITE, {});
    await upload.write(bytes('half'), 0);
    assert.equal(await upload.abort('failed'), 'discarded');
  }
  assert.equal(readFileSync(at('a'), 'utf8'), 'old');
  assert.deepEqual(await names(files, '/'), ['a']);
  assert.deepEqual(staged(), []);
});

test('upload - when the client goes away, what arrived is stored or discarded, as the server says', async (context) => {
  const { session, at, staged } = await folderFixture(context);
  const ended = new AbortController();
  const storing = session({ signal: ended.signal });
  const discarding = session({ partialUploads: 'discard' });
  await store(storing, '/kept', 'old');
  const uploads = [
    { files: storing, name: '/new/a', text: 'half', left: 'kept' },
    { files: storing, name: '/kept', text: '', left: 'discarded' },
    { files: discarding, name: '/b', text: 'half', left: 'discarded' },
  ];
  const opened = await Promise.all(
    uploads.map(async ({ files, name, text, left }) => {
      const upload = await files.open(path(name), WRITE, {});
      await upload.write(bytes(text), 0);
      return { upload, left };
    }),
  );
  // As in a session: nothing of it works any more when its uploads end.
  ended.abort();
  for (const { upload, left } of opened) assert.equal(await upload.abort('disconnected'), left);
  assert.equal(readFileSync(at('new', 'a'), 'utf8'), 'half');
  assert.equal(readFileSync(at('kept'), 'utf8'), 'old');
  assert.equal(existsSync(at('b')), false);
  assert.deepEqual(staged(), []);
});

test('upload - a partial one is stored up to its first gap', async (context) => {
  const { files, at } = await folderFixture(context);
  const gap = await files.open(path('/a'), WRITE, {});
  await gap.write(bytes('there'), 0);
  await gap.write(bytes('later'), 10);
  assert.equal(await gap.abort('disconnected'), 'kept');
  assert.equal(readFileSync(at('a'), 'utf8'), 'there');
  const nothing = await files.open(path('/b'), WRITE, {});
  await nothing.write(bytes('later'), 10);
  assert.equal(await nothing.abort('disconnected'), 'discarded');
  assert.equal(existsSync(at('b')), false);
});

test('upload - a resumed one begins with what is there; without a write nothing changes', async (context) => {
  const { files, at, staged } = await folderFixture(context);
  await store(files, '/a', 'begin');
  const before = statSync(at('a'));
  const idle = await files.open(path('/a'), CHANGE, {});
  await idle.setAttributes({ sizeBytes: 5 });
  assert.deepEqual(staged(), []);
  await idle.close();
  assert.equal(statSync(at('a')).ino, before.ino);
  const lost = await files.open(path('/a'), CHANGE, {});
  assert.equal(await lost.abort('disconnected'), 'discarded');

  const resumed = await files.open(path('/a'), { ...CHANGE, read: true }, {});
  await resumed.write(bytes(' and end'), 5);
  assert.equal((await resumed.stat()).sizeBytes, 13);
  const slice = await resumed.read(0, 100);
  assert.equal(Buffer.concat(slice.views).toString(), 'begin and end');
  slice.release();
  assert.equal(readFileSync(at('a'), 'utf8'), 'begin');
  await resumed.close();
  assert.equal(readFileSync(at('a'), 'utf8'), 'begin and end');

  await store(files, '/a', '!', { ...CHANGE, append: true });
  assert.equal(readFileSync(at('a'), 'utf8'), 'begin and end!');
});

test('upload - any place of an object can be written, and it can be cut and made longer', async (context) => {
  const { files, at } = await folderFixture(context);
  await store(files, '/a', 'x'.repeat(3_000_000));
  const change = await files.open(path('/a'), CHANGE, {});
  await change.write(bytes('yy'), 2_999_999);
  await change.write(bytes('zz'), 0);
  await change.setAttributes({ sizeBytes: 3_000_000 });
  await change.setAttributes({ sizeBytes: 3_000_002 });
  await change.close();
  const expected = Buffer.from(`zz${'x'.repeat(2_999_997)}y\0\0`);
  assert.ok(expected.equals(readFileSync(at('a'))));
  await files.setAttributes(path('/a'), { sizeBytes: 3 }, FOLLOW);
  assert.equal(readFileSync(at('a'), 'utf8'), 'zzx');
  await files.setAttributes(path('/a'), { sizeBytes: 0 }, FOLLOW);
  assert.equal(readFileSync(at('a'), 'utf8'), '');
});

test('upload - CLOSE says that the object could not be published', async (context) => {
  const { files, at, staged } = await folderFixture(context);
  const overtaken = await files.open(path('/a'), WRITE, {});
  await files.makeDirectory(path('/a'), {});
  await assert.rejects(overtaken.close(), { code: 'IS_A_DIRECTORY' });
  const blocked = await files.open(path('/b/c'), WRITE, {});
  writeFileSync(at('b'), '');
  await assert.rejects(blocked.close(), { code: 'NOT_A_DIRECTORY' });
  const robbed = await files.open(path('/d'), WRITE, {});
  rmSync(at('.drawbridge-uploads'), { recursive: true });
  await assert.rejects(robbed.close(), { code: 'NOT_FOUND' });
  await assert.rejects(robbed.close(), { code: 'INVALID_HANDLE' });
  assert.equal(await robbed.abort('failed'), 'kept');
  assert.equal(existsSync(at('d')), false);
  assert.deepEqual(staged(), []);
});

test('upload - takes the place of a symbolic link, and never follows one', async (context) => {
  const { files, at, staged } = await folderFixture(context);
  writeFileSync(at('target'), 'target');
  symlinkSync('target', at('link'));
  symlinkSync('..', at('up'));
  await assert.rejects(store(files, '/up/below', 'x'), { code: 'NOT_FOUND' });
  await assert.rejects(store(files, '/link', 'x', { ...WRITE, exclusive: true }), { code: 'ALREADY_EXISTS' });
  await store(files, '/link', 'object');
  assert.equal(readFileSync(at('link'), 'utf8'), 'object');
  assert.equal(readFileSync(at('target'), 'utf8'), 'target');
  assert.deepEqual(staged(), []);
});

test('upload - the mode that is asked for is ignored, times are kept', async (context) => {
  const { files, at } = await folderFixture(context);
  const umask = process.umask();
  const times = { accessedSeconds: 1000, modifiedSeconds: 2000 };
  const upload = await files.open(path('/a'), WRITE, { mode: 0o600 });
  await assert.rejects(upload.setAttributes({ times, mode: 0o600 }), { code: 'NOT_SUPPORTED' });
  await upload.write(bytes('content'), 0);
  assert.equal((await upload.stat()).modifiedMs, 2_000_000);
  await upload.close();
  assert.equal(statSync(at('a')).mode & 0o777, 0o666 & ~umask);
  assert.equal(statSync(at('a')).mtimeMs, 2_000_000);
  const idle = await files.open(path('/a'), CHANGE, {});
  await idle.setAttributes({ times: { ...times, modifiedSeconds: 3000 } });
  await idle.close();
  assert.equal(statSync(at('a')).mtimeMs, 3_000_000);
  chmodSync(at('a'), 0o640);
  const reader = await files.open(path('/a'), READ, {});
  await reader.setAttributes({ times });
  await assert.rejects(reader.setAttributes({ owner: { uid: 1, gid: 1 } }), { code: 'NOT_SUPPORTED' });
  await assert.rejects(reader.setAttributes({ sizeBytes: 1 }), { code: 'INVALID_HANDLE' });
  await reader.close();
  assert.equal(statSync(at('a')).mtimeMs, 2_000_000);
});

test('upload - its session can look at it by path before there is an object, others cannot', async (context) => {
  const { files, session } = await folderFixture(context);
  const upload = await files.open(path('/a'), WRITE, {});
  await upload.write(bytes('four'), 0);
  assert.equal((await files.stat(path('/a'), FOLLOW)).sizeBytes, 4);
  await files.setAttributes(path('/a'), { times: { accessedSeconds: 1, modifiedSeconds: 2 } }, FOLLOW);
  await assert.rejects(session().setAttributes(path('/a'), {}, FOLLOW), { code: 'NOT_FOUND' });
  await upload.close();
  assert.equal((await session().stat(path('/a'), FOLLOW)).modifiedMs, 2000);
  const failing = await files.open(path('/b'), WRITE, {});
  await failing.abort('failed');
  await assert.rejects(files.stat(path('/b'), FOLLOW), { code: 'NOT_FOUND' });
});

test('upload - a handle does only what it was opened for', async (context) => {
  const { files } = await folderFixture(context);
  const writer = await files.open(path('/a'), WRITE, {});
  await assert.rejects(writer.read(0, 1), { code: 'INVALID_HANDLE' });
  await writer.close();
  const reader = await files.open(path('/a'), READ, {});
  await assert.rejects(reader.write(bytes('x'), 0), { code: 'INVALID_HANDLE' });
  assert.equal(await reader.abort('failed'), 'kept');
  await assert.rejects(writer.write(bytes('x'), 0), { code: 'INVALID_HANDLE' });
  await assert.rejects(files.open(path('/b'), { ...WRITE, create: false }, {}), { code: 'NOT_FOUND' });
  await assert.rejects(files.open(path('/b'), { ...CHANGE, create: false }, {}), { code: 'NOT_FOUND' });
  const empty = await files.open(path('/b'), { ...READ, create: true }, {});
  await assert.rejects(empty.write(bytes('x'), 0), { code: 'INVALID_HANDLE' });
  await empty.close();
  assert.equal(await load(files, '/b'), '');
});

test('upload - handles know whether they are open on one object', async (context) => {
  const { files, session } = await folderFixture(context);
  await store(files, '/dir/a', 'content');
  await store(files, '/dir/b', 'content');
  const source = await files.open(path('/dir/a'), READ, {});
  const same = await session({}, '/dir').open(path('/a'), WRITE, {});
  const other = await files.open(path('/dir/b'), CHANGE, {});
  assert.equal(await source.isSameFile?.(same), true);
  assert.equal(await source.isSameFile?.(other), false);
  await Promise.all([source, same, other].map((handle) => handle.abort('failed')));
});
