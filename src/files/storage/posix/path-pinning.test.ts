import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BlockPool } from '../../block-pool.ts';
import { load, names, store } from '../../testing/fixture.ts';
import { posixFixture, SECRET } from '../../testing/posix-fixture.ts';
import { virtualPath as path, ROOT } from '../../virtual-path.ts';
import { PosixFileSystem } from './file-system.ts';
import { pathPinning } from './path-pinning.ts';
import { PosixRoot, PosixView } from './view.ts';

test('path pinning - without /proc planted links lead nowhere either, and inner ones work', async (context) => {
  const { at, outside } = await posixFixture(context);
  mkdirSync(at('sub'));
  writeFileSync(at('sub', 'a'), 'inside');
  symlinkSync(join(outside, 'dir'), at('absolute'));
  symlinkSync('../outside/dir', at('relative'));
  symlinkSync('../outside/secret', at('file'));
  symlinkSync('sub', at('inner'));
  const root = new PosixRoot(pathPinning, await pathPinning.directory(at(), { followLinks: true }));
  const { signal } = new AbortController();
  const view = new PosixView({ root, base: ROOT, followsLinks: true, isDurable: false, signal });
  const blocks = new BlockPool();
  const files = new PosixFileSystem({ view, blocks, mayChangeModes: true, onUnreadableNames: () => {} });
  assert.equal(await load(files, '/inner/a'), 'inside');
  await store(files, '/inner/b', 'x');
  assert.deepEqual(await names(files, '/inner'), ['a', 'b']);
  for (const target of ['/absolute/secret', '/relative/secret', '/file']) {
    await assert.rejects(load(files, target), { code: 'NOT_FOUND' });
    await assert.rejects(store(files, target, 'x'), { code: 'NOT_FOUND' });
    await assert.rejects(files.setAttributes(path(target), { sizeBytes: 0 }, { followLinks: true }), {
      code: 'NOT_FOUND',
    });
  }
  await assert.rejects(load(files, '/sub/a/x'), { code: 'NOT_A_DIRECTORY' });
  assert.equal(readFileSync(join(outside, 'dir', 'secret'), 'utf8'), SECRET);
});
