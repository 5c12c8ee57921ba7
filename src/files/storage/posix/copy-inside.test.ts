import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { FileHandle, FileSystem, OpenMode } from '../../file-system.ts';
import { ownProfile, READ, testSession, WRITE } from '../../testing/fixture.ts';
import { posixFixture } from '../../testing/posix-fixture.ts';
import { virtualPath as path } from '../../virtual-path.ts';

/** More than one piece, and no multiple of one. */
const MANY_BYTES = 5 * 1024 * 1024 + 123;
const CHANGE = { ...WRITE, truncate: false };
const DEADLINE_MS = 10_000;

function open(files: FileSystem, name: string, mode: OpenMode): Promise<FileHandle> {
  return files.open(path(name), mode, {});
}

async function copy(source: FileHandle, from: number, count: number, target: FileHandle, to: number) {
  assert.ok(source.copyTo !== undefined);
  await source.copyTo(from, count, target, to);
}

test('copy - a range goes from file to file inside the storage, and to the end with a count of 0', async (context) => {
  const { files, at } = await posixFixture(context);
  const content = randomBytes(MANY_BYTES);
  writeFileSync(at('a'), content);
  const source = await open(files, '/a', READ);
  const whole = await open(files, '/whole', WRITE);
  await copy(source, 0, MANY_BYTES, whole, 0);
  const tail = await open(files, '/tail', WRITE);
  await copy(source, 1000, 0, tail, 10);
  for (const handle of [source, whole, tail]) await handle.close();
  assert.ok(readFileSync(at('whole')).equals(content));
  assert.ok(readFileSync(at('tail')).equals(Buffer.concat([Buffer.alloc(10), content.subarray(1000)])));
});

test('copy - what the target read before is not lent any more', async (context) => {
  const { files, at } = await posixFixture(context);
  writeFileSync(at('a'), 'new');
  writeFileSync(at('b'), 'old');
  const source = await open(files, '/a', READ);
  const target = await open(files, '/b', { ...CHANGE, read: true });
  (await target.read(0, 3)).release();
  await copy(source, 0, 3, target, 0);
  const slice = await target.read(0, 3);
  assert.equal(Buffer.concat(slice.views).toString(), 'new');
  slice.release();
  for (const handle of [source, target]) await handle.close();
});

test('copy - what the file system cannot do is left to the caller, untouched', async (context) => {
  const { files, at } = await posixFixture(context);
  const elsewhere = await posixFixture(context, { usesThreads: false });
  writeFileSync(at('a'), 'content');
  linkSync(at('a'), at('again'));
  const source = await open(files, '/a', READ);
  const unsupported = { code: 'NOT_SUPPORTED' };
  const targets = {
    'overlapping parts of one file': await open(files, '/again', CHANGE),
    'a file that is appended to': await open(files, '/log', { ...CHANGE, append: true }),
    'another kind of handle': { ...source, isSameFile: async () => false },
  };
  for (const [name, target] of Object.entries(targets))
    await assert.rejects(copy(source, 0, 4, target, 2), unsupported, name);
  const fresh = await open(files, '/fresh', WRITE);
  await assert.rejects(copy(source, 0, 100, fresh, 0), unsupported, 'a source that is shorter');
  await assert.rejects(copy(source, 0, 7, fresh, Number.MAX_SAFE_INTEGER), unsupported);
  const walked = await elsewhere.files.open(path('/w'), WRITE, {});
  assert.equal(walked.copyTo, undefined);
  assert.equal(readFileSync(at('a'), 'utf8'), 'content');
  for (const handle of [source, fresh, walked]) await handle.close();
});

test('copy - a handle does only what it was opened for', async (context) => {
  const { files, at } = await posixFixture(context);
  writeFileSync(at('a'), 'content');
  const source = await open(files, '/a', READ);
  const target = await open(files, '/b', WRITE);
  await assert.rejects(copy(target, 0, 1, source, 0), { code: 'INVALID_HANDLE' });
  await assert.rejects(copy(source, 0, 1, source, 0), { code: 'INVALID_HANDLE' });
  await assert.rejects(copy(target, 0, 1, target, 0), { code: 'INVALID_HANDLE' });
  await source.close();
  await assert.rejects(copy(source, 0, 1, target, 0), { code: 'INVALID_HANDLE' });
  await target.close();
});

test('copy - ends with the session, between two pieces', async (context) => {
  const { storage, at } = await posixFixture(context);
  const abort = new AbortController();
  const files = storage.attach({ ...testSession(ownProfile()), signal: abort.signal });
  writeFileSync(at('a'), Buffer.alloc(64 * 1024 * 1024));
  const source = await open(files, '/a', READ);
  const target = await open(files, '/b', WRITE);
  const copying = copy(source, 0, 0, target, 0);
  const refused = assert.rejects(copying, { code: 'ABORTED' });
  const deadline = performance.now() + DEADLINE_MS;
  while (statSync(at('b')).size === 0 && performance.now() < deadline)
    await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  // A close waits for what runs on the descriptors.
  await Promise.all([source.close(), target.close(), refused]);
  assert.ok(statSync(at('b')).size < 64 * 1024 * 1024);
});
