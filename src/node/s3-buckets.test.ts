import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SimulatedS3 } from '../files/storage/s3/testing/simulated-s3.ts';
import { store, testSession } from '../files/testing/fixture.ts';
import { createLog } from '../telemetry/log.ts';
import { DataFolder } from './data-folder.ts';
import { Storages } from './storages.ts';

test('storages - a bucket without a path is one of S3, under its own name or another', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-storages-'));
  const service = await SimulatedS3.start({ bucket: 'real-name' });
  const storages = new Storages(
    {
      buckets: {
        'partner-data': {
          bucket: 'real-name',
          endpoint: service.endpoint,
          region: 'us-east-1',
          pathStyle: true,
          credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
          assumeRole: false,
          partMegabytes: 8,
          partsInFlight: 4,
          requestTimeoutSeconds: 5,
          abortUploadsAfterHours: 24,
        },
      },
      fileSystems: {},
      accessPoints: {},
      uploadMemoryMegabytes: 32,
    },
    await DataFolder.open(folder),
    createLog({ level: 'silent' }),
  );
  t.after(async () => {
    await storages.close();
    await service[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  await storages.open();
  const storage = storages.buckets.get('partner-data');
  assert.ok(storage !== undefined);
  await store(storage.attach(testSession()), '/a.txt', 'hello');
  assert.equal(service.contents.get('a.txt').bytes.toString(), 'hello');
});
