import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileError } from './error.ts';
import type { FileSystem } from './file-system.ts';
import { openHome } from './home.ts';
import { homeSpec, MAX_MAPPINGS, parseMappings } from './home-mapping.ts';
import type { HomeMapping, HomeSpec } from './home-spec.ts';
import { MemoryStorage } from './storage/memory.ts';
import type { HomePresence, Storage, StorageSession } from './storage.ts';
import { load, names, store, testSession } from './testing/fixture.ts';
import { DENIED, guardOf, policyOf } from './testing/policy-fixture.ts';
import { type RecordedCall, RecordingStorage } from './testing/recording-storage.ts';
import { virtualPath as path, ROOT } from './virtual-path.ts';

const FOLLOW = { followLinks: true };
const NOT_FOUND = { code: 'NOT_FOUND' };

function mapping(entry: string, target: string, type: 'FILE' | 'DIRECTORY' = 'DIRECTORY'): HomeMapping {
  return { entry: path(entry), target: path(target), type };
}

function bucket(homes: HomePresence): MemoryStorage {
  return Object.assign(new MemoryStorage(), { homes });
}

function logical(mappings: readonly HomeMapping[], directory = '/'): HomeSpec {
  return { type: 'LOGICAL', directory: path(directory), mappings };
}

const PATH_HOME: HomeSpec = { type: 'PATH', directory: path('/bucket/home/jane') };

test('implied home - PATH: the landing directory and all above it are there without existing', async () => {
  const home = await openHome(PATH_HOME, new Map([['bucket', bucket('implied')]]), testSession());
  for (const directory of ['/bucket', '/bucket/home', '/bucket/home/jane']) {
    const attributes = await home.stat(path(directory), FOLLOW);
    assert.deepEqual([attributes.type, attributes.mode & 0o777], ['directory', 0o755], directory);
  }
  assert.deepEqual(await names(home, '/bucket/home/jane'), []);
  for (const other of ['/bucket/home/bob', '/bucket/home/jane/sub', '/bucket/homes']) {
    await assert.rejects(home.stat(path(other), FOLLOW), NOT_FOUND);
    await assert.rejects(home.list(path(other)), NOT_FOUND);
  }
});

test('implied home - LOGICAL: a target and the landing directory below it are there, a FILE is not', async () => {
  const spec = logical([mapping('/in', '/bucket/a/b'), mapping('/f', '/bucket/f', 'FILE')], '/in/landing');
  const home = await openHome(spec, new Map([['bucket', bucket('implied')]]), testSession());
  for (const directory of ['/in', '/in/landing']) {
    assert.equal((await home.stat(path(directory), FOLLOW)).mode, 0o755);
    assert.deepEqual(await names(home, directory), []);
  }
  await assert.rejects(home.stat(path('/f'), FOLLOW), NOT_FOUND);
  assert.deepEqual(await names(home, '/'), ['f', 'in']);
});

test('implied home - no file is made in the place of a directory that is only implied', async () => {
  const home = await openHome(PATH_HOME, new Map([['bucket', bucket('implied')]]), testSession());
  for (const directory of ['/bucket', PATH_HOME.directory])
    await assert.rejects(store(home, directory, 'text'), { code: 'IS_A_DIRECTORY' });
});

test('implied home - what exists is shown as it is', async () => {
  const storage = bucket('implied');
  const files = storage.attach(testSession());
  await files.makeDirectory(path('/a'), { mode: 0o700 });
  await store(files, '/a/x', 'x');
  const home = await openHome(
    logical([mapping('/', '/bucket/a')]),
    new Map([['bucket', storage]]),
    testSession(),
  );
  assert.equal((await home.stat(ROOT, FOLLOW)).mode & 0o777, 0o700);
  assert.deepEqual(await names(home, '/'), ['x']);
});

test('implied home - a listing that finds nothing only at its first entries is empty too', async () => {
  const storage = bucket('implied');
  const attach: Storage['attach'] = (...given) =>
    Object.assign(storage.attach(...given), {
      list: async () => ({
        next: async () => Promise.reject(new FileError('NOT_FOUND')),
        close: async () => undefined,
      }),
    });
  const late: Storage = {
    homes: 'implied',
    open: () => storage.open(),
    attach,
    close: () => storage.close(),
  };
  const home = await openHome(PATH_HOME, new Map([['bucket', late]]), testSession());
  assert.deepEqual(await names(home, '/bucket/home/jane'), []);
  await assert.rejects(names(home, '/bucket/other'), NOT_FOUND);
});

test('implied home - what is denied stays denied, and what fails stays a failure', async () => {
  const guard = guardOf(policyOf({ Effect: 'Allow', Action: 's3:PutObject', Resource: '*' }));
  const storages = new Map([['bucket', bucket('implied')]]);
  const home = await openHome(PATH_HOME, storages, testSession(), guard);
  await assert.rejects(home.stat(path('/bucket/home/jane'), FOLLOW), DENIED);
  await assert.rejects(home.list(path('/bucket/home/jane')), DENIED);
});

test('implied home - nothing is implied where a storage requires homes', async () => {
  const home = await openHome(PATH_HOME, new Map([['bucket', bucket('required')]]), testSession());
  await assert.rejects(home.stat(path('/bucket/home/jane'), FOLLOW), NOT_FOUND);
});

test('made home - is made for a user whom a policy forbids to make directories', async () => {
  const storage = bucket('made');
  const guard = guardOf(
    policyOf({ Effect: 'Allow', Action: ['s3:GetObject', 's3:ListBucket'], Resource: '*' }),
  );
  const home = await openHome(PATH_HOME, new Map([['bucket', storage]]), testSession(), guard);
  assert.deepEqual(await names(home, '/bucket/home'), ['jane']);
  await assert.rejects(home.makeDirectory(path('/bucket/home/jane/d'), {}), DENIED);
});

function recorded(directoryListing: StorageSession['directoryListing']) {
  const calls: RecordedCall[] = [];
  const storage = Object.assign(new RecordingStorage('bucket', calls), { homes: 'implied' as HomePresence });
  return { calls, storage, session: { ...testSession(), directoryListing } };
}

test('listing - optimized: a mapping of Type DIRECTORY is taken at its word, one of Type FILE is looked at', async () => {
  const { calls, storage, session } = recorded('optimized');
  const spec = logical([mapping('/d', '/bucket/d'), mapping('/f', '/bucket/f', 'FILE')]);
  const home = await openHome(spec, new Map([['bucket', storage]]), session);
  assert.deepEqual(await names(home, '/'), ['d', 'f']);
  assert.equal((await home.stat(path('/d'), FOLLOW)).type, 'directory');
  assert.deepEqual(
    calls.map((call) => call.path),
    ['/f'],
  );
});

test('listing - markers: a target of Type DIRECTORY that is a file is shown as one', async () => {
  const { storage, session } = recorded('markers');
  await store(storage.attach(session), '/d', 'text');
  const home = await openHome(logical([mapping('/d', '/bucket/d')]), new Map([['bucket', storage]]), session);
  assert.equal((await home.stat(path('/d'), FOLLOW)).type, 'file');
  assert.equal(await load(home, '/d'), 'text');
});

async function partners(): Promise<FileSystem> {
  const spec = logical([
    mapping('/anotherpath/subpath/financials', '/bucket/a'),
    mapping('/bucket2', '/other/b'),
    mapping('/share', '/fs-01234567/c'),
  ]);
  const storages = ['bucket', 'other', 'fs-01234567'].map((name): [string, Storage] => [
    name,
    bucket('made'),
  ]);
  return openHome(spec, new Map(storages), testSession());
}

test('synthetic - putting a file into a directory that only leads to mappings finds no such file', async () => {
  const home = await partners();
  for (const file of ['/file', '/anotherpath/file', '/anotherpath/subpath/file']) {
    await assert.rejects(store(home, file, 'x'), { code: 'NOT_FOUND', message: 'no such file or directory' });
    await assert.rejects(home.makeDirectory(path(file), {}), NOT_FOUND);
  }
});

test('synthetic - directories that only lead to mappings are listed, and read-only', async () => {
  const home = await partners();
  assert.deepEqual(await names(home, '/'), ['anotherpath', 'bucket2', 'share']);
  assert.deepEqual(await names(home, '/anotherpath'), ['subpath']);
  assert.deepEqual(await names(home, '/anotherpath/subpath'), ['financials']);
  assert.equal((await home.stat(path('/anotherpath'), FOLLOW)).mode, 0o555);
});

test('mappings - of other buckets and file systems work side by side, and nothing is renamed across them', async () => {
  const home = await partners();
  const places = ['/anotherpath/subpath/financials', '/bucket2', '/share'];
  for (const place of places) await store(home, `${place}/x`, place);
  for (const place of places) assert.equal(await load(home, `${place}/x`), place);
  for (const from of places) {
    for (const to of places.filter((each) => each !== from)) {
      const rename = home.rename(path(`${from}/x`), path(`${to}/moved`));
      await assert.rejects(rename, { code: 'CROSS_STORAGE' });
    }
  }
});

test('escape - .. stops at the root of the home and reaches no storage', async () => {
  const { calls, storage, session } = recorded('markers');
  const home = await openHome(
    logical([mapping('/in', '/bucket/in')]),
    new Map([['bucket', storage]]),
    session,
  );
  for (const text of ['/in/../../etc', '/../bucket/in', '/in/../../../bucket', '/in/..'])
    await assert.rejects(store(home, text, 'x'), FileError);
  assert.deepEqual(calls, []);
});

for (const [count, limitMs] of [
  [2000, 500],
  [MAX_MAPPINGS, 5000],
] as const) {
  test(`login - ${count} mappings are read, checked and opened in bounded time`, async (context) => {
    const details = JSON.stringify(
      Array.from({ length: count }, (_, index) => ({
        Entry: `/d${index % 100}/${index}`,
        Target: '/bucket/x',
      })),
    );
    const storages = new Map([['bucket', bucket('made')]]);
    const startedMs = performance.now();
    const mappings = parseMappings(JSON.parse(details));
    const spec = homeSpec({ userName: 'jane', type: 'LOGICAL', mappings }, new Set(['bucket']));
    const home = await openHome(spec, storages, testSession());
    const elapsedMs = performance.now() - startedMs;
    context.diagnostic(`${count} mappings: ${elapsedMs.toFixed(0)} ms`);
    assert.equal((await names(home, '/')).length, 100);
    assert.ok(elapsedMs < limitMs, `${elapsedMs} ms`);
  });
}
