import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, names, READ, store, WRITE } from '../../testing/fixture.ts';
import { virtualPath as path, ROOT } from '../../virtual-path.ts';
import { s3Fixture } from './testing/s3-fixture.ts';

const FIXED_TIME_MS = Date.UTC(2000, 0, 1);
const DENIED = { kind: 'status', status: 403, code: 'AccessDenied' } as const;

test('s3 stat - objects are files, prefixes are directories with and without a marker', async (context) => {
  const { files, fill } = await s3Fixture(context, { now: () => 1_600_000_000_000 });
  fill({ 'a/b': 'text', 'marked/': '' });
  const file = await files.stat(path('/a/b'));
  assert.deepEqual([file.type, file.sizeBytes, file.modifiedMs], ['file', 4, 1_600_000_000_000]);
  const implied = await files.stat(path('/a'));
  assert.deepEqual([implied.type, implied.modifiedMs], ['directory', FIXED_TIME_MS]);
  const marked = await files.stat(path('/marked'));
  assert.deepEqual([marked.type, marked.modifiedMs], ['directory', 1_600_000_000_000]);
  await assert.rejects(files.stat(path('/c')), { code: 'NOT_FOUND' });
  await assert.rejects(files.stat(path('/a/b/c')), { code: 'NOT_FOUND' });
  assert.equal((await files.stat(ROOT)).type, 'directory');
});

test('s3 stat - a key of 1024 bytes is a file, though no directory could have its name', async (context) => {
  const { files, fill } = await s3Fixture(context);
  const key = [...Array.from({ length: 4 }, () => 'd'.repeat(254)), 'file'].join('/');
  assert.equal(Buffer.byteLength(key), 1024);
  await assert.rejects(files.stat(path(`/${key}`)), { code: 'NOT_FOUND' });
  fill({ [key]: 'text' });
  assert.equal((await files.stat(path(`/${key}`))).sizeBytes, 4);
});

test('s3 stat - an optimized session does not look at markers', async (context) => {
  const { service, files, fill } = await s3Fixture(context, { session: { directoryListing: 'optimized' } });
  fill({ 'marked/': '' });
  assert.equal((await files.stat(path('/marked'))).modifiedMs, FIXED_TIME_MS);
  assert.equal(service.count('HeadObject'), 1);
});

test('s3 stat - the time in the metadata counts, as other tools write it, and nonsense does not', async (context) => {
  const { service, files } = await s3Fixture(context, { now: () => 5000 });
  for (const [mtime, expectedMs] of [
    ['1234567890', 1_234_567_890_000],
    ['1234567890.123456789', 1_234_567_890_123.456],
    ['yesterday', 5000],
    ['-1', 5000],
    ['1e99', 5000],
  ] as const) {
    service.contents.put('a', Buffer.alloc(0), { metadata: { mtime } });
    assert.ok(Math.abs((await files.stat(path('/a'))).modifiedMs - expectedMs) < 0.01, mtime);
  }
});

test('s3 stat - who may not ask for an object is shown the directory, and otherwise the refusal', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill({ 'home/jane/x': '' });
  service.fail(({ operation, key }) => operation === 'HeadObject' && key === 'home/jane', DENIED);
  assert.equal((await files.stat(path('/home/jane'))).type, 'directory');
  service.fail(({ operation, key }) => operation === 'HeadObject' && key === 'secret', DENIED);
  await assert.rejects(files.stat(path('/secret')), { code: 'PERMISSION_DENIED' });
});

test('s3 view - what is below the root is seen and nothing else, and the root is always a directory', async (context) => {
  const { view, fill } = await s3Fixture(context);
  fill({ 'home/jane/mine': 'm', 'home/jane2/other': 'o', secret: 's' });
  const files = view({ root: '/home/jane' });
  assert.deepEqual(await names(files, '/'), ['mine']);
  assert.equal(await load(files, '/../mine'), 'm');
  await assert.rejects(load(files, '/../secret'), { code: 'NOT_FOUND' });
  assert.equal((await view({ root: '/home/nobody' }).stat(ROOT)).type, 'directory');
  for (const act of [
    () => files.remove(ROOT),
    () => files.removeDirectory(ROOT),
    () => files.rename(ROOT, path('/x')),
    () => files.rename(path('/mine'), ROOT),
  ])
    await assert.rejects(act, { code: 'PERMISSION_DENIED' });
});

test('s3 view - one object can be the root, before and after it exists', async (context) => {
  const { view } = await s3Fixture(context);
  const files = view({ root: '/reports/today.csv' });
  await store(files, '/', 'first');
  assert.equal((await files.stat(ROOT)).type, 'file');
  assert.equal(await load(files, '/'), 'first');
  await assert.rejects(view({ root: '/reports' }).open(ROOT, WRITE, {}), { code: 'IS_A_DIRECTORY' });
  await assert.rejects(view().open(ROOT, WRITE, {}), { code: 'IS_A_DIRECTORY' });
});

test('s3 open - what an open mode asks for is checked before anything is sent', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill({ 'd/x': '', a: 'old' });
  await assert.rejects(files.open(path('/none'), READ, {}), { code: 'NOT_FOUND' });
  await assert.rejects(files.open(path('/d'), READ, {}), { code: 'IS_A_DIRECTORY' });
  await assert.rejects(files.open(path('/d'), WRITE, {}), { code: 'IS_A_DIRECTORY' });
  await assert.rejects(files.open(path('/none'), { ...WRITE, create: false }, {}), { code: 'NOT_FOUND' });
  await assert.rejects(files.open(path('/a'), { ...WRITE, exclusive: true }, {}), { code: 'ALREADY_EXISTS' });
  assert.equal(service.count('PutObject'), 0);
});

test('s3 open - a role that may store and not look stores', async (context) => {
  const { service, files } = await s3Fixture(context);
  service.fail(({ operation }) => operation === 'HeadObject' || operation === 'ListObjectsV2', DENIED, 100);
  await store(files, '/in/a', 'x');
  await files.makeDirectory(path('/in/d'));
  assert.deepEqual(service.contents.keys(), ['in/a', 'in/d/']);
  await assert.rejects(files.open(path('/in/a'), { ...WRITE, truncate: false }, {}), {
    code: 'PERMISSION_DENIED',
  });
});

test('s3 open - a file that is opened to be read and made is empty', async (context) => {
  const { files } = await s3Fixture(context);
  const handle = await files.open(path('/new'), { ...READ, create: true }, {});
  assert.equal((await handle.stat()).sizeBytes, 0);
  await handle.close();
  assert.equal(await load(files, '/new'), '');
});

test('s3 upload - objects say who stored them, and a time given at the beginning is kept', async (context) => {
  const { service, files } = await s3Fixture(context);
  const times = { accessedSeconds: 1, modifiedSeconds: 1_500_000_000 };
  const handle = await files.open(path('/a'), WRITE, { times });
  await handle.write([Buffer.from('x')], 0);
  await handle.close();
  await files.makeDirectory(path('/d'));
  const who = { 'user-agent': 'AWSTransfer', 'user-agent-id': 'jane@s-0123456789abcdef0' };
  assert.partialDeepStrictEqual(service.contents.get('a').metadata, { ...who, mtime: '1500000000' });
  assert.partialDeepStrictEqual(service.contents.get('d/').metadata, who);
  assert.equal((await files.stat(path('/a'))).modifiedMs, 1_500_000_000_000);
});

test('s3 upload - its own session can look at it by path before there is an object, and nobody else', async (context) => {
  const fixture = await s3Fixture(context);
  const handle = await fixture.files.open(path('/new'), WRITE, {});
  await handle.write([Buffer.from('text')], 0);
  assert.equal((await fixture.files.stat(path('/new'))).sizeBytes, 4);
  await fixture.files.setAttributes(path('/new'), { times: { accessedSeconds: 1, modifiedSeconds: 2 } });
  await assert.rejects(fixture.view().stat(path('/new')), { code: 'NOT_FOUND' });
  await handle.close();
  assert.equal((await fixture.view().stat(path('/new'))).modifiedMs, 2000);
  const given = await fixture.files.open(path('/given-up'), WRITE, {});
  await given.abort('failed');
  await assert.rejects(fixture.files.stat(path('/given-up')), { code: 'NOT_FOUND' });
});

test('s3 directories - made once, whatever is there', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill({ 'implied/x': '', file: '' });
  await files.makeDirectory(path('/deep/down'));
  assert.deepEqual(service.contents.keys(), ['deep/down/', 'file', 'implied/x']);
  for (const taken of ['/deep/down', '/deep', '/implied', '/file', '/'])
    await assert.rejects(files.makeDirectory(path(taken)), { code: 'ALREADY_EXISTS' });
});

test('s3 directories - a service without If-None-Match makes them all the same', async (context) => {
  const { service, files } = await s3Fixture(context);
  service.fail(({ headers }) => headers['if-none-match'] !== undefined, {
    kind: 'status',
    status: 501,
    code: 'NotImplemented',
  });
  await files.makeDirectory(path('/d'));
  assert.deepEqual(service.contents.keys(), ['d/']);
});

test('s3 directories - removed only when empty', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill({ 'full/': '', 'full/x': '', 'implied/x': '', 'empty/': '', 'deep/inner/': '', file: '' });
  for (const full of ['/full', '/implied', '/deep'])
    await assert.rejects(files.removeDirectory(path(full)), { code: 'NOT_EMPTY' });
  await assert.rejects(files.removeDirectory(path('/file')), { code: 'NOT_A_DIRECTORY' });
  await assert.rejects(files.removeDirectory(path('/none')), { code: 'NOT_FOUND' });
  await files.removeDirectory(path('/empty'));
  assert.equal(service.contents.find('empty/'), undefined);
});

test('s3 directories - a client that deletes a tree without markers can remove its directories afterwards', async (context) => {
  const { service, files, view, fill } = await s3Fixture(context);
  fill({ 'a/b/c': '', 'a/b/d': '' });
  await files.remove(path('/a/b/c'));
  await files.remove(path('/a/b/d'));
  assert.equal((await view().stat(path('/a/b'))).type, 'directory');
  assert.deepEqual(await names(view(), '/a/b'), []);
  await assert.rejects(files.removeDirectory(path('/a/c')), { code: 'NOT_FOUND' });
  await view().removeDirectory(path('/a/b'));
  await files.removeDirectory(path('/a'));
  await assert.rejects(files.removeDirectory(path('/a')), { code: 'NOT_FOUND' });
  assert.deepEqual(service.contents.keys(), []);
});

test('s3 directories - one that was moved or removed is gone at once, whatever was deleted in it before', async (context) => {
  const { files, fill } = await s3Fixture(context);
  fill({ 'a/b/c': '', 'a/d': '', 'm/': '', 'm/n/o': '' });
  await files.remove(path('/a/b/c'));
  await files.remove(path('/m/n/o'));
  await files.rename(path('/a'), path('/z'));
  await files.removeDirectory(path('/m'));
  for (const gone of ['/a', '/a/b', '/m', '/m/n'])
    await assert.rejects(files.stat(path(gone)), { code: 'NOT_FOUND' }, gone);
});

test('s3 remove - files only, and what is missing is not found', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill({ a: '', 'd/x': '' });
  await files.remove(path('/a'));
  await assert.rejects(files.remove(path('/a')), { code: 'NOT_FOUND' });
  await assert.rejects(files.remove(path('/d')), { code: 'IS_A_DIRECTORY' });
  assert.deepEqual(service.contents.keys(), ['d/x']);
});

test('s3 paths - a path that is no key is refused everywhere', async (context) => {
  const { files } = await s3Fixture(context);
  const long = path(`/${Array.from({ length: 5 }, () => 'x'.repeat(250)).join('/')}`);
  const refused = { code: 'NAME_TOO_LONG' };
  await assert.rejects(files.stat(long), refused);
  await assert.rejects(files.open(long, WRITE, {}), refused);
  await assert.rejects(files.list(long), refused);
  await assert.rejects(files.makeDirectory(long), refused);
});

test('s3 capabilities - no links and no space, and renames that replace', async (context) => {
  const { files } = await s3Fixture(context);
  assert.equal('links' in files || 'hardLinks' in files || 'spaceReporting' in files, false);
  assert.notEqual(files.replacing, undefined);
});
