import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { FileHandle } from '../../file-system.ts';
import { READ } from '../../testing/fixture.ts';
import { virtualPath as path } from '../../virtual-path.ts';
import { s3Fixture } from './testing/s3-fixture.ts';

const MIB = 1024 * 1024;
const READ_BYTES = 64 * 1024;

async function download(handle: FileHandle, sizeBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let position = 0; position < sizeBytes; position += READ_BYTES) {
    const slice = await handle.read(position, READ_BYTES);
    pieces.push(Buffer.concat(slice.views));
    slice.release();
  }
  return Buffer.concat(pieces);
}

test('s3 download - the bytes of the object, and the pool is whole again', async (context) => {
  const { service, files, pool } = await s3Fixture(context);
  const contents = randomBytes(9 * MIB + 3);
  service.contents.put('a', contents);
  const handle = await files.open(path('/a'), READ, {});
  assert.ok((await download(handle, contents.length)).equals(contents));
  await handle.close();
  assert.equal(pool.usedBlocks, 0);
});

test('s3 download - resets in the middle of bodies are not seen by the client', async (context) => {
  const { service, files } = await s3Fixture(context);
  const contents = randomBytes(6 * MIB);
  service.contents.put('a', contents);
  service.fail(({ operation, count }) => operation === 'GetObject' && count % 2 === 1, { kind: 'cut' }, 5);
  const handle = await files.open(path('/a'), READ, {});
  assert.ok((await download(handle, contents.length)).equals(contents));
  await handle.close();
  assert.ok(service.count('GetObject') > 5);
});

test('s3 download - two versions of an object are never mixed', async (context) => {
  const { service, files } = await s3Fixture(context);
  service.contents.put('a', randomBytes(20 * MIB));
  const handle = await files.open(path('/a'), READ, {});
  await download(handle, READ_BYTES);
  service.contents.put('a', randomBytes(20 * MIB));
  await assert.rejects(download(handle, 20 * MIB), { code: 'IO_ERROR' });
  await handle.close();
  assert.ok(
    service.requests.every(({ operation, headers }) => operation !== 'GetObject' || headers['if-match']),
  );
});

test('s3 download - an object that is removed meanwhile fails, and the handle can be closed', async (context) => {
  const { service, files, pool } = await s3Fixture(context);
  service.contents.put('a', randomBytes(20 * MIB));
  const handle = await files.open(path('/a'), READ, {});
  service.contents.remove('a');
  await assert.rejects(handle.read(0, 100), { code: 'NOT_FOUND' });
  await handle.close();
  assert.equal(pool.usedBlocks, 0);
});
