import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { BlockPool } from '../../block-pool.ts';
import type { DirectoryEntry, FileSystem } from '../../file-system.ts';
import { names } from '../../testing/fixture.ts';
import { virtualPath as path, ROOT } from '../../virtual-path.ts';
import { ListedNames } from './listed-names.ts';
import type { ListQuery, ObjectStore } from './object-store.ts';
import { headOf, partialStore } from './testing/partial-store.ts';
import { s3Fixture, viewOf } from './testing/s3-fixture.ts';

const KEY_COUNT = 200_000;
const FIXED_TIME_MS = Date.UTC(2000, 0, 1);

async function entries(files: FileSystem, directory: string): Promise<Map<string, DirectoryEntry>> {
  const reader = await files.list(path(directory));
  const found = new Map<string, DirectoryEntry>();
  for (let batch = await reader.next(100); batch.length > 0; batch = await reader.next(100)) {
    for (const entry of batch) {
      assert.ok(!found.has(entry.name), `${entry.name} is shown twice`);
      found.set(entry.name, entry);
    }
  }
  await reader.close();
  return found;
}

test('s3 listing - files and prefixes of one level, without the marker of the directory itself', async (context) => {
  const { files, fill } = await s3Fixture(context);
  fill({ 'd/': '', 'd/a': 'abc', 'd/e/x': '1', 'd/e/y': '2', 'd/f/': '', other: '' });
  const found = await entries(files, '/d');
  assert.deepEqual([...found.keys()].sort(), ['a', 'e', 'f']);
  assert.equal(found.get('a')?.attributes.type, 'file');
  assert.equal(found.get('a')?.attributes.sizeBytes, 3);
  assert.equal(found.get('e')?.attributes.type, 'directory');
  assert.deepEqual(await names(files, '/'), ['d', 'other']);
});

test('s3 listing - nothing there is not found, a file is not a directory, an empty view is empty', async (context) => {
  const { files, view, fill } = await s3Fixture(context);
  fill({ a: 'x', 'empty/': '' });
  await assert.rejects(files.list(path('/nowhere')), { code: 'NOT_FOUND' });
  await assert.rejects(files.list(path('/a')), { code: 'NOT_A_DIRECTORY' });
  assert.deepEqual(await names(files, '/empty'), []);
  assert.deepEqual(await names(view({ root: '/nobody/here' }), '/'), []);
  await assert.rejects(view({ root: '/a' }).list(ROOT), { code: 'NOT_A_DIRECTORY' });
});

test('s3 listing - keys that no path can spell are left out and told', async (context) => {
  let unreadable = 0;
  const onUnreadableName = (): void => {
    unreadable += 1;
  };
  const { files, fill } = await s3Fixture(context, { onUnreadableName });
  fill({
    '/a': '',
    'd//b': '',
    'd/./c': '',
    'd/../e': '',
    'd/..': '',
    [`d/${'x'.repeat(256)}`]: '',
    'd/ok': '',
  });
  assert.deepEqual(await names(files, '/d'), ['ok']);
  assert.equal(unreadable, 4);
  assert.deepEqual(await names(files, '/'), ['d']);
  assert.equal(unreadable, 5);
});

test('s3 listing - strange names come as they are', async (context) => {
  const { files, fill } = await s3Fixture(context);
  const strange = ['a b', 'a+b', '%2e%2e', '\\', 'ä&<>"', 'e\u0301', '🙂', 'new\nline', '...', ' '];
  fill(Object.fromEntries(strange.map((name) => [`d/${name}`, name])));
  assert.deepEqual(await names(files, '/d'), [...strange].sort());
});

test('s3 listing - a file and a directory of one name are shown once, as the file, however far apart', async (context) => {
  const { files, fill } = await s3Fixture(context);
  // 2,500 names sort between `a` and `a/`.
  const between = Array.from({ length: 2500 }, (_, index) => [`d/a-${index}`, ''] as const);
  fill({ 'd/a': 'file', 'd/a/below': '', ...Object.fromEntries(between) });
  const found = await entries(files, '/d');
  assert.equal(found.size, 2501);
  assert.equal(found.get('a')?.attributes.type, 'file');
  assert.equal((await files.stat(path('/d/a'))).type, 'file');
});

test('s3 listing - whatever the pages, the directories that a file hides are left out', () => {
  const name = fc.string({ unit: fc.constantFrom('a', '-', '.', 'b'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.uniqueArray(name),
      fc.uniqueArray(name),
      fc.integer({ min: 1, max: 4 }),
      (files, directories, size) => {
        const listed = [
          ...files.map((file) => ({ name: file, key: file, isFile: true })),
          ...directories.map((directory) => ({ name: directory, key: `${directory}/`, isFile: false })),
        ].sort((a, b) => (a.key < b.key ? -1 : 1));
        const listing = new ListedNames();
        const shown: string[] = [];
        for (let at = 0; at < listed.length; at += size) {
          const page = listed.slice(at, at + size);
          const [inFiles, inDirectories] = [true, false].map((wanted) =>
            page.filter(({ isFile }) => isFile === wanted).map((entry) => entry.name),
          );
          shown.push(...listing.unhidden(inFiles ?? [], inDirectories ?? []));
        }
        assert.deepEqual(shown.sort(), directories.filter((directory) => !files.includes(directory)).sort());
      },
    ),
  );
});

test('s3 listing - the times of directories come from their markers, and optimized listings ask for none', async (context) => {
  const { service, files, view, fill } = await s3Fixture(context, { now: () => 1_700_000_000_000 });
  fill({ 'd/marked/': '', 'd/plain/x': '' });
  service.contents.put('d/timed/', Buffer.alloc(0), { metadata: { mtime: '1234567890.5' } });
  const found = await entries(files, '/d');
  assert.equal(found.get('marked')?.attributes.modifiedMs, 1_700_000_000_000);
  assert.equal(found.get('timed')?.attributes.modifiedMs, 1_234_567_890_500);
  assert.equal(found.get('plain')?.attributes.modifiedMs, FIXED_TIME_MS);
  const heads = service.count('HeadObject');
  assert.equal(heads, 3);
  const optimized = await entries(view({ session: { directoryListing: 'optimized' } }), '/d');
  assert.equal(optimized.get('marked')?.attributes.modifiedMs, FIXED_TIME_MS);
  assert.equal(service.count('HeadObject'), heads);
});

test('s3 listing - markers are looked at side by side, a bounded number of them', async () => {
  let inFlight = 0;
  let most = 0;
  const store = partialStore({
    list: async () => ({
      objects: [],
      prefixes: Array.from({ length: 100 }, (_, index) => `d/${index}/`),
    }),
    head: async (key) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await turn();
      inFlight -= 1;
      return headOf(key, 0);
    },
  });
  const reader = await viewOf(store, new BlockPool()).list(path('/d'));
  assert.equal((await reader.next(100)).length, 100);
  assert.equal(most, 16);
  await reader.close();
});

/** As many keys as asked for, made page by page. */
function endlessStore(keyCount: number) {
  const seen = { pages: 0, open: 0 };
  const list = async ({ token, prefix, maxKeys }: ListQuery, signal: AbortSignal) => {
    seen.pages += 1;
    seen.open += 1;
    await turn();
    seen.open -= 1;
    signal.throwIfAborted();
    const from = Number(token ?? 0);
    const count = Math.min(maxKeys, keyCount - from);
    const objects = Array.from({ length: count }, (_, index) =>
      headOf(`${prefix}${String(from + index).padStart(9, '0')}.csv`, 1),
    );
    const to = from + count;
    return { objects, prefixes: [], ...(to < keyCount ? { nextToken: String(to) } : {}) };
  };
  const store: ObjectStore = partialStore({ list });
  return { store, seen };
}

test('s3 listing - 200,000 keys: first entries after one page, one page ahead, all of them once', async () => {
  const { store, seen } = endlessStore(KEY_COUNT);
  const reader = await viewOf(store, new BlockPool()).list(path('/d'));
  assert.equal(seen.pages, 2);
  let count = (await reader.next(100)).length;
  assert.equal(count, 100);
  const heapBefore = process.memoryUsage().heapUsed;
  let most = 0;
  for (let batch = await reader.next(100); batch.length > 0; batch = await reader.next(100)) {
    count += batch.length;
    assert.ok(seen.pages * 1000 <= count + 2000, 'one page ahead and no more');
    if (count % 20_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
  }
  assert.equal(count, KEY_COUNT);
  // 200,000 entries together would take far more; what is not collected yet is in it.
  assert.ok(most - heapBefore < 64 * 1024 * 1024, `${most - heapBefore} bytes`);
  await reader.close();
});

test('s3 listing - close ends the page that is on its way, and a failure of it hurts nobody', async () => {
  const { store, seen } = endlessStore(KEY_COUNT);
  const reader = await viewOf(store, new BlockPool()).list(path('/d'));
  await reader.close();
  while (seen.open > 0) await turn();
  assert.equal(seen.pages, 2);
});

test('s3 listing - a page that fails is the failure of the listing', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill(Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`d/${index}`, ''])));
  service.fail(({ operation, query }) => operation === 'ListObjectsV2' && query.has('continuation-token'), {
    kind: 'status',
    status: 403,
    code: 'AccessDenied',
  });
  const reader = await files.list(path('/d'));
  assert.equal((await reader.next(2000)).length, 1000);
  await assert.rejects(reader.next(2000), { code: 'PERMISSION_DENIED' });
  await reader.close();
});
