import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { names, testSession } from '../../testing/fixture.ts';
import { posixFixture, profileOf } from '../../testing/posix-fixture.ts';

test('profiles - without threads only the process itself is acted as, and the operator is told why', async (context) => {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  const own = testSession({ uid, gid, secondaryGids: [] });
  const other = testSession({ uid: uid + 1, gid, secondaryGids: [] });
  const { storage, at } = await posixFixture(context, { identity: 'profile', usesThreads: false });
  mkdirSync(at('d'));
  assert.throws(() => storage.attach(other), { code: 'PERMISSION_DENIED', message: /runs as/ });
  assert.deepEqual(await names(storage.attach(own), '/'), ['d']);
  assert.ok(storage.noProfiles !== undefined);
});

test('profiles - a storage that ignores them serves everybody as the process', async (context) => {
  const { storage } = await posixFixture(context, { identity: 'process' });
  assert.deepEqual(await names(storage.attach(testSession(profileOf(54_321))), '/'), []);
});

test('profiles - on a machine that threads are not made for, the storage works and says so', async (context) => {
  const architecture = process.arch;
  Object.defineProperty(process, 'arch', { value: 'mips' });
  context.after(() => Object.defineProperty(process, 'arch', { value: architecture }));
  const { storage, files, at } = await posixFixture(context, { identity: 'profile' });
  mkdirSync(at('d'));
  assert.match(storage.noProfiles ?? '', /Linux on x86-64 or arm64/);
  assert.deepEqual(await names(files, '/'), ['d']);
});

for (const usesThreads of [true, false]) {
  test(`profiles - a session without one is refused, and never acts as the process (threads: ${usesThreads})`, async (context) => {
    const { storage } = await posixFixture(context, { identity: 'profile', usesThreads });
    assert.throws(() => storage.attach(testSession()), {
      code: 'PERMISSION_DENIED',
      message: /POSIX profile/,
    });
  });
}
