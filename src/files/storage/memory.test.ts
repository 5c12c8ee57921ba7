import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, names, READ, store, testSession, WRITE } from '../testing/fixture.ts';
import { virtualPath as path } from '../virtual-path.ts';
import { MemoryStorage } from './memory.ts';

const session = testSession();

test('memory - what one session stores another reads', async () => {
  const storage = new MemoryStorage();
  await store(storage.attach(session), '/a', 'hello');
  assert.equal(await load(storage.attach(session), '/a'), 'hello');
});

test('memory - a view with a root sees only what is below it', async () => {
  const storage = new MemoryStorage();
  const whole = storage.attach(session);
  await whole.makeDirectory(path('/home'), {});
  await store(whole, '/secret', 'x');
  const view = storage.attach(session, path('/home'));
  await store(view, '/mine', 'y');
  assert.deepEqual(await names(view, '/'), ['mine']);
  assert.equal(await load(whole, '/home/mine'), 'y');
  await assert.rejects(load(view, '/../secret'), { code: 'NOT_FOUND' });
  await assert.rejects(view.removeDirectory(path('/')), { code: 'PERMISSION_DENIED' });
});

test('memory - append ignores the position, a gap reads as zeros, truncation is seen', async () => {
  const files = new MemoryStorage().attach(session);
  await store(files, '/a', 'one');
  await store(files, '/a', 'two', { ...WRITE, truncate: false, append: true });
  assert.equal(await load(files, '/a'), 'onetwo');
  await files.setAttributes(path('/a'), { sizeBytes: 2 }, { followLinks: true });
  const handle = await files.open(path('/a'), { ...WRITE, truncate: false }, {});
  await handle.write([Buffer.from('!')], 4);
  await handle.close();
  assert.equal(await load(files, '/a'), 'on\0\0!');
});

test('memory - exclusive refuses an existing file, a directory cannot be opened', async () => {
  const files = new MemoryStorage().attach(session);
  await files.makeDirectory(path('/d'), {});
  await store(files, '/a', '');
  await assert.rejects(files.open(path('/a'), { ...WRITE, exclusive: true }, {}), { code: 'ALREADY_EXISTS' });
  await assert.rejects(files.open(path('/d'), READ, {}), { code: 'IS_A_DIRECTORY' });
  await assert.rejects(files.open(path('/a/b'), READ, {}), { code: 'NOT_A_DIRECTORY' });
  await assert.rejects(files.open(path('/x/b'), WRITE, {}), { code: 'NOT_FOUND' });
});

test('memory - rename refuses an existing target, replace takes its place', async () => {
  const files = new MemoryStorage().attach(session);
  await store(files, '/a', 'a');
  await store(files, '/b', 'b');
  await assert.rejects(files.rename(path('/a'), path('/b')), { code: 'ALREADY_EXISTS' });
  await files.rename(path('/a'), path('/a'));
  await files.replacing?.replace(path('/a'), path('/b'));
  assert.equal(await load(files, '/b'), 'a');
  assert.deepEqual(await names(files, '/'), ['b']);
});

test('memory - directories are removed only when empty, and never by remove', async () => {
  const files = new MemoryStorage().attach(session);
  await files.makeDirectory(path('/d'), {});
  await store(files, '/d/a', '');
  await assert.rejects(files.removeDirectory(path('/d')), { code: 'NOT_EMPTY' });
  await assert.rejects(files.remove(path('/d')), { code: 'IS_A_DIRECTORY' });
  await assert.rejects(files.rename(path('/d'), path('/d/e')), { code: 'INVALID_ARGUMENT' });
  await files.remove(path('/d/a'));
  await files.removeDirectory(path('/d'));
  assert.deepEqual(await names(files, '/'), []);
});

test('memory - the bound holds, and removed bytes come back when the last handle is closed', async () => {
  const files = new MemoryStorage({ maxBytes: 10 }).attach(session);
  const handle = await files.open(path('/a'), WRITE, {});
  await handle.write([Buffer.alloc(10)], 0);
  await assert.rejects(handle.write([Buffer.alloc(1)], 2 ** 50), { code: 'NO_SPACE' });
  await files.remove(path('/a'));
  await assert.rejects(store(files, '/b', 'b'), { code: 'NO_SPACE' });
  await handle.close();
  await store(files, '/b', 'b');
  assert.equal(await load(files, '/b'), 'b');
});
