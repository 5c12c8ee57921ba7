import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { openHome } from '../../home.ts';
import { names, READ, store, testSession, WRITE } from '../../testing/fixture.ts';
import { folderFixture, STAGING } from '../../testing/folder-fixture.ts';
import { virtualPath as path } from '../../virtual-path.ts';
import { STALE_UPLOAD_AGE_MS } from './staging.ts';
import { FolderStorage } from './storage.ts';

const FOLLOW = { followLinks: true };

test('folder - objects, directories and names of new ones need nothing above them', async (context) => {
  const { files, at } = await folderFixture(context);
  await store(files, '/a/b/c', 'object');
  await files.makeDirectory(path('/d/e/f'), {});
  await files.rename(path('/a/b/c'), path('/g/h/c'));
  await files.replacing?.replace(path('/d/e'), path('/i/j/e'));
  assert.equal(readFileSync(at('g', 'h', 'c'), 'utf8'), 'object');
  assert.deepEqual(readdirSync(at('i', 'j', 'e')), ['f']);
  await assert.rejects(files.rename(path('/missing'), path('/k/l')), { code: 'NOT_FOUND' });
  await assert.rejects(files.makeDirectory(path('/g/h/c/below'), {}), { code: 'NOT_A_DIRECTORY' });
  await assert.rejects(store(files, '/g/h/c/below', ''), { code: 'NOT_A_DIRECTORY' });
  assert.deepEqual(await names(files, '/'), ['a', 'd', 'g', 'i']);
});

test('folder - many uploads into one missing directory all arrive', async (context) => {
  const { files, session, at } = await folderFixture(context);
  const all = Array.from({ length: 40 }, (_, index) => `${index}`);
  await Promise.all(all.map((name, index) => store(index % 2 ? files : session(), `/x/y/z/${name}`, name)));
  assert.deepEqual(readdirSync(at('x', 'y', 'z')).sort(), all.sort());
});

test('folder - rename never overwrites, rmdir takes only what is empty, remove no directory', async (context) => {
  const { files, at } = await folderFixture(context);
  for (const name of ['/a', '/b', '/d/c']) await store(files, name, name);
  await assert.rejects(files.rename(path('/a'), path('/b')), { code: 'ALREADY_EXISTS' });
  await assert.rejects(files.rename(path('/a'), path('/d')), { code: 'ALREADY_EXISTS' });
  await files.replacing?.replace(path('/a'), path('/b'));
  assert.equal(readFileSync(at('b'), 'utf8'), '/a');
  await assert.rejects(files.removeDirectory(path('/d')), { code: 'NOT_EMPTY' });
  await assert.rejects(files.remove(path('/d')), { code: 'IS_A_DIRECTORY' });
  await files.rename(path('/d'), path('/e'));
  await files.remove(path('/e/c'));
  await files.removeDirectory(path('/e'));
  assert.deepEqual(await names(files, '/'), ['b']);
});

test('folder - modes and owners are not supported, sizes and times are', async (context) => {
  const { files, at } = await folderFixture(context);
  await store(files, '/a', 'content');
  const { mode } = statSync(at('a'));
  const times = { accessedSeconds: 5, modifiedSeconds: 6 };
  const unsupported = { code: 'NOT_SUPPORTED' };
  await assert.rejects(files.setAttributes(path('/a'), { mode: 0o600 }, FOLLOW), unsupported);
  const owner = { uid: 1, gid: 1 };
  await assert.rejects(files.setAttributes(path('/a'), { sizeBytes: 3, owner, times }, FOLLOW), unsupported);
  assert.deepEqual(
    { mode: statSync(at('a')).mode, size: statSync(at('a')).size, modifiedMs: statSync(at('a')).mtimeMs },
    { mode, size: 3, modifiedMs: 6000 },
  );
  const missing = files.setAttributes(path('/missing'), { mode: 0o600 }, FOLLOW);
  await assert.rejects(missing, { code: 'NOT_FOUND' });
  await assert.rejects(files.setAttributes(path('/'), { sizeBytes: 1 }, FOLLOW), { code: 'IS_A_DIRECTORY' });
  await files.makeDirectory(path('/d'), { mode: 0o700 });
  assert.equal(statSync(at('d')).mode & 0o777, 0o777 & ~process.umask());
});

test('folder - there are no links, and none is shown or followed', async (context) => {
  const { files, at } = await folderFixture(context);
  await store(files, '/a', 'content');
  symlinkSync('a', at('link'));
  symlinkSync('..', at('up'));
  assert.equal(files.links, undefined);
  assert.equal(files.hardLinks, undefined);
  assert.deepEqual(await names(files, '/'), ['a']);
  await assert.rejects(files.open(path('/link'), READ, {}), { code: 'NOT_FOUND' });
  await assert.rejects(files.makeDirectory(path('/up/x'), {}), { code: 'NOT_FOUND' });
});

test('folder - keys are as long as on S3', async (context) => {
  const { files } = await folderFixture(context);
  const long = `/${'n'.repeat(200)}`.repeat(5);
  const key = `${long}/${'n'.repeat(1024 - long.length)}`;
  await store(files, key, '');
  await assert.rejects(store(files, `${key}n`, ''), { code: 'NAME_TOO_LONG' });
  await assert.rejects(files.stat(path(`${key}n`), FOLLOW), { code: 'NAME_TOO_LONG' });
});

test('folder - the staging folder is in no listing and behind no path, however it is spelt', async (context) => {
  const { files, session, at } = await folderFixture(context);
  const upload = await files.open(path('/a'), WRITE, {});
  await upload.write([Buffer.from('secret')], 0);
  const [staged = ''] = readdirSync(at(STAGING));
  await store(files, '/b', 'b');
  assert.deepEqual(await names(files, '/'), ['b']);
  const spellings = [STAGING, STAGING.toUpperCase(), '.drawbridge-upload\u017f', '.draw\u200dbridge-uploads'];
  const views = [files, session({}, `/${STAGING}`), session({}, `/${STAGING}/${staged}`)];
  const missing = { code: 'NOT_FOUND' };
  for (const [index, view] of views.entries()) {
    const places =
      index === 0 ? spellings.flatMap((name) => [`/${name}`, `/${name}/${staged}`]) : ['/', '/x'];
    for (const place of places) {
      await assert.rejects(view.stat(path(place), FOLLOW), missing);
      await assert.rejects(view.list(path(place)), missing);
      await assert.rejects(view.open(path(place), READ, {}), missing);
      await assert.rejects(view.open(path(place), WRITE, {}), missing);
      await assert.rejects(view.makeDirectory(path(place), {}), missing);
      await assert.rejects(view.setAttributes(path(place), { sizeBytes: 0 }, FOLLOW), missing);
      await assert.rejects(view.spaceReporting?.space(path(place)) ?? Promise.resolve(), missing);
      if (place === '/') continue;
      await assert.rejects(view.remove(path(place)), missing);
      await assert.rejects(view.removeDirectory(path(place)), missing);
      await assert.rejects(view.rename(path(place), path('/stolen')), missing);
      if (index === 0) await assert.rejects(view.rename(path('/b'), path(place)), missing);
    }
  }
  await upload.close();
  assert.equal(readFileSync(at('a'), 'utf8'), 'secret');
});

test('folder - no home reaches the staging folder, whatever it is mapped to', async (context) => {
  const { files, storage } = await folderFixture(context);
  const upload = await files.open(path('/a'), WRITE, {});
  const storages = new Map([['bucket', storage]]);
  const mapping = { entry: path('/in'), target: path(`/bucket/${STAGING}`), type: 'DIRECTORY' } as const;
  const home = async (): Promise<readonly string[]> => {
    const spec = { type: 'LOGICAL', mappings: [mapping], directory: path('/') } as const;
    return names(await openHome(spec, storages, testSession()), '/in');
  };
  await assert.rejects(home(), { code: 'NOT_FOUND' });
  await upload.abort('failed');
});

test('folder - what killed processes left is removed at the start, what is at work stays', async (context) => {
  const { at, storage } = await folderFixture(context);
  mkdirSync(at(STAGING));
  for (const name of ['stale', 'fresh']) writeFileSync(at(STAGING, name), name);
  const staleSeconds = (Date.now() - STALE_UPLOAD_AGE_MS) / 1000 - 60;
  utimesSync(at(STAGING, 'stale'), staleSeconds, staleSeconds);
  await storage.close();
  await storage.open();
  assert.deepEqual(readdirSync(at(STAGING)), ['fresh']);
});

test('folder - a staging folder that leads elsewhere is not used', async (context) => {
  const { files, at } = await folderFixture(context);
  mkdirSync(at('elsewhere'));
  symlinkSync('elsewhere', at(STAGING));
  await assert.rejects(store(files, '/a', 'x'), { code: 'NOT_FOUND' });
  assert.deepEqual(readdirSync(at('elsewhere')), []);
  assert.equal(existsSync(at('a')), false);
});

test('folder - nobody else on the host can look into what is not yet published', async (context) => {
  const { files, at } = await folderFixture(context);
  await store(files, '/a', 'x');
  assert.equal(statSync(at(STAGING)).mode & 0o777, 0o700);
});

test('folder - the root of a view is neither removed nor moved', async (context) => {
  const { session } = await folderFixture(context);
  const files = session({}, '/home');
  await store(files, '/a', 'x');
  const denied = { code: 'PERMISSION_DENIED' };
  await assert.rejects(files.removeDirectory(path('/')), denied);
  await assert.rejects(files.remove(path('/')), denied);
  await assert.rejects(files.rename(path('/'), path('/x')), denied);
  await assert.rejects(files.rename(path('/a'), path('/')), denied);
  assert.ok(((await files.spaceReporting?.space(path('/')))?.blocks ?? 0n) > 0n);
});

test('folder - a storage that is not open, or closed, is not used', async (context) => {
  const { storage } = await folderFixture(context);
  assert.throws(() => new FolderStorage({ root: '/' }).attach(testSession()), { code: 'IO_ERROR' });
  await storage.close();
  assert.throws(() => storage.attach(testSession()), { code: 'IO_ERROR' });
});
