import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Storage, StorageSession } from '../../storage.ts';
import { load, names, testSession } from '../../testing/fixture.ts';
import { posixFixture } from '../../testing/posix-fixture.ts';
import { virtualPath as path } from '../../virtual-path.ts';
import { MemoryStorage } from '../memory.ts';
import { AccessPoint } from './access-point.ts';

test('access point - its directory is the root, and nothing leads above it', async (context) => {
  const { storage, at } = await posixFixture(context);
  mkdirSync(at('shared', 'jane'), { recursive: true });
  writeFileSync(at('shared', 'a'), 'shared file');
  writeFileSync(at('above'), 'above');
  symlinkSync('../above', at('shared', 'up'));
  const point = new AccessPoint({ storage, path: path('/shared') });
  await point.open();
  assert.deepEqual(await names(point.attach(testSession()), '/'), ['a', 'jane', 'up']);
  assert.equal(await load(point.attach(testSession()), '/a'), 'shared file');
  await assert.rejects(load(point.attach(testSession()), '/up'), { code: 'NOT_FOUND' });
  assert.deepEqual(await names(point.attach(testSession(), path('/jane')), '/'), []);
});

test('access point - its user takes the place of the profile of the session', async () => {
  const seen: StorageSession[] = [];
  const memory = new MemoryStorage();
  const storage: Storage = {
    homes: 'required',
    open: () => memory.open(),
    attach: (session, root) => {
      seen.push(session);
      return memory.attach(session, root);
    },
    close: () => memory.close(),
  };
  await storage.open();
  const posixUser = { uid: 7, gid: 8, secondaryGids: [9] };
  const own = { uid: 1000, gid: 1000, secondaryGids: [] };
  new AccessPoint({ storage, path: path('/'), posixUser }).attach(testSession(own));
  new AccessPoint({ storage, path: path('/') }).attach(testSession(own));
  assert.deepEqual(
    seen.map(({ posixProfile }) => posixProfile),
    [posixUser, own],
  );
});

test('access point - one whose directory is missing or a file does not open', async (context) => {
  const { storage, at } = await posixFixture(context);
  writeFileSync(at('file'), '');
  const open = (directory: string): Promise<void> =>
    new AccessPoint({ storage, path: path(directory) }).open();
  await assert.rejects(open('/missing'), { code: 'NOT_FOUND', message: /\/missing of the access point/ });
  await assert.rejects(open('/file'), { code: 'NOT_A_DIRECTORY' });
  await open('/');
});

test('access point - one of a file system that serves profiles only opens, and refuses sessions without one', async (context) => {
  const { storage, files } = await posixFixture(context, { identity: 'profile' });
  await files.makeDirectory(path('/shared'), {});
  const point = new AccessPoint({ storage, path: path('/shared') });
  await point.open();
  assert.throws(() => point.attach(testSession()), { code: 'PERMISSION_DENIED' });
});
