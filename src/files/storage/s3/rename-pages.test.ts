import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockPool } from '../../block-pool.ts';
import { FileError } from '../../error.ts';
import { virtualPath as path } from '../../virtual-path.ts';
import type { ObjectHead } from './object-store.ts';
import { headOf, partialStore } from './testing/partial-store.ts';
import { viewOf } from './testing/s3-fixture.ts';

/** Names and nothing else, with pages of 1000, and a count of what is under way. */
function memoryStore(keys: Iterable<string>) {
  const objects = new Map<string, ObjectHead>();
  for (const key of keys) objects.set(key, headOf(key, 1));
  const seen = { inFlight: 0, most: 0 };
  const store = partialStore({
    head: async (key) => objects.get(key),
    list: async ({ prefix, token = '', maxKeys }) => {
      const found = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > token).sort();
      const page = found.slice(0, maxKeys);
      const last = found.length > maxKeys ? page.at(-1) : undefined;
      return {
        objects: page.map((key) => headOf(key, 1)),
        prefixes: [],
        ...(last === undefined ? {} : { nextToken: last }),
      };
    },
    put: async (key, _body, { metadata }) => {
      objects.set(key, headOf(key, 0, { metadata }));
      return '"etag"';
    },
    copy: async (from, toKey, properties, { mustBeNew }) => {
      if (mustBeNew === true && objects.has(toKey)) throw new FileError('ALREADY_EXISTS');
      seen.inFlight += 1;
      seen.most = Math.max(seen.most, seen.inFlight);
      await new Promise((resolve) => setImmediate(resolve));
      seen.inFlight -= 1;
      objects.set(toKey, { ...from, key: toKey, metadata: properties?.metadata ?? from.metadata });
    },
    remove: async (key) => {
      objects.delete(key);
    },
  });
  return { store, objects, seen };
}

test('s3 rename - a large directory moves page by page, a bounded number of objects at a time', async () => {
  const names = Array.from({ length: 2500 }, (_, index) => String(index));
  const { store, objects, seen } = memoryStore(names.map((name) => `from/${name}`));
  await viewOf(store, new BlockPool()).rename(path('/from'), path('/to'));
  assert.deepEqual([...objects.keys()].sort(), ['to/', ...names.map((name) => `to/${name}`)].sort());
  assert.equal(seen.most, 16);
});

test('s3 rename - what comes into a directory while it moves is asked about, and moves only if it may', async () => {
  const { store, objects } = memoryStore(['from/a', 'from/b']);
  const copy = store.copy.bind(store);
  const copiedKeys: string[] = [];
  store.copy = async (head, toKey, ...rest) => {
    objects.set('from/z/secret', headOf('from/z/secret', 1));
    copiedKeys.push(toKey);
    await copy(head, toKey, ...rest);
  };
  const asked: string[] = [];
  const mayMove = (from: string, to: string, type: string): void => {
    asked.push(`${type} ${from} ${to}`);
    if (from.endsWith('/secret')) throw new FileError('PERMISSION_DENIED');
  };
  const files = viewOf(store, new BlockPool());
  await assert.rejects(files.rename(path('/from'), path('/to'), mayMove), { code: 'PERMISSION_DENIED' });
  assert.ok(asked.includes('file /from/a /to/a'));
  assert.ok(asked.includes('file /from/z/secret /to/z/secret'));
  assert.ok(objects.has('from/z/secret') && !objects.has('to/z/secret'));
  assert.ok(!copiedKeys.includes('to/z/secret'));
});
