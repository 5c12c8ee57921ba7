import assert from 'node:assert/strict';
import { openSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { BlockPool } from '../../block-pool.ts';
import type { OpenMode } from '../../file-system.ts';
import { READ, WRITE } from '../../testing/fixture.ts';
import { openDescriptors, posixFixture } from '../../testing/posix-fixture.ts';
import { virtualPath as path } from '../../virtual-path.ts';
import { PosixFileHandle } from './file-handle.ts';

/** What it is open on refuses to be synchronised. */
function handleOnDevice(mode: OpenMode, isDurable: boolean): PosixFileHandle {
  return new PosixFileHandle({
    descriptor: openSync('/dev/null', 'r+'),
    mode,
    blocks: new BlockPool(),
    isDurable,
    changeAttributes: async () => {},
  });
}

test('durable - close tells when what was written did not reach stable storage, and closes', async () => {
  const before = openDescriptors();
  await assert.rejects(handleOnDevice(WRITE, true).close(), { code: 'INVALID_ARGUMENT' });
  await handleOnDevice(WRITE, false).close();
  await handleOnDevice(READ, true).close();
  await handleOnDevice(WRITE, true).abort();
  assert.equal(openDescriptors(), before);
});

for (const usesThreads of [true, false]) {
  test(`durable - every operation works on a durable storage (threads: ${usesThreads})`, async (context) => {
    const { files, at } = await posixFixture(context, { durability: 'fsync', usesThreads });
    const handle = await files.open(path('/a'), WRITE, {});
    await handle.write([Buffer.from('x')], 0);
    await handle.close();
    await files.makeDirectory(path('/d'), {});
    await files.rename(path('/a'), path('/d/a'));
    writeFileSync(at('b'), '');
    await files.replacing?.replace(path('/b'), path('/d/a'));
    await files.links?.symlink('d/a', path('/l'));
    await files.hardLinks?.link(path('/d/a'), path('/h'));
    for (const name of ['/l', '/h', '/d/a']) await files.remove(path(name));
    await files.removeDirectory(path('/d'));
    const reader = await files.list(path('/'));
    assert.deepEqual(await reader.next(10), []);
    await reader.close();
  });
}
