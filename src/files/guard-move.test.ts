import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccessDenied } from './access.ts';
import { FileError } from './error.ts';
import type { DirectoryEntry, FileSystem, MoveCheck } from './file-system.ts';
import { MAX_MOVED_NAMES } from './guard-move.ts';
import { MemoryStorage } from './storage/memory.ts';
import { names, store, testSession } from './testing/fixture.ts';
import { DENIED, limited, policyOf, type Statement } from './testing/policy-fixture.ts';
import { virtualPath as path, type VirtualPath } from './virtual-path.ts';

const EVERYTHING: Statement = { Effect: 'Allow', Action: 's3:*', Resource: '*' };

async function tree(): Promise<FileSystem> {
  const files = new MemoryStorage().attach(testSession());
  for (const directory of ['/d', '/d/e', '/d/e/f']) await files.makeDirectory(path(directory), {});
  for (const file of ['/d/a', '/d/e/b', '/d/e/f/secret']) await store(files, file, 'x');
  return files;
}

for (const [action, key] of [
  ['s3:DeleteObject', 'd/e/f/secret'],
  ['s3:GetObject', 'd/e/b'],
  ['s3:PutObject', 'moved/e/f/'],
  ['s3:DeleteObject', 'd/e/'],
] as const) {
  test(`guard rename - one name that ${action} forbids, ${key}, keeps the whole directory where it is`, async () => {
    const files = await tree();
    const deny: Statement = {
      Sid: 'One',
      Effect: 'Deny',
      Action: action,
      Resource: `arn:aws:s3:::bucket/${key}`,
    };
    const guarded = limited(files, policyOf(EVERYTHING, deny));
    await assert.rejects(guarded.rename(path('/d'), path('/moved')), (error) => {
      assert.ok(error instanceof FileError && error.cause instanceof AccessDenied);
      assert.equal(error.cause.resource, `arn:aws:s3:::bucket/${key}`);
      assert.equal(error.cause.statement?.sid, 'One');
      return true;
    });
    assert.deepEqual(await names(files, '/'), ['d']);
    await limited(files, policyOf(EVERYTHING)).rename(path('/d'), path('/moved'));
    assert.deepEqual(await names(files, '/moved/e/f'), ['secret']);
  });
}

test('guard rename - a directory below that may not be listed keeps it where it is', async () => {
  const deny: Statement = {
    Effect: 'Deny',
    Action: 's3:ListBucket',
    Resource: '*',
    Condition: { StringEquals: { 's3:prefix': 'd/e/' } },
  };
  await assert.rejects(
    limited(await tree(), policyOf(EVERYTHING, deny)).rename(path('/d'), path('/m')),
    DENIED,
  );
});

test('guard rename - what may be renamed as a file only is not renamed as a directory', async () => {
  const onlyFiles: Statement = {
    Effect: 'Allow',
    Action: 's3:*',
    Resource: ['arn:aws:s3:::bucket/d', 'arn:aws:s3:::bucket/m'],
  };
  await assert.rejects(limited(await tree(), policyOf(onlyFiles)).rename(path('/d'), path('/m')), DENIED);
});

test('guard rename - a storage that moves name by name asks about what came in meanwhile', async () => {
  const files = await tree();
  const deny: Statement = { Effect: 'Deny', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/*/late' };
  const late = async (_from: VirtualPath, _to: VirtualPath, mayMove?: MoveCheck): Promise<void> => {
    mayMove?.(path('/d/a'), path('/m/a'), 'file');
    mayMove?.(path('/d/late'), path('/m/late'), 'file');
  };
  const inner = Object.assign(files, { rename: late, replacing: { replace: late } });
  const guarded = limited(inner, policyOf(EVERYTHING, deny));
  await assert.rejects(guarded.rename(path('/d'), path('/m')), DENIED);
  assert.ok(guarded.replacing);
  await assert.rejects(guarded.replacing.replace(path('/d'), path('/m')), DENIED);
});

test('guard rename - nobody learns from a rename whether something is there', async () => {
  const files = limited(await tree(), policyOf({ ...EVERYTHING, Action: 's3:PutObject' }));
  for (const name of ['/d', '/d/a', '/missing'])
    await assert.rejects(files.rename(path(name), path('/m')), DENIED);
});

/** A directory with as many files as one likes. */
function endless(files: FileSystem, entryCount: number): FileSystem {
  const attributes = {
    type: 'file',
    sizeBytes: 0,
    mode: 0,
    uid: 0,
    gid: 0,
    accessedMs: 0,
    modifiedMs: 0,
    linkCount: 1,
  } as const;
  let next = 0;
  const list: FileSystem['list'] = async () => ({
    next: async (maxEntries) => {
      const count = Math.min(maxEntries, entryCount - next);
      next += count;
      return Array.from(
        { length: count },
        (_, index): DirectoryEntry => ({ name: `f${next + index}`, attributes }),
      );
    },
    close: async () => undefined,
  });
  return Object.assign(files, { list });
}

test('guard rename - a directory with more names than are asked about is refused', async () => {
  const files = limited(endless(await tree(), MAX_MOVED_NAMES + 1), policyOf(EVERYTHING));
  await assert.rejects(files.rename(path('/d'), path('/m')), { code: 'LIMIT_EXCEEDED' });
});

test('guard rename - the questions end with the session', async () => {
  const ended = new AbortController();
  ended.abort();
  const files = limited(endless(await tree(), Number.POSITIVE_INFINITY), policyOf(EVERYTHING), {
    signal: ended.signal,
  });
  await assert.rejects(files.rename(path('/d'), path('/m')), { code: 'ABORTED' });
});
