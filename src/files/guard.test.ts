import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccessDenied } from './access.ts';
import { FileError } from './error.ts';
import type { FileSystem } from './file-system.ts';
import type { AccessScope } from './guard-scope.ts';
import { MemoryStorage } from './storage/memory.ts';
import { load, names, READ, store, testSession, WRITE } from './testing/fixture.ts';
import { DENIED, limited, policyOf, ROLE, type Statement } from './testing/policy-fixture.ts';
import { type RecordedCall, RecordingStorage } from './testing/recording-storage.ts';
import { virtualPath as path } from './virtual-path.ts';

const FOLLOW = { followLinks: true };
const BUCKET = 'arn:aws:s3:::bucket';
const APPEND = { ...WRITE, truncate: false, append: true };

/** `/d/a` and `/d/e` exist, and so does the empty directory `/d/sub`. */
async function bucket(): Promise<FileSystem> {
  const files = new MemoryStorage().attach(testSession());
  for (const directory of ['/d', '/d/sub']) await files.makeDirectory(path(directory), {});
  for (const file of ['/d/a', '/d/e']) await store(files, file, 'text');
  return files;
}

/** `Action key`, or `ListBucket prefix`. */
function allowing(need: string): Statement {
  const [action = '', key = ''] = need.split(' ');
  if (action !== 'ListBucket')
    return { Effect: 'Allow', Action: `s3:${action}`, Resource: `${BUCKET}/${key}` };
  const Condition = { StringEquals: { 's3:prefix': key, 's3:delimiter': '/' } };
  return { Effect: 'Allow', Action: 's3:ListBucket', Resource: BUCKET, Condition };
}

const open = async (files: FileSystem, name: string, mode: typeof READ): Promise<void> => {
  const handle = await files.open(path(name), mode, {});
  await handle.close();
};

interface Case {
  readonly run: (files: FileSystem) => Promise<unknown>;
  /** Every one of them, and nothing else. */
  readonly needs: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  'list a directory': { run: (files) => names(files, '/d'), needs: ['ListBucket d/'] },
  'list the bucket': { run: (files) => names(files, '/'), needs: ['ListBucket '] },
  'stat the bucket': { run: (files) => files.stat(path('/'), FOLLOW), needs: ['ListBucket '] },
  'stat a file by its object': { run: (files) => files.stat(path('/d/a'), FOLLOW), needs: ['GetObject d/a'] },
  'stat a file by a listing': { run: (files) => files.stat(path('/d/a'), FOLLOW), needs: ['ListBucket d/a'] },
  'stat a directory by a listing': {
    run: (files) => files.stat(path('/d'), FOLLOW),
    needs: ['ListBucket d/'],
  },
  'stat a directory by its marker': {
    run: (files) => files.stat(path('/d'), FOLLOW),
    needs: ['GetObject d/'],
  },
  space: { run: async (files) => files.spaceReporting?.space(path('/d')), needs: ['ListBucket d/'] },
  read: { run: (files) => load(files, '/d/a'), needs: ['GetObject d/a'] },
  store: { run: (files) => store(files, '/d/new', 'x'), needs: ['PutObject d/new'] },
  'store what must be new': {
    run: (files) => open(files, '/d/new', { ...APPEND, append: false, exclusive: true }),
    needs: ['PutObject d/new'],
  },
  append: { run: (files) => open(files, '/d/a', APPEND), needs: ['GetObject d/a', 'PutObject d/a'] },
  modify: {
    run: (files) => open(files, '/d/a', { ...APPEND, append: false }),
    needs: ['GetObject d/a', 'PutObject d/a'],
  },
  'read and write': {
    run: (files) => open(files, '/d/a', { ...WRITE, read: true }),
    needs: ['GetObject d/a', 'PutObject d/a'],
  },
  'make a file that is only read': {
    run: (files) => open(files, '/d/new', { ...READ, create: true }),
    needs: ['GetObject d/new', 'PutObject d/new'],
  },
  'empty a file': {
    run: (files) => files.setAttributes(path('/d/a'), { sizeBytes: 0 }, FOLLOW),
    needs: ['PutObject d/a'],
  },
  'cut a file': {
    run: (files) => files.setAttributes(path('/d/a'), { sizeBytes: 2 }, FOLLOW),
    needs: ['PutObject d/a', 'GetObject d/a'],
  },
  'set times': {
    run: (files) =>
      files.setAttributes(path('/d/a'), { times: { accessedSeconds: 1, modifiedSeconds: 1 } }, FOLLOW),
    needs: ['PutObject d/a', 'GetObject d/a'],
  },
  'make a directory': {
    run: (files) => files.makeDirectory(path('/d/new'), {}),
    needs: ['PutObject d/new/'],
  },
  'remove a directory': {
    run: (files) => files.removeDirectory(path('/d/sub')),
    needs: ['ListBucket d/sub/', 'DeleteObject d/sub/'],
  },
  'remove a file': { run: (files) => files.remove(path('/d/a')), needs: ['DeleteObject d/a'] },
  'rename a file': {
    run: (files) => files.rename(path('/d/a'), path('/d/b')),
    needs: ['GetObject d/a', 'DeleteObject d/a', 'PutObject d/b'],
  },
  'replace a file': {
    run: async (files) => files.replacing?.replace(path('/d/a'), path('/d/e')),
    needs: ['GetObject d/a', 'DeleteObject d/a', 'PutObject d/e'],
  },
  'rename an empty directory': {
    run: (files) => files.rename(path('/d/sub'), path('/d/moved')),
    needs: ['ListBucket d/sub/', 'GetObject d/sub/', 'DeleteObject d/sub/', 'PutObject d/moved/'],
  },
  'rename a directory with what is in it': {
    run: (files) => files.rename(path('/d'), path('/n')),
    needs: ['d/', 'd/sub/', 'd/a', 'd/e'].flatMap((key) => [
      ...(key.endsWith('/') ? [`ListBucket ${key}`] : []),
      `GetObject ${key}`,
      `DeleteObject ${key}`,
      `PutObject ${key.replace('d/', 'n/')}`,
    ]),
  },
};

const NOTHING_USEFUL: Statement = { Effect: 'Allow', Action: 's3:GetBucketLocation', Resource: '*' };

for (const [what, { run, needs }] of Object.entries(CASES)) {
  test(`guard - ${what}: allowed by ${needs.length} rights and by nothing less`, async () => {
    await run(limited(await bucket(), policyOf(...needs.map(allowing))));
    for (const missing of needs) {
      const others = needs.filter((need) => need !== missing).map(allowing);
      const files = limited(await bucket(), policyOf(NOTHING_USEFUL, ...others));
      await assert.rejects(run(files), DENIED, `without ${missing}`);
    }
  });

  test(`guard - ${what}: denied by a statement, and the storage is not asked to change anything`, async () => {
    const calls: RecordedCall[] = [];
    const recorded = new RecordingStorage('bucket', calls).attach(testSession());
    const everything: Statement = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
    const deny: Statement = { Sid: 'Closed', Effect: 'Deny', Action: 's3:*', Resource: '*' };
    // A recording storage reports no space, so there is nothing to be denied.
    if (what === 'space') return assert.equal(recorded.spaceReporting, undefined);
    await assert.rejects(run(limited(recorded, policyOf(everything, deny))), (error) => {
      assert.ok(error instanceof FileError && error.cause instanceof AccessDenied);
      assert.equal(error.message, 'permission denied');
      const { policy, statement, outcome } = error.cause;
      assert.deepEqual(
        { policy, statement, outcome },
        { policy: 'role', statement: { policy: 'role', index: 1, sid: 'Closed' }, outcome: 'explicit-deny' },
      );
      return true;
    });
    assert.deepEqual(calls, []);
  });
}

const LOOKS: Readonly<Record<string, (files: FileSystem, name: string) => Promise<unknown>>> = {
  stat: (files, name) => files.stat(path(name), FOLLOW),
  read: (files, name) => open(files, name, READ),
  space: async (files, name) => files.spaceReporting?.space(path(name)),
};
const UNSEEN: readonly (readonly [what: string, name: string, right: string])[] = [
  ['a directory whose name may be one of a file', '/d', 'GetObject d'],
  ['a file whose name may be one of a directory', '/d/a', 'GetObject d/a/'],
];
for (const [what, name, right] of UNSEEN) {
  for (const [operation, look] of Object.entries(LOOKS)) {
    if (operation === 'read' && name !== '/d') continue;
    test(`guard - ${operation} of ${what}: what may not be seen is not there`, async () => {
      const files = limited(await bucket(), policyOf(allowing(right)));
      await assert.rejects(look(files, name), (error) => {
        assert.ok(error instanceof FileError && error.cause instanceof AccessDenied);
        assert.equal(error.code, 'NOT_FOUND');
        assert.equal(error.message, 'no such file or directory');
        return true;
      });
      const above = { ...allowing('ListBucket '), Condition: { StringEquals: { 's3:prefix': ['', 'd/'] } } };
      const listed = limited(
        await bucket(),
        policyOf(allowing(right), name === '/d' ? allowing('ListBucket ') : above),
      );
      await assert.rejects(look(listed, name), DENIED, 'who sees it in the listing above is told why');
    });
  }
}

test('guard - times of a directory are written to its marker, and asked for as that', async () => {
  const times = { times: { accessedSeconds: 1, modifiedSeconds: 2 } };
  const everything = ['GetObject *', 'PutObject *', 'ListBucket d/', 'ListBucket d/sub/'].map(allowing);
  const noMarkers: Statement = { Effect: 'Deny', Action: 's3:PutObject', Resource: `${BUCKET}/*/` };
  const files = limited(await bucket(), policyOf(...everything, noMarkers));
  await files.setAttributes(path('/d/a'), times, FOLLOW);
  await assert.rejects(files.setAttributes(path('/d/sub'), times, FOLLOW), DENIED);
  await limited(await bucket(), policyOf(...everything)).setAttributes(path('/d/sub'), times, FOLLOW);
});

test('guard - the view of a mapping is judged by its keys in the bucket', async () => {
  const storage = new MemoryStorage();
  await storage.attach(testSession()).makeDirectory(path('/d'), {});
  const view = storage.attach(testSession(), path('/d'));
  const files = limited(view, policyOf(allowing('PutObject d/x')), { base: path('/d') });
  await store(files, '/x', 'x');
  await assert.rejects(store(files, '/y', 'x'), DENIED);
});

test('guard - the partition of the role is the one of its resources', async () => {
  const statement = { ...allowing('GetObject d/a'), Resource: 'arn:aws-cn:s3:::bucket/d/a' };
  const scope: AccessScope = { domain: 'S3', role: ROLE.replace('aws:', 'aws-cn:') };
  assert.equal(await load(limited(await bucket(), policyOf(statement), { scope }), '/d/a'), 'text');
});

test('guard - a handle for reading changes nothing unless the session may write the file', async () => {
  const reader = limited(await bucket(), policyOf(allowing('GetObject d/a')));
  const handle = await reader.open(path('/d/a'), READ, {});
  await assert.rejects(handle.setAttributes({ mode: 0o600 }), DENIED);
  await assert.rejects(handle.setAttributes({ sizeBytes: 0 }), DENIED);
  assert.equal((await handle.stat()).sizeBytes, 4);
  await handle.close();
  const both = limited(await bucket(), policyOf(allowing('GetObject d/a'), allowing('PutObject d/a')));
  const writable = await both.open(path('/d/a'), READ, {});
  await writable.setAttributes({ mode: 0o600 });
  await writable.close();
});

test('guard - two handles of one file are known to be of one file, whichever of them may change it', async () => {
  const policy = policyOf(allowing('GetObject d/a'), allowing('GetObject d/e'));
  const files = limited(await bucket(), policy);
  const [one, same, other] = await Promise.all(
    ['/d/a', '/d/a', '/d/e'].map((name) => files.open(path(name), READ, {})),
  );
  assert.ok(one && same && other);
  assert.equal(await one.isSameFile?.(same), true);
  assert.equal(await one.isSameFile?.(other), false);
  assert.equal(one.copyTo, undefined, 'what the storage cannot is not offered');
});

test('guard - links are not offered where names have rules of their own', () => {
  const recorded = new RecordingStorage('bucket', []).attach(testSession());
  assert.ok(recorded.links);
  assert.equal(limited(recorded, policyOf(allowing('GetObject a'))).links, undefined);
});

const EFS = 'arn:aws:elasticfilesystem:us-east-1:000000000000:file-system/fs-01234567';
const efs = (...actions: string[]): Statement => ({
  Effect: 'Allow',
  Action: actions.map((action) => `elasticfilesystem:${action}`),
  Resource: EFS,
});

async function share(policy: unknown, scope: Partial<AccessScope> = {}, name = 'fs-01234567') {
  return limited(await bucket(), policy, { scope: { domain: 'EFS', role: ROLE, uid: 1000, ...scope }, name });
}

for (const [what, { run }] of Object.entries(CASES)) {
  const changes = !/^(list|stat|space|read$)/.test(what);
  test(`guard - EFS, ${what}: needs ${changes ? 'ClientMount and ClientWrite' : 'ClientMount'}`, async () => {
    await run(await share(policyOf(efs('ClientMount', ...(changes ? ['ClientWrite'] : [])))));
    await assert.rejects(run(await share(policyOf(efs('ClientWrite', 'ClientRootAccess')))), DENIED);
    if (changes) await assert.rejects(run(await share(policyOf(efs('ClientMount')))), DENIED);
  });
}

test('guard - EFS, uid 0 needs ClientRootAccess, unless an access point gives it another identity', async () => {
  const mountOnly = policyOf(efs('ClientMount'));
  await assert.rejects((await share(mountOnly, { uid: 0 })).list(path('/')), DENIED);
  await names(await share(policyOf(efs('ClientMount', 'ClientRootAccess')), { uid: 0 }), '/');
  const accessPoints = new Map([['fsap-01234567', { fileSystemId: 'fs-01234567', uid: 1000 }]]);
  await names(await share(mountOnly, { uid: 0, accessPoints }, 'fsap-01234567'), '/');
});

test('guard - EFS, a policy can insist on an access point', async () => {
  const arn = 'arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-01234567';
  const Condition = { StringEquals: { 'elasticfilesystem:AccessPointArn': arn } };
  const policy = policyOf({ ...efs('ClientMount'), Condition });
  const accessPoints = new Map([['fsap-01234567', { fileSystemId: 'fs-01234567' }]]);
  await names(await share(policy, { accessPoints }, 'fsap-01234567'), '/');
  await assert.rejects((await share(policy, { accessPoints })).list(path('/')), DENIED);
});

test('guard - EFS, policies name a file system with its region', async () => {
  const policy = policyOf({ ...efs('ClientMount'), Resource: EFS.replace('us-east-1', 'eu-west-1') });
  const fileSystems = new Map([['fs-01234567', { region: 'eu-west-1' }]]);
  await names(await share(policy, { fileSystems }), '/');
  await assert.rejects((await share(policy)).list(path('/')), DENIED);
  const accessPoints = new Map([['fsap-01234567', { fileSystemId: 'fs-01234567' }]]);
  await names(await share(policy, { fileSystems, accessPoints }, 'fsap-01234567'), '/');
});

test('guard - EFS, where files are used as the process and that is root, ClientRootAccess is needed', async () => {
  const fileSystems = new Map([['fs-01234567', { region: 'us-east-1', uid: 0 }]]);
  const accessPoints = new Map([['fsap-01234567', { fileSystemId: 'fs-01234567', uid: 1000 }]]);
  for (const name of ['fs-01234567', 'fsap-01234567']) {
    const mountOnly = await share(policyOf(efs('ClientMount')), { fileSystems, accessPoints }, name);
    await assert.rejects(mountOnly.list(path('/')), DENIED, name);
  }
});
