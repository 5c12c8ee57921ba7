import assert from 'node:assert/strict';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { FileError } from '../../../error.ts';
import { openDescriptors, posixFixture } from '../../../testing/posix-fixture.ts';
import { virtualPath as path } from '../../../virtual-path.ts';
import { NativeDirectoryReader } from './directory-reader.ts';
import type { Call } from './thread-pool.ts';

const ENTRY_COUNT = 1000;

test('listing - every entry comes once, in batches of at most what was asked for', async (context) => {
  const { files, at } = await posixFixture(context);
  for (let index = 0; index < ENTRY_COUNT; index++) writeFileSync(at(`f${index}`), '');
  for (const batchSize of [1, 7, 100, 10_000]) {
    const reader = await files.list(path('/'));
    const names: string[] = [];
    for (;;) {
      const entries = await reader.next(batchSize);
      assert.ok(entries.length <= batchSize);
      if (entries.length === 0) break;
      names.push(...entries.map(({ name }) => name));
    }
    assert.deepEqual([names.length, new Set(names).size], [ENTRY_COUNT, ENTRY_COUNT]);
    assert.deepEqual(await reader.next(batchSize), []);
    await reader.close();
  }
});

test('listing - closing waits for what is read ahead, and no descriptor stays', async (context) => {
  const { files, at } = await posixFixture(context);
  mkdirSync(at('d'));
  for (let index = 0; index < ENTRY_COUNT; index++) writeFileSync(at('d', `f${index}`), '');
  const before = openDescriptors();
  for (const batches of [0, 1, 2]) {
    const reader = await files.list(path('/d'));
    for (let batch = 0; batch < batches; batch++) await reader.next(10);
    const late = batches === 0 ? reader.next(10) : undefined;
    await reader.close();
    await late;
  }
  assert.equal(openDescriptors(), before);
});

test('listing - what fails ahead of the caller is told when it asks', async () => {
  let calls = 0;
  const reader = new NativeDirectoryReader({
    threads: {
      async call<T>({ decode }: Call<T>): Promise<T> {
        calls += 1;
        if (calls > 1) throw new FileError('IO_ERROR');
        return decode({ numbers: [0, 0, 0o100644, 1, 2, 3, 4, 5, 1], text: 'a' });
      },
    },
    profile: undefined,
    descriptor: openSync('/dev/null', 'r'),
    showsLinks: true,
    onUnreadableNames: () => {},
  });
  assert.deepEqual(
    (await reader.next(1)).map(({ name }) => name),
    ['a'],
  );
  await assert.rejects(reader.next(1), { code: 'IO_ERROR' });
  await reader.close();
});
