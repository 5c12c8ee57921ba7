import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createLog } from '../../../telemetry/log.ts';
import { FileError } from '../../error.ts';
import type { StorageSession } from '../../storage.ts';
import { load, store as storeFile, testSession } from '../../testing/fixture.ts';
import { virtualPath } from '../../virtual-path.ts';
import { S3Storage, type S3StorageOptions } from './storage.ts';
import { SimulatedS3 } from './testing/simulated-s3.ts';
import { SimulatedSts } from './testing/simulated-sts.ts';
import { UploadMemory } from './upload-memory.ts';

const KEYS = { accessKeyId: 'base', secretAccessKey: 'very-secret' };

interface Bench {
  readonly service: SimulatedS3;
  readonly lines: string[];
  make(options?: Partial<S3StorageOptions>): S3Storage;
}

async function bench(t: TestContext): Promise<Bench> {
  const service = await SimulatedS3.start();
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-s3-'));
  const lines: string[] = [];
  const storages: S3Storage[] = [];
  t.after(async () => {
    for (const storage of storages) await storage.close();
    await service[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const make = (options: Partial<S3StorageOptions> = {}): S3Storage => {
    const storage = new S3Storage({
      name: 'partner-data',
      bucket: service.bucket,
      endpoint: service.endpoint,
      region: 'us-east-1',
      pathStyle: true,
      credentials: KEYS,
      assumeRole: false,
      partMegabytes: 5,
      partsInFlight: 2,
      requestTimeoutSeconds: 1,
      abortUploadsAfterHours: 24,
      memory: new UploadMemory({ maxBytes: 32 * 1024 ** 2 }),
      journalFile: join(folder, 'uploads', 'partner-data.jsonl'),
      log: createLog({ level: 'debug', stream: { write: (line) => void lines.push(line) } }),
      ...options,
    });
    storages.push(storage);
    return storage;
  };
  return { service, lines, make };
}

async function sts(t: TestContext): Promise<SimulatedSts> {
  const service = await SimulatedSts.start();
  t.after(() => service[Symbol.asyncDispose]());
  return service;
}

test('storage - files are written and read, and homes need not exist', async (t) => {
  const { make } = await bench(t);
  const storage = make();
  await storage.open();
  assert.equal(storage.homes, 'implied');
  const files = storage.attach(testSession(), virtualPath('/home/jane'));
  await storeFile(files, '/a.txt', 'hello');
  assert.equal(await load(files, '/a.txt'), 'hello');
  assert.equal(await load(storage.attach(testSession()), '/home/jane/a.txt'), 'hello');
});

for (const [what, code, status, advice] of [
  ['no bucket', 'NoSuchBucket', 404, /bucket partner-data: there is no such bucket/],
  ['an unknown key', 'InvalidAccessKeyId', 403, /bucket partner-data: the keys are not accepted/],
  ['a wrong secret', 'SignatureDoesNotMatch', 403, /bucket partner-data: the keys are not accepted/],
] as const) {
  test(`open - ${what} is refused, with the fix and without the secret`, async (t) => {
    const { make, service, lines } = await bench(t);
    service.failOperation('ListObjectsV2', { kind: 'status', status, code }, 10);
    await assert.rejects(make().open(), (error: unknown) => {
      assert.ok(error instanceof FileError);
      assert.match(error.message, advice);
      assert.ok(!`${error.message}${String(error.cause)}`.includes(KEYS.secretAccessKey));
      return true;
    });
    assert.ok(!lines.join('').includes(KEYS.secretAccessKey));
  });
}

test('open - a service that is down is said and does not stop the start', async (t) => {
  const { make, lines } = await bench(t);
  await make({ endpoint: 'http://127.0.0.1:1' }).open();
  assert.match(lines.join(''), /a bucket may not be usable.*/);
  assert.match(lines.join(''), /it cannot be reached/);
});

test('open - keys that may not list are said and used', async (t) => {
  const { make, service, lines } = await bench(t);
  service.failOperation('ListObjectsV2', { kind: 'status', status: 403, code: 'AccessDenied' });
  await make().open();
  assert.match(lines.join(''), /it may not be listed with these keys/);
});

test('role - every session works with keys of its own, asked for once', async (t) => {
  const { make, service } = await bench(t);
  const tokens = await sts(t);
  const storage = make({ assumeRole: true, stsEndpoint: tokens.endpoint });
  await storage.open();
  const session: StorageSession = { ...testSession(), sessionPolicy: '{"Version":"2012-10-17"}' };
  await storage.admit(session);
  await storeFile(storage.attach(session), '/a.txt', 'x');
  await load(storage.attach(session, virtualPath('/')), '/a.txt');
  const asked = tokens.requests.filter((form) => form.get('Action') === 'AssumeRole');
  assert.equal(asked.length, 1);
  assert.equal(asked[0]?.get('RoleArn'), session.role);
  assert.equal(asked[0]?.get('RoleSessionName'), 'jane.0123456789abcdef@s-0123456789abcdef0');
  assert.equal(asked[0]?.get('Policy'), session.sessionPolicy);
  const put = service.requests.find(({ operation }) => operation === 'PutObject');
  assert.equal(put?.headers['x-amz-security-token'], 'token-2');
});

test('role - keys are renewed before they expire', async (t) => {
  const { make } = await bench(t);
  const tokens = await sts(t);
  tokens.lifetimeMs = 60_000;
  const storage = make({ assumeRole: true, stsEndpoint: tokens.endpoint });
  const session = testSession();
  await storage.admit(session);
  await storage.admit(session);
  assert.equal(tokens.requests.length, 2);
});

test('role - one that cannot be assumed refuses the login, and the log says why', async (t) => {
  const { make, lines } = await bench(t);
  const tokens = await sts(t);
  const session = testSession();
  tokens.refused.add(session.role);
  const storage = make({ assumeRole: true, stsEndpoint: tokens.endpoint });
  await assert.rejects(storage.admit(session), (error: unknown) => {
    assert.ok(error instanceof FileError && error.code === 'PERMISSION_DENIED');
    return true;
  });
  assert.match(lines.join(''), /the role of a user cannot be assumed/);
  assert.match(lines.join(''), /AssumeRole: AccessDenied, HTTP 403/);
});
