import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { load, testSession } from '../files/testing/fixture.ts';
import { createLog } from '../telemetry/log.ts';
import { DataFolder } from './data-folder.ts';
import { Storages } from './storages.ts';

const FILE_SYSTEM = 'fs-0123456789abcdef0';
const ACCESS_POINT = 'fsap-0123456789abcdef0';

type AccessPoints = ConstructorParameters<typeof Storages>[0]['accessPoints'];

/** A file system with `shared/a` in it. */
async function storagesWith(t: TestContext, accessPoints: AccessPoints): Promise<{ storages: Storages }> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-storages-'));
  const path = join(folder, 'mount');
  await mkdir(join(path, 'shared'), { recursive: true });
  await writeFile(join(path, 'shared', 'a'), 'shared file');
  const storages = new Storages(
    {
      buckets: {},
      fileSystems: { [FILE_SYSTEM]: { path, region: 'us-east-1', identity: 'profile', durability: 'close' } },
      accessPoints,
      uploadMemoryMegabytes: 32,
    },
    await DataFolder.open(join(folder, 'data')),
    createLog({ level: 'silent' }),
  );
  t.after(async () => {
    await storages.close();
    await rm(folder, { recursive: true });
  });
  return { storages };
}

test('storages - file systems and access points into them are found by their ids', async (t) => {
  const { storages } = await storagesWith(t, {
    [ACCESS_POINT]: { fileSystem: FILE_SYSTEM, path: '/shared' },
  });
  await storages.open();
  const [fileSystem, accessPoint] = [FILE_SYSTEM, ACCESS_POINT].map((id) => storages.fileSystems.get(id));
  assert.ok(fileSystem !== undefined && accessPoint !== undefined);
  const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, secondaryGids: [] };
  assert.equal(await load(fileSystem.attach(testSession(own)), '/shared/a'), 'shared file');
  assert.equal(await load(accessPoint.attach(testSession(own)), '/a'), 'shared file');
});

test('storages - an access point to a directory that is missing is told at the start', async (t) => {
  const { storages } = await storagesWith(t, { [ACCESS_POINT]: { fileSystem: FILE_SYSTEM, path: '/gone' } });
  await assert.rejects(storages.open(), { code: 'NOT_FOUND', message: /\/gone of the access point/ });
});
