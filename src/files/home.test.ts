import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FileError } from './error.ts';
import type { FileSystem } from './file-system.ts';
import { openHome } from './home.ts';
import type { HomeMapping, HomeSpec } from './home-spec.ts';
import { MemoryStorage } from './storage/memory.ts';
import type { Storage } from './storage.ts';
import { load, names, READ, store, testSession, WRITE } from './testing/fixture.ts';
import { posixFixture } from './testing/posix-fixture.ts';
import { type RecordedCall, RecordingStorage } from './testing/recording-storage.ts';
import { isWithin, virtualPath as path, rebase } from './virtual-path.ts';

const FOLLOW = { followLinks: true };
const session = testSession();

function mapping(entry: string, target: string, type: 'FILE' | 'DIRECTORY' = 'DIRECTORY'): HomeMapping {
  return { entry: path(entry), target: path(target), type };
}

const MAPPINGS: readonly HomeMapping[] = [
  mapping('/inbox', '/bucket/in/jane'),
  mapping('/reports/2026/daily', '/archive/daily'),
  mapping('/reports/readme.txt', '/bucket/shared/readme.txt', 'FILE'),
];
const PARTNERS: HomeSpec = { type: 'LOGICAL', directory: path('/'), mappings: MAPPINGS };

async function partnersHome(): Promise<{ home: FileSystem; bucket: FileSystem; archive: FileSystem }> {
  const storages = new Map<string, Storage>([
    ['bucket', new MemoryStorage()],
    ['archive', new MemoryStorage()],
    ['other', new MemoryStorage()],
  ]);
  const home = await openHome(PARTNERS, storages, session);
  const tree = (name: string): FileSystem => storages.get(name)?.attach(session) ?? assert.fail();
  return { home, bucket: tree('bucket'), archive: tree('archive') };
}

test('home - LOGICAL shows exactly the mappings and the directories above them', async () => {
  const { home } = await partnersHome();
  assert.deepEqual(await names(home, '/'), ['inbox', 'reports']);
  assert.deepEqual(await names(home, '/reports'), ['2026', 'readme.txt']);
  assert.deepEqual(await names(home, '/reports/2026'), ['daily']);
  assert.deepEqual(await names(home, '/inbox'), []);
  for (const missing of ['/bucket', '/other', '/archive/daily', '/reports/2025', '/in']) {
    await assert.rejects(home.stat(path(missing), FOLLOW), { code: 'NOT_FOUND' });
    await assert.rejects(home.list(path(missing)), { code: 'NOT_FOUND' });
  }
});

test('home - LOGICAL files land at the target', async () => {
  const { home, bucket, archive } = await partnersHome();
  await store(home, '/inbox/a', 'x');
  await home.makeDirectory(path('/reports/2026/daily/d'), {});
  await store(home, '/reports/2026/daily/d/b', 'y');
  assert.equal(await load(bucket, '/in/jane/a'), 'x');
  assert.equal(await load(archive, '/daily/d/b'), 'y');
});

test('home - a synthetic directory is read-only, with a time that never changes', async () => {
  const { home } = await partnersHome();
  const attributes = await home.stat(path('/reports'), FOLLOW);
  assert.equal(attributes.mode, 0o555);
  assert.deepEqual(await home.stat(path('/'), FOLLOW), attributes);
  for (const missing of ['/new', '/reports/new', '/reports/2026/new']) {
    await assert.rejects(store(home, missing, 'x'), { code: 'NOT_FOUND' });
    await assert.rejects(home.makeDirectory(path(missing), {}), { code: 'NOT_FOUND' });
    await assert.rejects(home.rename(path('/inbox/a'), path(missing)), { code: 'NOT_FOUND' });
  }
  for (const synthetic of ['/', '/reports', '/reports/2026']) {
    await assert.rejects(store(home, synthetic, 'x'), { code: 'IS_A_DIRECTORY' });
    await assert.rejects(home.makeDirectory(path(synthetic), {}), { code: 'ALREADY_EXISTS' });
    await assert.rejects(home.setAttributes(path(synthetic), { mode: 0o777 }, FOLLOW), {
      code: 'PERMISSION_DENIED',
    });
    await assert.rejects(home.removeDirectory(path(synthetic)), { code: 'PERMISSION_DENIED' });
    await assert.rejects(home.rename(path(synthetic), path('/inbox/x')), { code: 'PERMISSION_DENIED' });
  }
});

test('home - what is mapped is neither removed nor renamed nor replaced', async () => {
  const { home } = await partnersHome();
  await store(home, '/inbox/a', 'x');
  await store(home, '/reports/readme.txt', 'kept');
  for (const entry of ['/inbox', '/reports/2026/daily', '/reports/readme.txt']) {
    const denied = { code: 'PERMISSION_DENIED' };
    await assert.rejects(home.removeDirectory(path(entry)), denied);
    await assert.rejects(home.remove(path(entry)), denied);
    await assert.rejects(home.rename(path(entry), path('/inbox/moved')), denied);
    await assert.rejects(home.rename(path('/inbox/a'), path(entry)), denied);
    await assert.rejects(home.replacing?.replace(path('/inbox/a'), path(entry)) ?? Promise.resolve(), denied);
  }
  assert.equal(await load(home, '/reports/readme.txt'), 'kept');
});

test('home - a FILE mapping is one file', async () => {
  const { home, bucket } = await partnersHome();
  await assert.rejects(load(home, '/reports/readme.txt'), { code: 'NOT_FOUND' });
  await store(home, '/reports/readme.txt', 'hello');
  assert.equal(await load(bucket, '/shared/readme.txt'), 'hello');
  assert.equal((await home.stat(path('/reports/readme.txt'), FOLLOW)).sizeBytes, 5);
  await assert.rejects(home.list(path('/reports/readme.txt')), { code: 'NOT_A_DIRECTORY' });
  await bucket.remove(path('/shared/readme.txt'));
  await bucket.makeDirectory(path('/shared/readme.txt'), {});
  await store(bucket, '/shared/readme.txt/secret', 'x');
  await assert.rejects(load(home, '/reports/readme.txt/secret'), { code: 'NOT_FOUND' });
});

test('home - a rename between mappings or storages is refused, inside one it works', async () => {
  const { home } = await partnersHome();
  await store(home, '/inbox/a', 'x');
  await assert.rejects(home.rename(path('/inbox/a'), path('/reports/2026/daily/a')), {
    code: 'CROSS_STORAGE',
  });
  await home.rename(path('/inbox/a'), path('/inbox/b'));
  await home.rename(path('/inbox/b'), path('/inbox/b'));
  assert.equal(await load(home, '/inbox/b'), 'x');
});

test('home - a chroot entry is the root of its target', async () => {
  const bucket = new MemoryStorage();
  const spec: HomeSpec = { type: 'LOGICAL', directory: path('/'), mappings: [mapping('/', '/bucket/jane')] };
  const home = await openHome(spec, new Map([['bucket', bucket]]), session);
  await store(home, '/a', 'x');
  assert.deepEqual(await names(home, '/'), ['a']);
  assert.equal(await load(bucket.attach(session), '/jane/a'), 'x');
  await assert.rejects(home.removeDirectory(path('/')), { code: 'PERMISSION_DENIED' });
});

test('home - PATH lists its own storage at the root and reaches the others by name', async () => {
  const storages = new Map<string, Storage>([
    ['bucket', new MemoryStorage()],
    ['other', new MemoryStorage()],
  ]);
  const home = await openHome({ type: 'PATH', directory: path('/bucket/home/jane') }, storages, session);
  assert.deepEqual(await names(home, '/'), ['bucket']);
  assert.deepEqual(await names(home, '/bucket/home'), ['jane']);
  await store(home, '/other/a', 'x');
  assert.deepEqual(await names(home, '/other'), ['a']);
  await assert.rejects(store(home, '/a', 'x'), { code: 'NOT_FOUND' });
  await assert.rejects(home.removeDirectory(path('/other')), { code: 'PERMISSION_DENIED' });
  await assert.rejects(home.rename(path('/other/a'), path('/bucket/a')), { code: 'CROSS_STORAGE' });
});

test('home - a missing home is made only where the storage makes homes', async (context) => {
  const bucket = await posixFixture(context, { symlinks: 'refuse', homes: 'made' });
  const share = await posixFixture(context);
  const storages = new Map<string, Storage>([
    ['bucket', bucket.storage],
    ['share', share.storage],
  ]);
  const spec: HomeSpec = {
    type: 'LOGICAL',
    directory: path('/b/landing'),
    mappings: [
      mapping('/b', '/bucket/home/jane'),
      mapping('/f', '/bucket/files/one.txt', 'FILE'),
      mapping('/s', '/share/jane'),
    ],
  };
  const home = await openHome(spec, storages, session);
  assert.deepEqual(await names(home, '/b'), ['landing']);
  await store(home, '/f', 'x');
  assert.deepEqual(await names(home, '/'), ['b', 'f', 's']);
  await assert.rejects(home.list(path('/s')), { code: 'NOT_FOUND' });
  await assert.rejects(store(home, '/s/a', 'x'), { code: 'NOT_FOUND' });
  await openHome({ type: 'PATH', directory: path('/bucket/p/q') }, storages, session);
  assert.deepEqual(await names(bucket.files, '/p'), ['q']);
  assert.deepEqual(await names(share.files, '/'), []);
});

test('home - only what every storage of the home can do is offered', async (context) => {
  const share = await posixFixture(context);
  const bucket = await posixFixture(context, { symlinks: 'refuse' });
  const both = new Map<string, Storage>([
    ['share', share.storage],
    ['bucket', bucket.storage],
  ]);
  const alone = new Map<string, Storage>([['share', share.storage]]);
  const spec: HomeSpec = { type: 'PATH', directory: path('/share') };
  assert.ok((await openHome(spec, alone, session)).links);
  const mixed = await openHome(spec, both, session);
  assert.equal(mixed.links, undefined);
  assert.equal(mixed.hardLinks, undefined);
  assert.ok(mixed.replacing && mixed.spaceReporting);
  const logical = await openHome(
    { type: 'LOGICAL', directory: path('/'), mappings: [mapping('/', '/share')] },
    both,
    session,
  );
  assert.equal(logical.links, undefined);
  assert.ok(logical.hardLinks);
});

test('home - links of a PATH home are made with its own paths and never show a path of the host', async (context) => {
  const { storage, at, outside } = await posixFixture(context);
  mkdirSync(at('jane'));
  writeFileSync(at('jane', 'a'), 'x');
  symlinkSync(outside, at('jane', 'planted'));
  const other = await posixFixture(context);
  const storages = new Map<string, Storage>([
    ['share', storage],
    ['other', other.storage],
  ]);
  const home = await openHome({ type: 'PATH', directory: path('/share/jane') }, storages, session);
  const links = home.links ?? assert.fail();
  await links.symlink('/share/jane/a', path('/share/link'));
  assert.equal(await links.readLink(path('/share/link')), 'jane/a');
  assert.equal(await load(home, '/share/link'), 'x');
  await assert.rejects(links.readLink(path('/share/jane/planted')), { code: 'NOT_FOUND' });
  await assert.rejects(links.symlink('/other/a', path('/share/bad')), { code: 'CROSS_STORAGE' });
  await assert.rejects(links.symlink('/etc/passwd', path('/share/bad')), { code: 'NOT_FOUND' });
  await assert.rejects(links.symlink('../../etc/passwd', path('/share/bad')), FileError);
});

test('F-42 home - in a LOGICAL home a link does not lead out of the mapped directory', async (context) => {
  const { storage, at } = await posixFixture(context);
  mkdirSync(at('jane'));
  writeFileSync(at('other'), 'of somebody else');
  symlinkSync('../other', at('jane', 'up'));
  symlinkSync('other', at('alias'));
  const spec: HomeSpec = {
    type: 'LOGICAL',
    directory: path('/'),
    mappings: [mapping('/home', '/share/jane'), mapping('/file', '/share/alias', 'FILE')],
  };
  const home = await openHome(spec, new Map([['share', storage]]), session);
  await assert.rejects(load(home, '/home/up'), { code: 'NOT_FOUND' });
  await assert.rejects(load(home, '/file'), { code: 'NOT_FOUND' });
  await assert.rejects(load(home, '../../etc/passwd'), { code: 'NOT_FOUND' });
});

test('home - a storage that refuses the session refuses the home, unless the home does not need it', async () => {
  const storage = Object.assign(new MemoryStorage(), {
    attach(): FileSystem {
      throw new FileError('PERMISSION_DENIED');
    },
  });
  const stranger = testSession();
  const storages = new Map<string, Storage>([
    ['share', storage],
    ['bucket', new MemoryStorage()],
  ]);
  const denied = { code: 'PERMISSION_DENIED' };
  await assert.rejects(openHome({ type: 'PATH', directory: path('/share') }, storages, stranger), denied);
  const mapped: HomeSpec = { type: 'LOGICAL', directory: path('/'), mappings: [mapping('/a', '/share/a')] };
  await assert.rejects(openHome(mapped, storages, stranger), denied);
  const home = await openHome({ type: 'PATH', directory: path('/bucket') }, storages, stranger);
  await assert.rejects(home.stat(path('/share'), FOLLOW), { code: 'NOT_FOUND' });
  const unknown: HomeSpec = { type: 'LOGICAL', directory: path('/'), mappings: [mapping('/a', '/gone/a')] };
  await assert.rejects(openHome(unknown, storages, stranger), { code: 'NOT_FOUND' });
});

const OPERATIONS: Readonly<Record<string, (home: FileSystem, text: string) => Promise<unknown>>> = {
  stat: (home, text) => home.stat(path(text), FOLLOW),
  setAttributes: (home, text) => home.setAttributes(path(text), { mode: 0o600 }, FOLLOW),
  open: async (home, text) => (await home.open(path(text), READ, {})).close(),
  create: async (home, text) => (await home.open(path(text), WRITE, {})).close(),
  list: async (home, text) => (await home.list(path(text))).close(),
  makeDirectory: (home, text) => home.makeDirectory(path(text), {}),
  removeDirectory: (home, text) => home.removeDirectory(path(text)),
  remove: (home, text) => home.remove(path(text)),
  renameFrom: (home, text) => home.rename(path(text), path('/inbox/x')),
  renameTo: (home, text) => home.rename(path('/inbox/x'), path(text)),
  replaceFrom: async (home, text) => home.replacing?.replace(path(text), path('/inbox/x')),
  replaceTo: async (home, text) => home.replacing?.replace(path('/inbox/x'), path(text)),
};

const request = fc
  .array(
    fc.constantFrom(
      '..',
      '.',
      '',
      'inbox',
      'inbox2',
      'reports',
      '2026',
      'daily',
      'readme.txt',
      'in',
      'jane',
      'x',
      '%2e%2e',
      '..\\',
    ),
    { maxLength: 8 },
  )
  .map((segments) => segments.join('/'));

async function recordedHome(): Promise<{ home: FileSystem; calls: RecordedCall[] }> {
  const calls: RecordedCall[] = [];
  const names = ['bucket', 'archive', 'other'];
  const storages = new Map<string, Storage>(names.map((name) => [name, new RecordingStorage(name, calls)]));
  return { home: await openHome(PARTNERS, storages, session), calls };
}

test('F-42 home - no operation reaches a path outside the mapped targets', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...Object.values(OPERATIONS)), request)),
      async (steps) => {
        const { home, calls } = await recordedHome();
        for (const [operation, text] of steps) {
          await operation(home, text).catch((error: unknown) =>
            assert.ok(error instanceof FileError, String(error)),
          );
        }
        for (const { storage, path: reached } of calls) {
          const stored = path(`/${storage}${reached}`);
          assert.ok(
            MAPPINGS.some(({ target, type }) =>
              type === 'FILE' ? stored === target : isWithin(stored, target),
            ),
            stored,
          );
        }
      },
    ),
  );
});

test('F-40 home - the same path leads every operation to the same place', async () => {
  await fc.assert(
    fc.asyncProperty(request, async (text) => {
      const expected = expectedPlace(text);
      for (const [name, operation] of Object.entries(OPERATIONS)) {
        const { home, calls } = await recordedHome();
        await operation(home, text).catch((error: unknown) => assert.ok(error instanceof FileError));
        const other = '/bucket/in/jane/x';
        const reached = new Set(calls.map(({ storage, path: each }) => `/${storage}${each}`));
        if (name.startsWith('re')) reached.delete(other);
        for (const place of reached) assert.equal(place, expected, `${name} ${text}`);
      }
    }),
    { numRuns: 60 },
  );
});

/** The mapping rules written down once more, as plainly as possible. */
function expectedPlace(text: string): string | undefined {
  const wanted = path(text);
  const found = MAPPINGS.find(({ entry }) => isWithin(wanted, entry));
  return found === undefined ? undefined : rebase(wanted, found.entry, found.target);
}

class RefusingStorage extends MemoryStorage {
  async admit(): Promise<void> {
    throw new FileError('PERMISSION_DENIED', 'not you');
  }
}

test('home - a storage that does not admit the session refuses a home that needs it, and no other', async () => {
  const storages = new Map<string, Storage>([
    ['bucket', new MemoryStorage()],
    ['closed', new RefusingStorage()],
  ]);
  const open = (directory: string) =>
    openHome({ type: 'PATH', directory: path(directory) }, storages, session);
  await assert.rejects(open('/closed/jane'), { code: 'PERMISSION_DENIED', message: 'not you' });
  await open('/bucket/jane');
});
