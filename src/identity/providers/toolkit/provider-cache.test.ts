import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersonProvider } from '../provider.ts';
import { ProviderCache } from './provider-cache.ts';

function provider(onClose: () => void): PersonProvider {
  return {
    password: async () => {
      throw new Error('not asked here');
    },
    lookUp: async () => undefined,
    close: async () => onClose(),
  };
}

test('toolkit provider cache - the same content is the same provider, also for logins side by side', async () => {
  const cache = new ProviderCache(() => 0);
  let made = 0;
  const create = async () => {
    made += 1;
    return provider(() => {});
  };
  await Promise.all(['a', 'a', 'b'].map((content) => cache.use(content, create, async () => undefined)));
  assert.equal(made, 2);
});

test('toolkit provider cache - beyond its limit the one unused for longest is closed', async () => {
  const cache = new ProviderCache(() => 0);
  const closed: number[] = [];
  const use = (index: number) =>
    cache.use(
      String(index),
      async () => provider(() => closed.push(index)),
      async () => undefined,
    );
  for (let index = 0; index < 32; index += 1) await use(index);
  await use(0);
  await use(32);
  assert.deepEqual(closed, [1]);
  await cache.close();
  assert.equal(closed.length, 33);
});

test('toolkit provider cache - a provider in use is closed afterwards', async () => {
  let nowMs = 0;
  const cache = new ProviderCache(() => nowMs);
  let isClosed = false;
  const { promise: end, resolve: finish } = Promise.withResolvers<void>();
  const slow = cache.use(
    'a',
    async () =>
      provider(() => {
        isClosed = true;
      }),
    () => end,
  );
  nowMs = 300_000;
  await cache.use(
    'a',
    async () => provider(() => {}),
    async () => undefined,
  );
  assert.equal(isClosed, false);
  finish();
  await slow;
  assert.equal(isClosed, true);
});

test('toolkit provider cache - one that could not be made is made anew', async () => {
  const cache = new ProviderCache(() => 0);
  const failing = cache.use(
    'a',
    async () => {
      throw new Error('no');
    },
    async () => 1,
  );
  await assert.rejects(failing, /no/);
  assert.equal(
    await cache.use(
      'a',
      async () => provider(() => {}),
      async () => 2,
    ),
    2,
  );
  await cache.close();
});
