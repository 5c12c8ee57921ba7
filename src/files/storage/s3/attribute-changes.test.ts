import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../../testing/fixture.ts';
import { virtualPath as path } from '../../virtual-path.ts';
import { s3Fixture } from './testing/s3-fixture.ts';

const times = { accessedSeconds: 1, modifiedSeconds: 1_500_000_000 };

test('s3 attributes - a time is kept beside what the object was written with', async (context) => {
  const { service, files } = await s3Fixture(context);
  const contentType = 'text/csv';
  service.contents.put('a', Buffer.from('text'), { contentType, metadata: { color: 'red', mtime: '5' } });
  await files.setAttributes(path('/a'), { times });
  const stored = service.contents.get('a');
  assert.partialDeepStrictEqual(stored.metadata, { color: 'red', mtime: '1500000000' });
  assert.equal(stored.contentType, contentType);
  assert.equal((await files.stat(path('/a'))).modifiedMs, 1_500_000_000_000);
  assert.equal(await load(files, '/a'), 'text');
});

test('s3 attributes - a time that is there already is not copied again', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill({ a: 'x' });
  await files.setAttributes(path('/a'), { times });
  await files.setAttributes(path('/a'), { times });
  assert.equal(service.count('CopyObject'), 1);
});

test('s3 attributes - a directory keeps its time in its marker, which is made when there is none', async (context) => {
  const { service, files, fill } = await s3Fixture(context);
  fill({ 'implied/x': '', 'marked/': '' });
  for (const directory of ['/implied', '/marked']) {
    await files.setAttributes(path(directory), { times });
    assert.equal((await files.stat(path(directory))).modifiedMs, 1_500_000_000_000);
  }
  await assert.rejects(files.setAttributes(path('/'), { times }), { code: 'NOT_SUPPORTED' });
  assert.deepEqual(service.contents.keys(), ['implied/', 'implied/x', 'marked/']);
});

test('s3 attributes - modes and owners are refused, and times beside them are set', async (context) => {
  const { files, fill } = await s3Fixture(context);
  fill({ a: 'x' });
  await assert.rejects(files.setAttributes(path('/a'), { mode: 0o600 }), { code: 'NOT_SUPPORTED' });
  await assert.rejects(files.setAttributes(path('/a'), { owner: { uid: 1, gid: 1 } }), {
    code: 'NOT_SUPPORTED',
  });
  await assert.rejects(files.setAttributes(path('/a'), { mode: 0o600, times }), { code: 'NOT_SUPPORTED' });
  assert.equal((await files.stat(path('/a'))).modifiedMs, 1_500_000_000_000);
});

test('s3 attributes - a file is emptied and cut, never extended; its own size changes nothing', async (context) => {
  const { service, files } = await s3Fixture(context);
  service.contents.put('a', Buffer.from('0123456789'), { metadata: { color: 'red', mtime: '5' } });
  await files.setAttributes(path('/a'), { sizeBytes: 10 });
  assert.equal(service.count('PutObject'), 0);
  await files.setAttributes(path('/a'), { sizeBytes: 4 });
  assert.equal(await load(files, '/a'), '0123');
  await assert.rejects(files.setAttributes(path('/a'), { sizeBytes: 6 }), { code: 'NOT_SUPPORTED' });
  await files.setAttributes(path('/a'), { sizeBytes: 0, times });
  assert.equal(await load(files, '/a'), '');
  assert.partialDeepStrictEqual(service.contents.get('a').metadata, {
    color: 'red',
    mtime: '1500000000',
    'user-agent': 'AWSTransfer',
  });
});

test('s3 attributes - a changed content is of now, not of the time of the old one', async (context) => {
  const { service, files } = await s3Fixture(context);
  service.contents.put('a', Buffer.from('x'), { metadata: { mtime: '5' } });
  await files.setAttributes(path('/a'), { sizeBytes: 0 });
  const { mtime } = service.contents.get('a').metadata;
  assert.equal(mtime, undefined);
});

test('s3 attributes - what is missing is not found, and a directory has no size', async (context) => {
  const { files, fill } = await s3Fixture(context);
  fill({ 'd/x': '' });
  await assert.rejects(files.setAttributes(path('/none'), { times }), { code: 'NOT_FOUND' });
  await assert.rejects(files.setAttributes(path('/d'), { sizeBytes: 0 }), { code: 'IS_A_DIRECTORY' });
});
