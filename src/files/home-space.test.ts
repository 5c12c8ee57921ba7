import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileSystem, SpaceReport } from './file-system.ts';
import { openHome } from './home.ts';
import { MemoryStorage } from './storage/memory.ts';
import type { Storage } from './storage.ts';
import { testSession } from './testing/fixture.ts';
import { ROOT, virtualPath } from './virtual-path.ts';

const SESSION = testSession();
const REPORT: SpaceReport = {
  blockBytes: 8192,
  fragmentBytes: 8192,
  blocks: 100n,
  freeBlocks: 50n,
  availableBlocks: 40n,
  files: 10n,
  freeFiles: 5n,
  readOnly: false,
  maxNameBytes: 255,
};

/** A storage whose trees tell this, and that counts how often it was asked. */
class ReportingStorage implements Storage {
  readonly homes = 'made';
  asked = 0;
  readonly #report: SpaceReport;
  readonly #inner = new MemoryStorage();

  constructor(report: Partial<SpaceReport> = {}) {
    this.#report = { ...REPORT, ...report };
  }

  async open(): Promise<void> {}
  async close(): Promise<void> {}

  attach(...where: Parameters<Storage['attach']>): FileSystem {
    const files = this.#inner.attach(...where);
    const space = async (): Promise<SpaceReport> => {
      this.asked += 1;
      return this.#report;
    };
    return Object.assign(files, { spaceReporting: { space } });
  }
}

async function spaceOf(storages: Record<string, Storage>, entries: Record<string, string>, path: string) {
  const mappings = Object.entries(entries).map(([entry, target]) => ({
    entry: virtualPath(entry),
    target: virtualPath(target),
    type: 'DIRECTORY' as const,
  }));
  const spec = { type: 'LOGICAL' as const, directory: ROOT, mappings };
  const home = await openHome(spec, new Map(Object.entries(storages)), SESSION);
  return home.spaceReporting?.space(virtualPath(path));
}

test('space - a directory above mappings of one storage has the space of that storage, and is read-only', async () => {
  const storage = new ReportingStorage();
  const entries = { '/a': '/s/x', '/b/c': '/s/y', '/b/d': '/s/z' };
  for (const path of ['/', '/b']) {
    assert.deepEqual(await spaceOf({ s: storage }, entries, path), { ...REPORT, readOnly: true });
  }
  assert.equal(storage.asked, 2);
  assert.deepEqual(await spaceOf({ s: storage }, entries, '/a'), REPORT);
});

test('space - storages on different file systems add up in one unit', async () => {
  const storages = {
    s: new ReportingStorage({ fileSystemId: 1n }),
    t: new ReportingStorage({ fileSystemId: 2n, fragmentBytes: 1024 }),
  };
  const report = await spaceOf(storages, { '/a': '/s/x', '/b': '/t/x' }, '/');
  assert.deepEqual(report, {
    blockBytes: 4096,
    fragmentBytes: 4096,
    blocks: 225n,
    freeBlocks: 112n,
    availableBlocks: 90n,
    files: 20n,
    freeFiles: 10n,
    readOnly: true,
    maxNameBytes: 255,
  });
});

test('space - two storages on one file system are counted once', async () => {
  const storages = {
    s: new ReportingStorage({ fileSystemId: 1n }),
    t: new ReportingStorage({ fileSystemId: 1n }),
  };
  const report = await spaceOf(storages, { '/a': '/s/x', '/b': '/t/x' }, '/');
  assert.equal(report?.blocks, 100n);
});

test('space - only the storages below count, and asking makes nothing', async () => {
  const [s, t] = [new ReportingStorage(), new ReportingStorage({ blocks: 7n })];
  const report = await spaceOf({ s, t }, { '/a/b': '/s/x', '/c/d': '/t/x' }, '/c');
  assert.equal(report?.blocks, 7n);
  assert.equal(s.asked, 0);
  await assert.rejects(t.attach(SESSION).stat(virtualPath('/x'), { followLinks: true }), {
    code: 'NOT_FOUND',
  });
});
