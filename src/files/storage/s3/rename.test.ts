import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileSystem } from '../../file-system.ts';
import { virtualPath as path } from '../../virtual-path.ts';
import { type S3Fixture, s3Fixture } from './testing/s3-fixture.ts';
import type { SimulatedBucket } from './testing/simulated-bucket.ts';
import type { SeenRequest } from './testing/simulated-s3.ts';

const WRITES = new Set(['CopyObject', 'PutObject', 'DeleteObject']);
const FAILING = { kind: 'status', status: 403, code: 'AccessDenied' } as const;

function rename(files: FileSystem, from: string, to: string): Promise<void> {
  return files.rename(path(from), path(to));
}

async function replace(files: FileSystem, from: string, to: string): Promise<void> {
  await files.replacing?.replace(path(from), path(to));
}

function texts(contents: SimulatedBucket): Record<string, string> {
  return Object.fromEntries(contents.keys().map((key) => [key, contents.get(key).bytes.toString()]));
}

/** Files, a marker inside, and one of its own when asked for. */
function fillTree({ fill }: S3Fixture, { fileCount = 40, marker = false } = {}): string[] {
  const names = Array.from({ length: fileCount }, (_, index) => `${index % 2 === 0 ? 'sub/' : ''}${index}`);
  fill({ ...(marker ? { 'from/': '' } : {}), 'from/empty/': '' });
  fill(Object.fromEntries(names.map((name) => [`from/${name}`, name])));
  return [...names, 'empty/'];
}

function movedTree(names: readonly string[], to = 'to'): Record<string, string> {
  return {
    [`${to}/`]: '',
    ...Object.fromEntries(names.map((name) => [`${to}/${name}`, name.endsWith('/') ? '' : name])),
  };
}

const isCopy = ({ operation, key }: SeenRequest): boolean =>
  operation === 'CopyObject' && key.startsWith('to/');

test('s3 rename - a file moves with its metadata', async (context) => {
  const { service, files } = await s3Fixture(context);
  service.contents.put('a', Buffer.from('x'), { contentType: 'text/csv', metadata: { mtime: '5' } });
  await rename(files, '/a', '/d/b');
  assert.deepEqual(texts(service.contents), { 'd/b': 'x' });
  assert.equal(service.contents.get('d/b').contentType, 'text/csv');
  assert.partialDeepStrictEqual(service.contents.get('d/b').metadata, { mtime: '5' });
});

test('s3 rename - refuses an existing target, a missing source, and itself as its own place', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill({ a: 'a', b: 'b', 'd/x': '' });
  await assert.rejects(rename(files, '/a', '/b'), { code: 'ALREADY_EXISTS' });
  await assert.rejects(rename(files, '/a', '/d'), { code: 'ALREADY_EXISTS' });
  await assert.rejects(rename(files, '/d', '/b'), { code: 'ALREADY_EXISTS' });
  await assert.rejects(rename(files, '/none', '/c'), { code: 'NOT_FOUND' });
  await assert.rejects(rename(files, '/none', '/none'), { code: 'NOT_FOUND' });
  await assert.rejects(rename(files, '/d', '/d/e'), { code: 'INVALID_ARGUMENT' });
  await rename(files, '/a', '/a');
  assert.deepEqual(texts(service.contents), { a: 'a', b: 'b', 'd/x': '' });
});

test('s3 rename - a file that appears at the target meanwhile is not replaced', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill({ a: 'a' });
  service.fail(({ operation }) => {
    if (operation === 'CopyObject') service.contents.put('b', Buffer.from('theirs'));
    return false;
  }, FAILING);
  await assert.rejects(rename(files, '/a', '/b'), { code: 'ALREADY_EXISTS' });
  assert.deepEqual(texts(service.contents), { a: 'a', b: 'theirs' });
});

test('s3 rename - when the old object cannot be removed both are there and the failure is told', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill({ a: 'a' });
  service.failOperation('DeleteObject', FAILING);
  await assert.rejects(rename(files, '/a', '/b'), { code: 'PERMISSION_DENIED' });
  assert.deepEqual(texts(service.contents), { a: 'a', b: 'a' });
});

test('s3 replace - a file takes the place of a file, a directory that of an empty one', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill({ a: 'new', b: 'old', 'd/x': 'x', 'e/': '', 'full/y': 'y' });
  await replace(files, '/a', '/b');
  await assert.rejects(replace(files, '/b', '/d'), { code: 'IS_A_DIRECTORY' });
  await assert.rejects(replace(files, '/d', '/b'), { code: 'NOT_A_DIRECTORY' });
  await assert.rejects(replace(files, '/d', '/full'), { code: 'NOT_EMPTY' });
  await replace(files, '/d', '/e');
  assert.deepEqual(texts(service.contents), { b: 'new', 'e/': '', 'e/x': 'x', 'full/y': 'y' });
});

test('s3 rename - a directory moves as a whole, and nothing tells how afterwards', async (context) => {
  const fixture = await s3Fixture(context);
  const { service, files } = fixture;
  const names = fillTree(fixture);
  service.contents.put('from/', Buffer.alloc(0), { metadata: { mtime: '7' } });
  await rename(files, '/from', '/to');
  assert.deepEqual(texts(service.contents), movedTree(names));
  const { mtime, 'moved-from-sha256': origin } = service.contents.get('to/').metadata;
  assert.deepEqual([mtime, origin], ['7', undefined]);
});

test('s3 rename - a directory whose copies fail is whole, and a repetition copies only what is missing', async (context) => {
  const fixture = await s3Fixture(context);
  const { service, files } = fixture;
  const names = fillTree(fixture);
  const before = texts(service.contents);
  let copies = 0;
  service.fail((request) => {
    if (isCopy(request)) copies += 1;
    return isCopy(request) && copies === 20;
  }, FAILING);
  await assert.rejects(rename(files, '/from', '/to'), { code: 'PERMISSION_DENIED' });
  assert.partialDeepStrictEqual(texts(service.contents), before);
  const copied = service.contents.keys().filter((key) => key.startsWith('to/')).length;
  assert.ok(copied > 10);
  copies = -1000;
  await rename(files, '/from', '/to');
  assert.deepEqual(texts(service.contents), movedTree(names));
  // Everything that was there is not copied again; the marker is, once more.
  assert.ok(copies + 1000 <= names.length + 1 - (copied - 1) + 1, `${copies + 1000} copies`);
});

test('s3 rename - wherever a directory rename fails, nothing is lost and a repetition completes it', async (context) => {
  const fixture = await s3Fixture(context);
  const { service, files } = fixture;
  // 17 copies (of what is empty by PUT), 17 removals, and the markers at both ends.
  for (let failing = 1; failing <= 36; failing += 5) {
    for (const key of service.contents.keys()) service.contents.remove(key);
    service.clearFaults();
    const names = fillTree(fixture, { fileCount: 16, marker: true });
    let writes = 0;
    service.fail(({ operation }) => {
      if (WRITES.has(operation)) writes += 1;
      return writes === failing;
    }, FAILING);
    await assert.rejects(rename(files, '/from', '/to'), { code: 'PERMISSION_DENIED' });
    const held = new Set(Object.values(texts(service.contents)));
    assert.ok(
      names.every((name) => name.endsWith('/') || held.has(name)),
      `write ${failing}`,
    );
    await rename(files, '/from', '/to');
    assert.deepEqual(texts(service.contents), movedTree(names), `write ${failing}`);
  }
});

test("s3 rename - somebody else's directory is not taken for half-done work", async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill({ 'from/a': 'a', 'other/a': 'a', 'to/a': 'a' });
  await assert.rejects(rename(files, '/from', '/to'), { code: 'ALREADY_EXISTS' });
  service.fail(({ operation, key }) => operation === 'CopyObject' && key === 'half/a', FAILING);
  await assert.rejects(rename(files, '/from', '/half'), { code: 'PERMISSION_DENIED' });
  await assert.rejects(rename(files, '/other', '/half'), { code: 'ALREADY_EXISTS' });
});

test('s3 rename - what is written to the source while it moves is not lost', async (context) => {
  const fixture = await s3Fixture(context, { now: ticking() });
  const { service, files } = fixture;
  fillTree(fixture);
  let isLate = false;
  service.fail(({ operation }) => {
    if (operation === 'DeleteObject' && !isLate) {
      isLate = true;
      service.contents.put('from/zz-late', Buffer.from('late'));
      service.contents.put('from/sub/8', Buffer.from('changed'));
    }
    return false;
  }, FAILING);
  await rename(files, '/from', '/to');
  assert.equal(service.contents.get('to/sub/8').bytes.toString(), 'changed');
  assert.deepEqual(
    service.contents.keys().filter((key) => key.startsWith('from/')),
    ['from/zz-late'],
  );
});

test('s3 rename - a directory with keys that no listing shows is not moved', async (context) => {
  for (const hidden of ['from//x', 'from/../x', 'from/a/below']) {
    const { service, files, fill } = await s3Fixture(context);
    fill({ 'from/a': 'a', [hidden]: 'x' });
    await assert.rejects(rename(files, '/from', '/to'), { code: 'NOT_SUPPORTED' });
    assert.equal(service.contents.keys().length, 2);
  }
});

test('s3 rename - a key that would become too long stops a rename before it begins', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  const deep = Array.from({ length: 4 }, () => 'x'.repeat(250)).join('/');
  fill({ 'from/a': 'a', [`from/${deep}`]: 'deep' });
  await assert.rejects(rename(files, '/from', `/${'t'.repeat(30)}`), { code: 'NAME_TOO_LONG' });
  assert.equal(service.contents.keys().length, 2);
});

test('s3 rename - the end of the session ends it, and leaves everything in at least one place', async (context) => {
  const ending = new AbortController();
  const fixture = await s3Fixture(context, { session: { signal: ending.signal } });
  const { service, files } = fixture;
  const names = fillTree(fixture);
  service.fail((request) => {
    if (isCopy(request) && request.count > 10) ending.abort();
    return false;
  }, FAILING);
  await assert.rejects(rename(files, '/from', '/to'), { code: 'ABORTED' });
  assert.ok(names.every((name) => service.contents.find(`from/${name}`) !== undefined));
});

/** A clock that moves with every look. */
function ticking(): () => number {
  let nowMs = Date.now();
  return () => {
    nowMs += 1000;
    return nowMs;
  };
}
