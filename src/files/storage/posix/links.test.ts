import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { FileError } from '../../error.ts';
import type { FileSystem } from '../../file-system.ts';
import { load, names, READ, store, testSession, WRITE } from '../../testing/fixture.ts';
import {
  openDescriptors,
  type PosixFixture,
  type posixFixture,
  SECRET,
  test,
} from '../../testing/posix-fixture.ts';
import { virtualPath as path } from '../../virtual-path.ts';

/** Opens in the race test: enough for thousands of swaps between them. */
const RACE_OPENS = 3000;
const RACE_TIMEOUT_MS = 20_000;

/** Every operation that a client can aim at a path. */
const OPERATIONS: Readonly<Record<string, (files: FileSystem, target: string) => Promise<unknown>>> = {
  read: load,
  write: (files, target) => store(files, target, 'overwritten'),
  append: (files, target) => store(files, target, 'overwritten', { ...WRITE, truncate: false, append: true }),
  stat: (files, target) => files.stat(path(target), { followLinks: true }),
  setstat: (files, target) => files.setAttributes(path(target), { sizeBytes: 0 }, { followLinks: true }),
  list: names,
  space: async (files, target) => files.spaceReporting?.space(path(target)),
};

const PARENT_OPERATIONS: typeof OPERATIONS = {
  ...OPERATIONS,
  mkdir: (files, target) => files.makeDirectory(path(target), {}),
  rmdir: (files, target) => files.removeDirectory(path(target)),
  remove: (files, target) => files.remove(path(target)),
  renameFrom: (files, target) => files.rename(path(target), path('/taken')),
  renameTo: (files, target) => files.rename(path('/inside'), path(target)),
  replaceFrom: async (files, target) => files.replacing?.replace(path(target), path('/taken')),
  replaceTo: async (files, target) => files.replacing?.replace(path('/inside'), path(target)),
  linkFrom: async (files, target) => files.hardLinks?.link(path(target), path('/taken')),
  linkTo: async (files, target) => files.hardLinks?.link(path('/inside'), path(target)),
  symlink: async (files, target) => files.links?.symlink('inside', path(target)),
  readLink: async (files, target) => files.links?.readLink(path(target)),
};

async function failure(action: Promise<unknown>): Promise<string> {
  try {
    await action;
  } catch (error) {
    assert.ok(error instanceof FileError);
    return `${error.code}: ${error.message}`;
  }
  return 'succeeded';
}

async function plantedLinks(context: TestContext, makeFixture: typeof posixFixture): Promise<PosixFixture> {
  const fixture = await makeFixture(context);
  const { at, outside } = fixture;
  writeFileSync(at('inside'), 'inside content');
  mkdirSync(at('sub', 'deep'), { recursive: true });
  symlinkSync(join(outside, 'secret'), at('absolute'));
  symlinkSync('../outside/secret', at('relative'));
  symlinkSync('deep/../../../outside/secret', at('sub', 'winding'));
  symlinkSync('../outside/dir', at('directory'));
  symlinkSync(outside, at('absolute-directory'));
  symlinkSync('../root/inside', at('out-and-in'));
  symlinkSync('../outside/nothing', at('dangling'));
  symlinkSync('..', at('up'));
  symlinkSync('relative', at('chained'));
  return fixture;
}

test('F-42 links - whatever leads outside fails exactly like a missing file, in every operation', async (context, posixFixture) => {
  const { files, outside } = await plantedLinks(context, posixFixture);
  const targets = [
    'absolute',
    'relative',
    'sub/winding',
    'directory',
    'out-and-in',
    'dangling',
    'up',
    'chained',
  ];
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const missing = await failure(operation(files, '/missing/x'));
    for (const target of targets) assert.equal(await failure(operation(files, `/${target}`)), missing, name);
  }
  assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), SECRET);
  assert.deepEqual(readdirSync(outside).sort(), ['dir', 'secret']);
});

test('links - a link in the middle of a path leads nowhere outside, in every operation', async (context, posixFixture) => {
  const { files, at, outside } = await plantedLinks(context, posixFixture);
  for (const [name, operation] of Object.entries(PARENT_OPERATIONS)) {
    const missing = await failure(operation(files, '/missing/x'));
    for (const target of [
      'directory/secret',
      'absolute-directory/dir/secret',
      'up/outside/secret',
      'directory/x',
    ]) {
      assert.equal(await failure(operation(files, `/${target}`)), missing, `${name} ${target}`);
    }
  }
  assert.equal(readFileSync(join(outside, 'dir', 'secret'), 'utf8'), SECRET);
  assert.deepEqual(readdirSync(join(outside, 'dir')), ['secret']);
  assert.equal(readFileSync(at('inside'), 'utf8'), 'inside content');
});

test('links - dot-dot in a request stays at the root', async (context, posixFixture) => {
  const { files } = await plantedLinks(context, posixFixture);
  const missing = await failure(load(files, '/missing'));
  assert.equal(await failure(load(files, '../../etc/passwd')), missing);
  assert.equal(await failure(load(files, '/sub/../../outside/secret')), missing);
});

test('links - links that stay inside work, through directories and in chains', async (context, posixFixture) => {
  const { files, at } = await plantedLinks(context, posixFixture);
  symlinkSync('deep', at('sub', 'to-deep'));
  symlinkSync('sub/to-deep/../../inside', at('winding-inside'));
  symlinkSync('winding-inside', at('twice'));
  assert.equal(await load(files, '/twice'), 'inside content');
  await store(files, '/sub/to-deep/new', 'x');
  assert.equal(readFileSync(at('sub', 'deep', 'new'), 'utf8'), 'x');
  assert.deepEqual(await names(files, '/sub/to-deep'), ['new']);
  assert.equal((await files.stat(path('/twice'), { followLinks: false })).type, 'symlink');
  assert.equal((await files.stat(path('/twice'), { followLinks: true })).type, 'file');
});

test('links - a loop and a chain of more than 40 links end', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context);
  symlinkSync('loop', at('loop'));
  writeFileSync(at('link0'), 'end');
  for (let index = 1; index <= 41; index++) symlinkSync(`link${index - 1}`, at(`link${index}`));
  assert.equal(await load(files, '/link40'), 'end');
  await assert.rejects(load(files, '/link41'), { code: 'LINK_LOOP' });
  await assert.rejects(load(files, '/loop'), { code: 'LINK_LOOP' });
  await assert.rejects(load(files, '/loop/x'), { code: 'LINK_LOOP' });
});

test('links - removing, renaming and lsetstat touch the link and not its target', async (context, posixFixture) => {
  const { files, at, outside } = await plantedLinks(context, posixFixture);
  const times = { accessedSeconds: 1, modifiedSeconds: 2 };
  await files.setAttributes(path('/absolute'), { times }, { followLinks: false });
  assert.equal((await files.stat(path('/absolute'), { followLinks: false })).modifiedMs, 2000);
  await assert.rejects(files.setAttributes(path('/absolute'), { mode: 0o777 }, { followLinks: false }), {
    code: 'NOT_SUPPORTED',
  });
  await files.rename(path('/absolute'), path('/moved'));
  await files.remove(path('/moved'));
  await files.remove(path('/directory'));
  assert.equal(existsSync(at('moved')), false);
  assert.deepEqual(readdirSync(outside).sort(), ['dir', 'secret']);
});

test('F-42 links - a made link is stored relative, and a target outside is refused', async (context, posixFixture) => {
  const { files, at } = await plantedLinks(context, posixFixture);
  await files.links?.symlink('/inside', path('/sub/deep/made'));
  assert.equal(readlinkSync(at('sub', 'deep', 'made')), '../../inside');
  assert.equal(await load(files, '/sub/deep/made'), 'inside content');
  for (const target of ['../x', 'sub/../../x', '../root/inside']) {
    assert.match(
      await failure(files.links?.symlink(target, path('/bad')) ?? Promise.resolve()),
      /^NOT_FOUND/,
    );
  }
  await assert.rejects(files.links?.symlink('a\0b', path('/bad')) ?? Promise.resolve(), {
    code: 'INVALID_PATH',
  });
  assert.equal(existsSync(at('bad')), false);
});

test('F-42 links - readlink shows no path of the host', async (context, posixFixture) => {
  const { files } = await plantedLinks(context, posixFixture);
  assert.equal(await files.links?.readLink(path('/chained')), 'relative');
  for (const name of ['absolute', 'relative', 'absolute-directory', 'up']) {
    assert.match(await failure(files.links?.readLink(path(`/${name}`)) ?? Promise.resolve()), /^NOT_FOUND/);
  }
});

test('links - a hard link is made of a regular file only', async (context, posixFixture) => {
  const { files } = await plantedLinks(context, posixFixture);
  await files.hardLinks?.link(path('/inside'), path('/second'));
  assert.equal((await files.stat(path('/second'), { followLinks: true })).linkCount, 2);
  for (const name of ['/sub', '/absolute']) {
    await assert.rejects(files.hardLinks?.link(path(name), path('/third')) ?? Promise.resolve(), {
      code: 'PERMISSION_DENIED',
    });
  }
});

test('links - a storage that refuses links shows none and follows none', async (context, posixFixture) => {
  const { files, at } = await posixFixture(context, { symlinks: 'refuse' });
  writeFileSync(at('inside'), 'x');
  mkdirSync(at('sub'));
  symlinkSync('inside', at('link'));
  symlinkSync('sub', at('linked-directory'));
  assert.deepEqual(await names(files, '/'), ['inside', 'sub']);
  assert.equal(files.links, undefined);
  assert.equal(files.hardLinks, undefined);
  const missing = await failure(load(files, '/missing'));
  assert.equal(await failure(load(files, '/link')), missing);
  assert.equal(await failure(store(files, '/link', 'y')), missing);
  assert.equal(await failure(files.stat(path('/link'), { followLinks: false })), missing);
  assert.equal(await failure(files.remove(path('/link'))), missing);
  assert.equal(await failure(files.rename(path('/link'), path('/other'))), missing);
  assert.equal(await failure(names(files, '/linked-directory')), missing);
  assert.equal(await failure(store(files, '/linked-directory/x', 'y')), missing);
  assert.equal(readFileSync(at('inside'), 'utf8'), 'x');
});

test('links - a view is held inside its own root, and a link on the way to it is not followed', async (context, posixFixture) => {
  const { storage, at } = await posixFixture(context);
  mkdirSync(at('home', 'jane'), { recursive: true });
  writeFileSync(at('home', 'other'), 'of somebody else');
  symlinkSync('../other', at('home', 'jane', 'up'));
  symlinkSync('home', at('alias'));
  symlinkSync('other', at('home', 'file-link'));
  const view = storage.attach(testSession(), path('/home/jane'));
  assert.match(await failure(load(view, '/up')), /^NOT_FOUND/);
  await assert.rejects(view.removeDirectory(path('/')), { code: 'PERMISSION_DENIED' });
  await assert.rejects(names(storage.attach(testSession(), path('/alias/jane')), '/'), { code: 'NOT_FOUND' });
  const fileView = storage.attach(testSession(), path('/home/file-link'));
  await assert.rejects(load(fileView, '/'), { code: 'NOT_FOUND' });
  await assert.rejects(fileView.stat(path('/'), { followLinks: false }), { code: 'NOT_FOUND' });
  assert.equal(await load(storage.attach(testSession(), path('/home/other')), '/'), 'of somebody else');
});

/** Puts `bait` in the place of `name` and back, again and again, until the returned function is called. */
function keepSwapping({ at }: PosixFixture, name: string): () => Promise<void> {
  let isRunning = true;
  const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const swapping = (async () => {
    for (let round = 0; isRunning; round++) {
      renameSync(at(name), at('parked'));
      renameSync(at('bait'), at(name));
      await pause();
      renameSync(at(name), at('bait'));
      renameSync(at('parked'), at(name));
      // Uneven, or the swaps and the walk run in step.
      for (let turn = 0; turn <= round % 3; turn++) await pause();
    }
  })();
  return () => {
    isRunning = false;
    return swapping;
  };
}

/** A place that never holds still ends like a loop. */
const RACE_CODES: readonly string[] = ['NOT_FOUND', 'LINK_LOOP'];

test('links - swapping a directory and a link all the time never yields outside content', async (context, posixFixture) => {
  const fixture = await posixFixture(context);
  const { files, at } = fixture;
  mkdirSync(at('swapped'));
  writeFileSync(at('swapped', 'secret'), 'inside');
  symlinkSync('../outside/dir', at('bait'));
  const before = openDescriptors();
  const stop = keepSwapping(fixture, 'swapped');
  const seen = new Set<string>();
  const bothWereMet = (): boolean => seen.has('inside') && seen.has('NOT_FOUND');
  const deadlineMs = performance.now() + RACE_TIMEOUT_MS;
  // On a busy machine the swaps and the opens may run in step for a while.
  for (let opened = 0; opened < RACE_OPENS || !bothWereMet(); opened += 20) {
    if (performance.now() > deadlineMs) break;
    const loads = Array.from({ length: 20 }, () => load(files, '/swapped/secret'));
    for (const result of await Promise.allSettled(loads)) {
      seen.add(result.status === 'fulfilled' ? result.value : result.reason.code);
    }
  }
  await stop();
  assert.ok(bothWereMet(), 'both states were met');
  for (const result of seen) assert.ok(['inside', ...RACE_CODES].includes(result), result);
  assert.equal(openDescriptors(), before);
});

test('links - a file swapped for a link while it is written and truncated is never written through', async (context, posixFixture) => {
  const fixture = await posixFixture(context);
  const { files, at, outside } = fixture;
  symlinkSync('../outside/secret', at('bait'));
  writeFileSync(at('target'), 'mine');
  const stop = keepSwapping(fixture, 'target');
  const codes = new Set<string>();
  const changes = { sizeBytes: 0, mode: 0o600 };
  for (let opened = 0; opened < RACE_OPENS / 3; opened++) {
    const results = await Promise.allSettled([
      store(files, '/target', 'mine', { ...WRITE, create: false }),
      files.setAttributes(path('/target'), changes, { followLinks: true }),
    ]);
    for (const result of results) codes.add(result.status === 'fulfilled' ? 'done' : result.reason.code);
  }
  await stop();
  assert.ok(codes.has('done') && codes.has('NOT_FOUND'), 'both states were met');
  for (const code of codes) assert.ok(['done', ...RACE_CODES].includes(code), code);
  assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), SECRET);
});

test('links - failing operations leave no descriptor open', async (context, posixFixture) => {
  const { files } = await plantedLinks(context, posixFixture);
  await load(files, '/inside');
  const before = openDescriptors();
  for (let round = 0; round < 20; round++) {
    for (const operation of Object.values(PARENT_OPERATIONS)) {
      for (const target of [
        '/missing/x',
        '/directory/secret',
        '/inside/x',
        '/sub/winding',
        '/relative',
        '/sub/deep/y/z',
      ]) {
        await operation(files, target).catch((error: unknown) => assert.ok(error instanceof FileError));
      }
    }
    await files
      .open(path('/sub'), READ, {})
      .catch((error: FileError) => assert.equal(error.code, 'IS_A_DIRECTORY'));
  }
  assert.equal(openDescriptors(), before);
});
