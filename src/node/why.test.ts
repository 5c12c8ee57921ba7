import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfiguration } from './config/load.ts';
import { explainAccess, WhyError, type WhyQuestion } from './why.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:f';
const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
const FREE_ROLE = 'arn:aws:iam::000000000000:role/free-user';
const USER = ['$', '{transfer:UserName}'].join('');
const S3_SERVER = 's-0123456789abcdef0';
const EFS_SERVER = 's-0123456789abcdef1';
const UID = 54_321;
const OWN_UID = process.geteuid?.() ?? 0;

const ROLE_POLICY = {
  Version: '2012-10-17',
  Statement: [
    { Sid: 'Bucket', Effect: 'Allow', Action: 's3:*', Resource: '*' },
    { Sid: 'NoDelete', Effect: 'Deny', Action: 's3:DeleteObject', Resource: '*' },
    { Sid: 'Mount', Effect: 'Allow', Action: 'elasticfilesystem:*', Resource: '*' },
  ],
};
const SESSION_POLICY = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'Own',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
      Resource: `arn:aws:s3:::bucket/${USER}/*`,
    },
  ],
};
const LOGICAL = {
  Role: ROLE,
  HomeDirectoryType: 'LOGICAL',
  HomeDirectoryDetails: JSON.stringify([
    { Entry: '/in/daily', Target: `/bucket/${USER}` },
    { Entry: '/out', Target: '/archive/out' },
  ]),
  Policy: JSON.stringify(SESSION_POLICY),
};

async function configured(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-why-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(
    join(folder, 'f.mjs'),
    `export const handler = async (event) => event.username === 'jane' && event.password === undefined ? ${JSON.stringify(LOGICAL)} : {};`,
  );
  const server = (ServerId: string, Domain: string) => ({
    ServerId,
    Domain,
    IdentityProviderType: 'AWS_LAMBDA',
    IdentityProviderDetails: { Function: FUNCTION },
    listen: { SFTP: '127.0.0.1:0' },
  });
  const file = join(folder, 'drawbridge.yaml');
  const configuration = {
    storage: {
      buckets: { bucket: { path: './bucket' }, archive: { path: './archive' } },
      fileSystems: { 'fs-01234567': { path: './share' } },
    },
    roles: { [ROLE]: { policy: ROLE_POLICY }, [FREE_ROLE]: {} },
    functions: { [FUNCTION]: { module: './f.mjs' } },
    servers: [server(S3_SERVER, 'S3'), server(EFS_SERVER, 'EFS')],
  };
  await writeFile(file, JSON.stringify(configuration).replaceAll('${', '$${'));
  return { folder, configuration: await loadConfiguration({ file, environment: {} }) };
}

async function why(t: TestContext, question: Partial<WhyQuestion>) {
  const { configuration } = await configured(t);
  const { outcome, lines } = await explainAccess(configuration, {
    userName: 'jane',
    operation: 'get',
    path: '/in/daily/a',
    protocol: 'SFTP',
    serverId: S3_SERVER,
    sourceIp: '203.0.113.9',
    answer: LOGICAL,
    signal: t.signal,
    ...question,
  });
  return { outcome, text: lines.join('\n') };
}

test('why - the mapping, the ARN and the statement of each policy are told', async (t) => {
  const { outcome, text } = await why(t, {});
  assert.equal(outcome, 'allowed');
  assert.match(text, /Mapping: {2}\/in\/daily → \/bucket\/jane\n/);
  assert.match(text, /Place: {4}\/bucket\/jane\/a\n/);
  assert.match(text, /Storage: {2}bucket bucket, a folder on disk\n/);
  assert.match(text, /s3:GetObject on arn:aws:s3:::bucket\/jane\/a\n/);
  assert.match(text, /allowed by Statement\[0\] "Bucket" of the role policy\n/);
  assert.match(text, /allowed by Statement\[0\] "Own" of the session policy\n/);
  assert.match(text, /Decision: ALLOWED/);
});

test('why - a denial names the statement that decided', async (t) => {
  const { outcome, text } = await why(t, { operation: 'rm' });
  assert.equal(outcome, 'denied');
  assert.match(
    text,
    /Decision: DENIED, s3:DeleteObject on .* is denied by Statement\[1\] "NoDelete" of the role policy/,
  );
});

test('why - what no statement allows is told as that, with the condition that was looked at', async (t) => {
  const { outcome, text } = await why(t, { operation: 'list', path: '/in/daily' });
  assert.equal(outcome, 'denied');
  assert.match(text, /s3:ListBucket on arn:aws:s3:::bucket with s3:prefix "jane\/"\n/);
  assert.match(text, /no statement of the session policy allows it/);
});

test('why - the provider is asked as for a key look-up, and who it does not know is told', async (t) => {
  const { configuration } = await configured(t);
  const question: WhyQuestion = {
    userName: 'jane',
    operation: 'put',
    path: '/in/daily/a',
    protocol: 'SFTP',
    serverId: S3_SERVER,
    sourceIp: '127.0.0.1',
    signal: t.signal,
  };
  assert.equal((await explainAccess(configuration, question)).outcome, 'allowed');
  for (const other of [{ userName: 'bobby' }, { password: 'wrong' }]) {
    await assert.rejects(explainAccess(configuration, { ...question, ...other }), (error) => {
      assert.ok(error instanceof WhyError);
      assert.match(error.message, /NOT_AUTHENTICATED/);
      return true;
    });
  }
});

const OPERATIONS: readonly [WhyQuestion['operation'], WhyQuestion['path'], 'allowed' | 'denied'][] = [
  ['stat', '/in/daily/a', 'allowed'],
  ['get', '/in/daily/a', 'allowed'],
  ['get', 'in/daily/../daily/a', 'allowed'],
  ['put', '/in/daily/a', 'allowed'],
  ['append', '/in/daily/a', 'allowed'],
  ['mkdir', '/in/daily/d', 'allowed'],
  ['setstat', '/in/daily/a', 'allowed'],
  ['rmdir', '/in/daily/d', 'denied'],
  ['rm', '/in/daily/a', 'denied'],
  ['rm', '/in/daily', 'denied'],
  ['list', '/', 'allowed'],
  ['stat', '/in', 'allowed'],
  ['put', '/in', 'denied'],
  ['put', '/in/file', 'denied'],
  ['get', '/bucket/jane/a', 'denied'],
  ['get', '/out/a', 'denied'],
];
for (const [operation, path, expected] of OPERATIONS) {
  test(`why - ${operation} ${path} is ${expected}`, async (t) => {
    const { outcome, text } = await why(t, { operation, path });
    assert.equal(outcome, expected, text);
  });
}

test('why - a rename is judged with its target, and not across mappings', async (t) => {
  const rename = { operation: 'rename', path: '/in/daily/a' } as const;
  const across = await why(t, { ...rename, target: '/out/a' });
  assert.equal(across.outcome, 'denied');
  assert.match(across.text, /CROSS_STORAGE/);
  const inside = await why(t, { ...rename, target: '/in/daily/b' });
  assert.match(inside.text, /s3:PutObject on arn:aws:s3:::bucket\/jane\/b\n/);
  assert.match(inside.text, /Policies, for a file:\n.*Policies, for a directory:\n/s);
  assert.equal(inside.outcome, 'denied', 'the role forbids to delete');
});

test('why - a path is one of a file, with a slash at its end one of a directory, and the difference is told', async (t) => {
  const rename = { operation: 'rename', path: '/in/daily/a', target: '/in/daily/b' } as const;
  const noMarkers = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 's3:*', Resource: '*' },
      { Sid: 'NoMkdir', Effect: 'Deny', Action: 's3:PutObject', Resource: 'arn:aws:s3:::bucket/*/' },
    ],
  };
  const answer = { ...LOGICAL, Role: FREE_ROLE, Policy: JSON.stringify(noMarkers) };
  const file = await why(t, { ...rename, answer });
  assert.equal(file.outcome, 'allowed');
  assert.match(
    file.text,
    /Decision: ALLOWED, every policy allows it; it is denied for a directory, whose path/,
  );
  const directory = await why(t, { ...rename, path: '/in/daily/a/', answer });
  assert.equal(directory.outcome, 'denied');
  assert.match(directory.text, /Asked: {4}rename \/in\/daily\/a\/ /);
  assert.match(directory.text, /Decision: DENIED, s3:PutObject on .*\/jane\/b\/ is denied by .*"NoMkdir"/);
});

test('why - without any policy the storage alone decides', async (t) => {
  const { Policy: _policy, ...rest } = LOGICAL;
  const { outcome, text } = await why(t, { operation: 'rm', answer: { ...rest, Role: FREE_ROLE } });
  assert.equal(outcome, 'allowed');
  assert.match(text, /Policies: none\n/);
});

test('why - what cannot be told says what is missing', async (t) => {
  const cases: readonly [Partial<WhyQuestion>, RegExp][] = [
    [{ serverId: 's-00000000000000000' }, /there is no server s-0+; there is/],
    [{ protocol: 'FTP' }, /does not serve FTP/],
    [{ answer: {} }, /NOT_AUTHENTICATED/],
    [{ answer: { ...LOGICAL, Policy: '{"Statement":[]}' } }, /SESSION_POLICY_UNUSABLE/],
    [{ userName: '../etc' }, /user name/i],
    [{ userName: 'bobby', answer: undefined }, /asked without a password.*--password-stdin.*--answer/],
    [{ path: 'a\0b' }, /NUL/],
  ];
  for (const [question, message] of cases) {
    await assert.rejects(why(t, question), (error) => {
      assert.ok(error instanceof WhyError);
      assert.match(error.message, message);
      return true;
    });
  }
  const { configuration } = await configured(t);
  const unnamed = {
    userName: 'jane',
    operation: 'get',
    path: '/',
    protocol: 'SFTP',
    sourceIp: '::1',
    answer: LOGICAL,
    signal: t.signal,
  } as const;
  await assert.rejects(explainAccess(configuration, unnamed), {
    message: /name the server: one of s-.*, s-/,
  });
});

const EFS_ANSWER = {
  Role: ROLE,
  HomeDirectory: '/fs-01234567/home/jane',
  PosixProfile: { Uid: UID, Gid: UID, SecondaryGids: [] },
};

test('why - on a POSIX file system the name whose mode bits refuse is told', async (t) => {
  const { configuration, folder } = await configured(t);
  const share = join(folder, 'share');
  await mkdir(join(share, 'home', 'jane'), { recursive: true });
  await writeFile(join(share, 'home', 'jane', 'a'), 'x', { mode: 0o644 });
  for (const directory of ['', 'home', 'home/jane']) await chmod(join(share, directory), 0o755);
  const ask = async (operation: WhyQuestion['operation'], path = 'a', answer: unknown = EFS_ANSWER) => {
    const { outcome, lines } = await explainAccess(configuration, {
      userName: 'jane',
      operation,
      path,
      protocol: 'SFTP',
      serverId: EFS_SERVER,
      sourceIp: '127.0.0.1',
      answer,
      signal: t.signal,
    });
    return { outcome, text: lines.join('\n') };
  };
  const readable = await ask('get');
  assert.equal(readable.outcome, 'allowed', readable.text);
  assert.match(readable.text, /\/home\/jane: rwxr-xr-x .*search as another user: yes/);
  const unwritable = await ask('put');
  assert.equal(unwritable.outcome, 'denied');
  assert.match(
    unwritable.text,
    /POSIX: \/home\/jane\/a \(rw-r--r--.* does not let uid 54321 write, as another user/,
  );
  assert.match((await ask('mkdir', 'd')).text, /POSIX: \/home\/jane \(/);
  assert.equal((await ask('rm')).outcome, 'denied');
  assert.equal((await ask('get', 'missing')).outcome, 'unknown');
  await chmod(join(share, 'home'), 0o700);
  const hidden = await ask('get');
  assert.equal(hidden.outcome, 'denied');
  assert.match(hidden.text, /POSIX: \/home \(rwx------.* does not let uid 54321 search/);
  const asRoot = await ask('rm', 'a', { ...EFS_ANSWER, PosixProfile: { Uid: 0, Gid: 0 } });
  assert.equal(asRoot.outcome, 'allowed');
});

test('why - a file system is named with its region, and as root where its files are used as the process', async (t) => {
  const { configuration } = await configured(t);
  const region = 'eu-west-1';
  const path = join(tmpdir(), 'nowhere');
  const fileSystems = { 'fs-01234567': { path, region, identity: 'process', durability: 'close' } } as const;
  const { outcome, lines } = await explainAccess(
    { ...configuration, storage: { ...configuration.storage, fileSystems } },
    {
      userName: 'jane',
      operation: 'get',
      path: 'a',
      protocol: 'SFTP',
      serverId: EFS_SERVER,
      sourceIp: '127.0.0.1',
      answer: EFS_ANSWER,
      signal: t.signal,
    },
  );
  assert.equal(outcome, 'unknown');
  const text = lines.join('\n');
  const arn = 'arn:aws:elasticfilesystem:eu-west-1:000000000000:file-system/fs-01234567';
  assert.ok(text.includes(`elasticfilesystem:ClientMount on ${arn}\n`), text);
  assert.equal(text.includes(`elasticfilesystem:ClientRootAccess on ${arn}\n`), OWN_UID === 0);
  assert.match(text, new RegExp(`POSIX, as uid ${OWN_UID},`));
});
