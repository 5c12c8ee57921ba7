import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../policy/index.ts';
import { HOME_LOCK_DOWN } from '../policy/testing/home-lock-down.ts';
import { SessionAccess } from './access.ts';
import type { FileSystem } from './file-system.ts';
import { openHome } from './home.ts';
import type { HomeSpec } from './home-spec.ts';
import { readSessionPolicy } from './session-policy.ts';
import { MemoryStorage } from './storage/memory.ts';
import type { Storage } from './storage.ts';
import { load, names, store, testSession, WRITE } from './testing/fixture.ts';
import { DENIED, PRINCIPAL, policyOf, S3_SCOPE } from './testing/policy-fixture.ts';
import { virtualPath as path } from './virtual-path.ts';

const FOLLOW = { followLinks: true };
const variable = (name: string): string => ['$', '{transfer:', name, '}'].join('');

/** The canonical policies of aws-transfer.md section 4.6. */
const READ_WRITE = policyOf(
  { Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetBucketLocation'], Resource: 'arn:aws:s3:::bucket' },
  {
    Effect: 'Allow',
    Action: [
      's3:PutObject',
      's3:GetObject',
      's3:DeleteObject',
      's3:DeleteObjectVersion',
      's3:GetObjectVersion',
      's3:GetObjectTagging',
      's3:GetObjectVersionTagging',
      's3:GetObjectAcl',
      's3:PutObjectAcl',
    ],
    Resource: 'arn:aws:s3:::bucket/*',
  },
);
const NO_MKDIR = policyOf(
  { Effect: 'Allow', Action: 's3:*', Resource: ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/*'] },
  { Sid: 'NoMkdir', Effect: 'Deny', Action: 's3:PutObject', Resource: 'arn:aws:s3:::bucket/*/' },
);
const WRITE_AND_LIST = policyOf(
  {
    Effect: 'Allow',
    Action: ['s3:ListBucket', 's3:PutObject', 's3:GetObject', 's3:GetObjectVersion'],
    Resource: ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/*'],
  },
  {
    Effect: 'Deny',
    Action: ['s3:GetObject', 's3:GetObjectVersion'],
    NotResource: ['arn:aws:s3:::bucket/*/', 'arn:aws:s3:::bucket/*.filepart'],
  },
);

const PATH_HOME: HomeSpec = { type: 'PATH', directory: path('/bucket/home/jane') };
const LOGICAL_HOME: HomeSpec = {
  type: 'LOGICAL',
  directory: path('/'),
  mappings: [{ entry: path('/'), target: path('/bucket/home/jane'), type: 'DIRECTORY' }],
};

interface Policies {
  readonly role?: unknown;
  readonly session?: unknown;
}

/** A bucket with the files of jane and of bob, and jane's home in it. */
async function homeOf(
  spec: HomeSpec,
  { role, session }: Policies,
  homes: Storage['homes'] = 'made',
): Promise<FileSystem> {
  const bucket = Object.assign(new MemoryStorage(), { homes });
  const files = bucket.attach(testSession());
  for (const directory of ['/home', '/home/bob', ...(homes === 'made' ? ['/home/jane'] : [])])
    await files.makeDirectory(path(directory), {});
  await store(files, '/home/bob/secret', 'of bob');
  const read = session === undefined ? undefined : readSessionPolicy(JSON.stringify(session), spec, 'jane');
  assert.notEqual(read?.outcome, 'unusable');
  const access = SessionAccess.from({
    principal: PRINCIPAL,
    ...(role === undefined ? {} : { rolePolicy: compilePolicy(role) }),
    ...(read?.outcome === 'usable' ? { sessionPolicy: read.policy } : {}),
  });
  const storages = new Map<string, Storage>([['bucket', bucket]]);
  return openHome(
    spec,
    storages,
    testSession(),
    access === undefined ? undefined : { access, scope: S3_SCOPE },
  );
}

for (const homes of ['made', 'implied'] as const) {
  test(`policy - home lock-down, PATH, homes ${homes}: the home is the user's, and nothing else can be seen`, async () => {
    const home = await homeOf(PATH_HOME, { role: READ_WRITE, session: HOME_LOCK_DOWN }, homes);
    const landing = await home.stat(path('/bucket/home/jane'), FOLLOW);
    assert.equal(landing.type, 'directory');
    assert.deepEqual(await names(home, '/bucket/home/jane'), []);
    for (const outside of [
      '/bucket',
      '/bucket/home',
      '/bucket/home/bob',
      '/bucket/home/bob/secret',
      '/bucket/home/janet',
    ]) {
      await assert.rejects(home.stat(path(outside), FOLLOW), DENIED, outside);
      await assert.rejects(home.list(path(outside)), DENIED, outside);
      await assert.rejects(store(home, outside, 'x'), DENIED, outside);
    }
  });
}

test('policy - home lock-down: everything can be done in the home, and nothing leaves it', async () => {
  const home = await homeOf(PATH_HOME, { role: READ_WRITE, session: HOME_LOCK_DOWN });
  const inside = (name: string) => path(`/bucket/home/jane/${name}`);
  await home.makeDirectory(inside('d'), {});
  await store(home, inside('d/a'), 'text');
  await store(home, inside('d/a'), 'more', { ...WRITE, truncate: false, append: true });
  assert.equal(await load(home, inside('d/a')), 'textmore');
  await home.rename(inside('d'), inside('e'));
  await assert.rejects(home.rename(inside('e/a'), path('/bucket/home/bob/a')), DENIED);
  await assert.rejects(home.rename(path('/bucket/home/bob/secret'), inside('a')), DENIED);
  await home.remove(inside('e/a'));
  await home.removeDirectory(inside('e'));
  assert.deepEqual(await names(home, '/bucket/home/jane'), []);
});

test('policy - home lock-down is for PATH homes: its variables have no value in a LOGICAL one', () => {
  const read = readSessionPolicy(JSON.stringify(HOME_LOCK_DOWN), LOGICAL_HOME, 'jane');
  assert.ok(read.outcome === 'unusable');
  assert.match(read.reason, /HomeBucket/);
  const atRoot = readSessionPolicy(
    JSON.stringify(HOME_LOCK_DOWN),
    { type: 'PATH', directory: path('/') },
    'jane',
  );
  assert.equal(atRoot.outcome, 'unusable', 'the root is in no bucket');
});

test('policy - in a LOGICAL home the user name is a variable', async () => {
  const session = policyOf(
    { Effect: 'Allow', Action: 's3:*', Resource: `arn:aws:s3:::bucket/home/${variable('UserName')}/*` },
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: 'arn:aws:s3:::bucket',
      Condition: { StringLike: { 's3:prefix': `home/${variable('UserName')}/*` } },
    },
  );
  const home = await homeOf(LOGICAL_HOME, { session }, 'implied');
  assert.equal((await home.stat(path('/'), FOLLOW)).type, 'directory', 'the mapping can be looked at');
  assert.deepEqual(await names(home, '/'), []);
});

test('policy - role read/write: everything in the bucket, by the role alone', async () => {
  const home = await homeOf(PATH_HOME, { role: READ_WRITE });
  assert.equal(await load(home, '/bucket/home/bob/secret'), 'of bob');
  await home.makeDirectory(path('/bucket/new'), {});
  await store(home, '/bucket/new/a', 'x');
  await home.rename(path('/bucket/new/a'), path('/bucket/new/b'));
  await home.remove(path('/bucket/new/b'));
  await home.removeDirectory(path('/bucket/new'));
  assert.deepEqual(await names(home, '/bucket'), ['home']);
});

test('policy - no mkdir: files can be stored, directories can neither be made nor renamed', async () => {
  const home = await homeOf(LOGICAL_HOME, { role: NO_MKDIR });
  await store(home, '/a', 'x');
  await home.rename(path('/a'), path('/b'));
  await assert.rejects(home.makeDirectory(path('/d'), {}), DENIED);
  const whole = await homeOf(PATH_HOME, { role: NO_MKDIR });
  await assert.rejects(whole.rename(path('/bucket/home/bob'), path('/bucket/home/rob')), DENIED);
});

test('policy - write and list only: files are stored and seen, and never read', async () => {
  const home = await homeOf(LOGICAL_HOME, { role: WRITE_AND_LIST });
  await home.makeDirectory(path('/d'), {});
  await store(home, '/d/a', 'x');
  assert.deepEqual(await names(home, '/d'), ['a']);
  assert.equal((await home.stat(path('/d/a'), FOLLOW)).sizeBytes, 1);
  await assert.rejects(load(home, '/d/a'), DENIED);
  await assert.rejects(store(home, '/d/a', 'y', { ...WRITE, truncate: false, append: true }), DENIED);
  await assert.rejects(home.rename(path('/d/a'), path('/d/b')), DENIED);
  await assert.rejects(home.remove(path('/d/a')), DENIED);
  await store(home, '/d/a.filepart', 'z');
  assert.equal(await load(home, '/d/a.filepart'), 'z', 'WinSCP goes on with what it began');
});

test('policy - variables are written out without the slashes at the ends of the home', () => {
  const home: HomeSpec = { type: 'PATH', directory: path('/home/bob/amazon/stuff/') };
  const read = readSessionPolicy(JSON.stringify(HOME_LOCK_DOWN), home, 'bob');
  assert.ok(read.outcome === 'usable');
  assert.match(read.text, /"arn:aws:s3:::home"/);
  assert.match(read.text, /\["bob\/amazon\/stuff\/\*","bob\/amazon\/stuff"\]/);
  assert.match(read.text, /"arn:aws:s3:::home\/bob\/amazon\/stuff\/\*"/);
});
