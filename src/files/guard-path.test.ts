import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AccessDenied } from './access.ts';
import { FileError } from './error.ts';
import type { FileSystem } from './file-system.ts';
import { openHome } from './home.ts';
import type { HomeSpec } from './home-spec.ts';
import type { Storage } from './storage.ts';
import { READ, testSession, WRITE } from './testing/fixture.ts';
import { guardOf, policyOf } from './testing/policy-fixture.ts';
import { type RecordedCall, RecordingStorage } from './testing/recording-storage.ts';
import { isWithin, MAX_PATH_BYTES, type VirtualPath, virtualPath } from './virtual-path.ts';

const FOLLOW = { followLinks: true };
const BUCKET = 'arn:aws:s3:::bucket';
/** Everything but what is below one directory. */
const POLICY = policyOf(
  { Effect: 'Allow', Action: 's3:*', Resource: '*' },
  {
    Sid: 'Closed',
    Effect: 'Deny',
    Action: 's3:*',
    Resource: [`${BUCKET}/jane/closed`, `${BUCKET}/jane/closed/*`],
  },
  {
    Effect: 'Deny',
    Action: 's3:ListBucket',
    Resource: BUCKET,
    Condition: { StringLike: { 's3:prefix': ['jane/closed', 'jane/closed/*'] } },
  },
);
const CLOSED = virtualPath('/bucket/jane/closed');
const HOMES: Readonly<Record<string, HomeSpec>> = {
  PATH: { type: 'PATH', directory: virtualPath('/bucket/jane') },
  LOGICAL: {
    type: 'LOGICAL',
    directory: virtualPath('/'),
    mappings: [{ entry: virtualPath('/'), target: virtualPath('/bucket/jane'), type: 'DIRECTORY' }],
  },
};

/** Every operation, with the path where each may stand. `/open` is free in either home. */
const OPERATIONS: Readonly<
  Record<string, (files: FileSystem, path: VirtualPath, free: VirtualPath) => Promise<unknown>>
> = {
  stat: (files, path) => files.stat(path, FOLLOW),
  lstat: (files, path) => files.stat(path, { followLinks: false }),
  list: (files, path) => files.list(path),
  read: (files, path) => files.open(path, READ, {}),
  write: (files, path) => files.open(path, WRITE, {}),
  append: (files, path) => files.open(path, { ...WRITE, truncate: false, append: true }, {}),
  setMode: (files, path) => files.setAttributes(path, { mode: 0o600 }, FOLLOW),
  resize: (files, path) => files.setAttributes(path, { sizeBytes: 0 }, FOLLOW),
  makeDirectory: (files, path) => files.makeDirectory(path, {}),
  removeDirectory: (files, path) => files.removeDirectory(path),
  remove: (files, path) => files.remove(path),
  renameFrom: (files, path, free) => files.rename(path, free),
  renameTo: (files, path, free) => files.rename(free, path),
  replaceFrom: async (files, path, free) => files.replacing?.replace(path, free),
  replaceTo: async (files, path, free) => files.replacing?.replace(free, path),
};

async function recordedHome(spec: HomeSpec): Promise<{ files: FileSystem; calls: RecordedCall[] }> {
  const calls: RecordedCall[] = [];
  const bucket = new RecordingStorage('bucket', calls);
  await bucket.attach(testSession()).makeDirectory(virtualPath('/jane'), {});
  const storages = new Map<string, Storage>([['bucket', bucket]]);
  const files = await openHome(spec, storages, testSession(), guardOf(POLICY));
  // There is something to rename, so that the other name is what decides.
  await files.open(virtualPath('free', spec.directory), WRITE, {});
  calls.length = 0;
  return { files, calls };
}

const long = 'x'.repeat(200);
const segment = fc.constantFrom(
  'closed',
  'closed',
  'jane',
  'bucket',
  'other',
  '..',
  '.',
  '',
  '%2e%2e',
  '%2e',
  '%2f',
  '..\\',
  '\\..\\',
  'closed.',
  'closed...',
  'closed ',
  'Closed',
  'cafe\u0301',
  'caf\u00e9',
  '*',
  '?',
  '${aws:username}',
  'a\0b',
  '\ud800',
  long,
);
const request = fc
  .oneof(
    { weight: 6, arbitrary: fc.array(segment, { maxLength: 7 }) },
    { weight: 1, arbitrary: fc.constant(Array.from({ length: 21 }, () => long)) },
  )
  .map((segments) => segments.join('/'));

/** What every operation on the text comes to before any storage is asked. */
function expected(text: string, spec: HomeSpec): 'invalid' | 'denied' | 'asked' {
  let path: VirtualPath;
  try {
    path = virtualPath(text, spec.directory);
    if (spec.type === 'LOGICAL') path = virtualPath(`/bucket/jane${path}`);
  } catch {
    return 'invalid';
  }
  return isWithin(path, CLOSED) ? 'denied' : 'asked';
}

for (const [type, spec] of Object.entries(HOMES)) {
  test(`F-40 guard - ${type}: the same path string gets the same decision from every operation`, async () => {
    await fc.assert(
      fc.asyncProperty(request, async (text) => {
        const wanted = expected(text, spec);
        const free = virtualPath('free', spec.directory);
        for (const [name, operation] of Object.entries(OPERATIONS)) {
          const { files, calls } = await recordedHome(spec);
          const decision = await operate(() => operation(files, virtualPath(text, spec.directory), free));
          assert.equal(
            decision === 'denied' || decision === 'invalid' ? decision : 'asked',
            wanted,
            `${name} ${text}`,
          );
          for (const { path } of calls)
            assert.ok(!isWithin(path, virtualPath('/jane/closed')), `${name} ${text} reached ${path}`);
        }
      }),
      { numRuns: 150 },
    );
  });
}

async function operate(operation: () => Promise<unknown>): Promise<'denied' | 'invalid' | 'asked'> {
  try {
    await operation();
    return 'asked';
  } catch (error) {
    assert.ok(error instanceof FileError, String(error));
    if (error.cause instanceof AccessDenied) return 'denied';
    return error.code === 'INVALID_PATH' || error.code === 'NAME_TOO_LONG' ? 'invalid' : 'asked';
  }
}

test('F-40 guard - names that only look like the forbidden one are other names', async () => {
  const { files } = await recordedHome(HOMES.LOGICAL ?? assert.fail());
  for (const name of ['/Closed/a', '/closed./a', '/closed%2fa', '/closed\\a', '/%63losed/a', '/closed /a'])
    await assert.rejects(files.stat(virtualPath(name), FOLLOW), { code: 'NOT_FOUND' });
  for (const name of ['/closed/a', '/x/../closed/a', '//closed//a', '/./closed/./a', '/../closed/a'])
    await assert.rejects(files.stat(virtualPath(name), FOLLOW), { code: 'PERMISSION_DENIED' });
});

test('F-40 guard - the longest path that there is is judged like any other', async () => {
  const { files } = await recordedHome(HOMES.PATH ?? assert.fail());
  const prefix = '/bucket/jane/closed';
  const names = Array.from({ length: 40 }, () => 'y'.repeat(100)).join('/');
  const longest = virtualPath(`${prefix}/${names}`.padEnd(MAX_PATH_BYTES, 'z').slice(0, MAX_PATH_BYTES));
  assert.equal(Buffer.byteLength(longest), MAX_PATH_BYTES);
  await assert.rejects(files.open(longest, WRITE, {}), { code: 'PERMISSION_DENIED' });
});
