import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Configuration, loadConfiguration } from './load.ts';
import { ConfigurationError } from './problem.ts';

const SECRET = 'very-secret-value';
const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:f';

async function load(
  t: TestContext,
  bucket: string,
  environment: Record<string, string> = {},
): Promise<Configuration['storage']['buckets'][string] | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-buckets-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'drawbridge.yaml');
  await writeFile(
    file,
    `\
storage:
  buckets:
    data-bucket: ${bucket}
roles: { arn:aws:iam::000000000000:role/transfer-user: {} }
functions: { '${FUNCTION}': { module: ./f.ts } }
servers:
  - IdentityProviderType: AWS_LAMBDA
    IdentityProviderDetails: { Function: '${FUNCTION}' }
    listen: { SFTP: 127.0.0.1:2222 }
`,
  );
  const configuration = await loadConfiguration({ file, environment });
  return configuration.storage.buckets['data-bucket'];
}

/** The problems of a bucket that must be refused, each after the bucket's name. */
async function problems(t: TestContext, bucket: string): Promise<readonly string[]> {
  const error: unknown = await load(t, bucket).then(
    () => undefined,
    (error_: unknown) => error_,
  );
  assert.ok(error instanceof ConfigurationError, String(error));
  assert.ok(!error.message.includes(SECRET), 'a secret is shown');
  return error.message
    .split('\n')
    .map((line) => line.replace(/^.*drawbridge\.yaml:\d+: storage\.buckets\./, ''));
}

test('bucket - a region is enough for one of AWS', async (t) => {
  assert.deepEqual(await load(t, '{ region: eu-central-1 }'), {
    region: 'eu-central-1',
    pathStyle: false,
    assumeRole: false,
    partMegabytes: 8,
    partsInFlight: 4,
    requestTimeoutSeconds: 60,
    abortUploadsAfterHours: 24,
  });
});

test('bucket - another service is given by endpoint and keys, numbers by variables too', async (t) => {
  const bucket = await load(
    t,
    `{ endpoint: http://127.0.0.1:9000, pathStyle: true, partMegabytes: '\${PART}',
      credentials: { accessKeyId: id, secretAccessKey: ${SECRET} } }`,
    { PART: '16' },
  );
  assert.ok(bucket !== undefined && !('path' in bucket));
  assert.equal(bucket.endpoint, 'http://127.0.0.1:9000');
  assert.equal(bucket.partMegabytes, 16);
  assert.deepEqual(bucket.credentials, { accessKeyId: 'id', secretAccessKey: SECRET });
});

const WRONG: Readonly<Record<string, readonly [string, string]>> = {
  'nothing at all': [
    '{}',
    'data-bucket: is empty; give path: for a folder on disk, or region: for a bucket of S3',
  ],
  'a folder and S3 at once': [
    '{ path: ./here, region: us-east-1 }',
    'data-bucket.region: does not go with path; remove the one or the other',
  ],
  'a path that is empty': ["{ path: '' }", 'data-bucket.path: must be at least 1 character long'],
  'a misspelt path': ['{ paht: ./here }', "data-bucket.paht: unknown key; did you mean 'path'?"],
  'a misspelt key of S3': [
    '{ region: us-east-1, endpont: http://127.0.0.1 }',
    "data-bucket.endpont: unknown key; did you mean 'endpoint'?",
  ],
  'a misspelt key of the credentials': [
    `{ credentials: { accessKeyId: id, secretAccesKey: ${SECRET}, secretAccessKey: ${SECRET} } }`,
    "data-bucket.credentials.secretAccesKey: unknown key; did you mean 'secretAccessKey'?",
  ],
  'a key without its secret': [
    '{ credentials: { accessKeyId: id } }',
    'data-bucket.credentials.secretAccessKey: is required',
  ],
  'an endpoint of another kind': ['{ endpoint: ftp://127.0.0.1 }', 'data-bucket.endpoint: is not valid'],
  'a part that S3 does not take': ['{ partMegabytes: 4 }', 'data-bucket.partMegabytes: must be at least 5'],
  'an STS that nobody asks': [
    '{ stsEndpoint: http://127.0.0.1:9000 }',
    'data-bucket.stsEndpoint: is used with assumeRole: true only; remove it, or set that',
  ],
  'roles of AWS for another service': [
    '{ endpoint: http://127.0.0.1:9000, assumeRole: true }',
    'data-bucket.assumeRole: needs stsEndpoint: the keys that STS of AWS hands out are not known to another endpoint',
  ],
  'a key that AES256 does not use': [
    '{ serverSideEncryption: { algorithm: AES256, kmsKeyId: k } }',
    'data-bucket.serverSideEncryption.kmsKeyId: is not used by AES256; set algorithm: aws:kms, or remove it',
  ],
};

for (const [what, [bucket, expected]] of Object.entries(WRONG)) {
  test(`bucket - ${what} is named, with the fix`, async (t) => {
    assert.deepEqual(await problems(t, bucket), [expected]);
  });
}

test('bucket - roles may be assumed through a VPC endpoint of AWS', async (t) => {
  const endpoint = 'https://bucket.vpce-1a2b3c4d.s3.us-east-1.vpce.amazonaws.com';
  const bucket = await load(t, `{ endpoint: '${endpoint}', assumeRole: true }`);
  assert.ok(bucket !== undefined && !('path' in bucket) && bucket.assumeRole);
});
