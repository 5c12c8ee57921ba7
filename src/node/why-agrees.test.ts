/** `drawbridge why` says what the guard does, for generated policies. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sessionLimits } from '../endpoint/session-limits.ts';
import { AccessDenied } from '../files/access.ts';
import { FileError } from '../files/error.ts';
import type { FileSystem, OpenMode } from '../files/file-system.ts';
import { openHome } from '../files/home.ts';
import { MemoryStorage } from '../files/storage/memory.ts';
import { names, READ, store, testSession, WRITE } from '../files/testing/fixture.ts';
import { virtualPath } from '../files/virtual-path.ts';
import { IdentityRequest, parseIdentityResponse } from '../identity/index.ts';
import { accessPointsOf, fileSystemsOf, rolesOf } from './access.ts';
import type { Configuration } from './config/load.ts';
import { loadConfiguration } from './config/load.ts';
import { explainAccess } from './why.ts';
import type { WhyOperation } from './why-operation.ts';

const FOLLOW = { followLinks: true };
const SERVER_ID = 's-0123456789abcdef0';
const SOURCE_IP = '203.0.113.9';
const SESSION_ID = '0000000000000000';
const TIMES = { times: { accessedSeconds: 1, modifiedSeconds: 2 } };

// ── What is done ────────────────────────────────────────────────────────────────────────────────────────────────────

interface Deed {
  readonly operation: WhyOperation;
  /** As it is given to the command; of a directory with a slash. */
  readonly path: string;
  readonly target?: string;
  readonly run: (home: FileSystem) => Promise<unknown>;
}

const opened = async (home: FileSystem, path: string, mode: OpenMode): Promise<void> => {
  const handle = await home.open(virtualPath(path), mode, {});
  await handle.close();
};
const moved = (path: string, target: string): Deed => ({
  operation: 'rename',
  path,
  target,
  run: (home) => home.rename(virtualPath(path), virtualPath(target)),
});
const changed = (path: string): Deed => ({
  operation: 'setstat',
  path,
  run: (home) => home.setAttributes(virtualPath(path), TIMES, FOLLOW),
});
const seen = (path: string): Deed => ({
  operation: 'stat',
  path,
  run: (home) => home.stat(virtualPath(path), FOLLOW),
});

/** `/file`, `/d/file` and the empty directory `/d/empty` are there. */
const DEEDS: readonly Deed[] = [
  ...['/', '/d', '/d/'].map((path): Deed => ({ operation: 'list', path, run: (home) => names(home, path) })),
  ...['/', '/file', '/d/file', '/d/', '/d/empty/'].map(seen),
  ...['/file', '/d/file'].map(
    (path): Deed => ({ operation: 'get', path, run: (home) => opened(home, path, READ) }),
  ),
  ...['/file', '/d/new'].map(
    (path): Deed => ({ operation: 'put', path, run: (home) => opened(home, path, WRITE) }),
  ),
  {
    operation: 'append',
    path: '/d/file',
    run: (home) => opened(home, '/d/file', { ...WRITE, truncate: false, append: true }),
  },
  { operation: 'mkdir', path: '/d/new', run: (home) => home.makeDirectory(virtualPath('/d/new'), {}) },
  { operation: 'rmdir', path: '/d/empty', run: (home) => home.removeDirectory(virtualPath('/d/empty')) },
  { operation: 'rm', path: '/d/file', run: (home) => home.remove(virtualPath('/d/file')) },
  ...['/file', '/d/file', '/d/empty/'].map(changed),
  moved('/file', '/d/new'),
  moved('/d/file', '/new'),
  moved('/d/empty/', '/d/moved/'),
];

// ── Policies ────────────────────────────────────────────────────────────────────────────────────────────────────────

type RolePolicy = NonNullable<Configuration['roles'][string]>['policy'] & object;

const action = fc.constantFrom(
  's3:*',
  's3:GetObject',
  's3:PutObject',
  's3:DeleteObject',
  's3:ListBucket',
  's3:*Object',
);
const resource = fc.constantFrom(
  ...['*', 'arn:aws:s3:::bucket', 'arn:aws:s3:::bucket*', 'arn:aws:s3:::*/d/*', 'arn:aws:s3:::other/*'],
  ...[
    '*',
    'home/*',
    'home/file',
    'home/d/*',
    'home/*/',
    'home/d/',
    'home/d/empty/',
    'home/?ile',
    'home/d/new',
  ].map((key) => `arn:aws:s3:::bucket/${key}`),
);
const prefix = fc.constantFrom('*', 'home/*', 'home/', 'home', 'home/d/', 'home/d/*', 'home/file', '');
const condition = fc.oneof(
  fc
    .record({
      operator: fc.constantFrom('StringLike', 'StringNotLike', 'StringEquals', 'StringLikeIfExists'),
      prefix,
    })
    .map((drawn) => ({ [drawn.operator]: { 's3:prefix': drawn.prefix } })),
  fc.constantFrom<object>(
    { Null: { 's3:prefix': true } },
    { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } },
  ),
);
const listOf = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 3 });
const statement = fc.tuple(
  fc.oneof({ weight: 3, arbitrary: fc.constant('Allow') }, { weight: 1, arbitrary: fc.constant('Deny') }),
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ Action: listOf(action) }) },
    { weight: 1, arbitrary: fc.record({ NotAction: listOf(action) }) },
  ),
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ Resource: listOf(resource) }) },
    { weight: 1, arbitrary: fc.record({ NotResource: listOf(resource) }) },
  ),
  fc.option(condition, { nil: undefined, freq: 3 }),
);
const policy = fc.array(statement, { minLength: 1, maxLength: 4 }).map(
  (statements): RolePolicy => ({
    Version: '2012-10-17',
    Statement: statements.map(([Effect, actions, resources, Condition]) => ({
      Effect,
      ...actions,
      ...resources,
      ...(Condition === undefined ? {} : { Condition }),
    })),
  }),
);

// ── The comparison ──────────────────────────────────────────────────────────────────────────────────────────────────

const HOMES = [
  {
    HomeDirectoryType: 'LOGICAL',
    HomeDirectoryDetails: JSON.stringify([{ Entry: '/', Target: '/bucket/home' }]),
    base: '',
  },
  { HomeDirectory: '/bucket/home', base: '/bucket/home' },
];

/** Whether the policies let it happen on a tree of its own. */
async function isDone(
  configuration: Configuration,
  answer: unknown,
  { run }: Deed,
  base: string,
): Promise<boolean> {
  const prepared = IdentityRequest.from({
    username: 'jane',
    protocol: 'SFTP',
    serverId: SERVER_ID,
    sourceIp: SOURCE_IP,
  });
  assert.ok(prepared.outcome !== 'refused');
  const judged = parseIdentityResponse(answer, {
    request: prepared.request,
    domain: 'S3',
    roles: new Set(Object.keys(configuration.roles)),
    storageNames: new Set(['bucket']),
    areKeysOptional: true,
  });
  assert.ok(judged.outcome === 'granted');
  const { grant } = judged;
  const settings = {
    serverId: SERVER_ID,
    domain: 'S3',
    roles: rolesOf(configuration),
    fileSystems: fileSystemsOf(configuration),
    accessPoints: accessPointsOf(configuration),
  } as const;
  const limits = sessionLimits({ grant, settings, sourceIp: SOURCE_IP, sessionId: SESSION_ID });
  assert.ok(limits.outcome === 'ready');
  const storage = new MemoryStorage();
  const files = storage.attach(testSession(), virtualPath('/home'));
  await storage.attach(testSession()).makeDirectory(virtualPath('/home'), {});
  for (const directory of ['/d', '/d/empty']) await files.makeDirectory(virtualPath(directory), {});
  for (const file of ['/file', '/d/file']) await store(files, file, 'text');
  const home = await openHome(grant.home, new Map([['bucket', storage]]), testSession(), limits.guard);
  try {
    await run(base === '' ? home : below(home, base));
    return true;
  } catch (error) {
    assert.ok(error instanceof FileError && error.cause instanceof AccessDenied, String(error));
    return false;
  }
}

/** A PATH home with its paths written from the home directory on. */
function below(home: FileSystem, base: string): FileSystem {
  const real = (path: string) => virtualPath(`${base}/${path}`);
  return {
    stat: (path, options) => home.stat(real(path), options),
    setAttributes: (path, changes, options) => home.setAttributes(real(path), changes, options),
    open: (path, mode, initial) => home.open(real(path), mode, initial),
    list: (path) => home.list(real(path)),
    makeDirectory: (path, initial) => home.makeDirectory(real(path), initial),
    removeDirectory: (path) => home.removeDirectory(real(path)),
    remove: (path) => home.remove(real(path)),
    rename: (from, to) => home.rename(real(from), real(to)),
  };
}

const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';

async function configured(): Promise<Configuration> {
  const embedded = await loadConfiguration({ environment: {} });
  const [server] = embedded.servers;
  assert.ok(server);
  return {
    ...embedded,
    storage: { ...embedded.storage, buckets: { bucket: { path: '/nowhere' } } },
    servers: [{ ...server, ServerId: SERVER_ID }],
  };
}

test('why - says of every operation what the guard does with it, under any two policies', async (t) => {
  const configuration = await configured();
  const decisions = { allowed: 0, denied: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...DEEDS),
      fc.constantFrom(...HOMES),
      fc.option(policy, { nil: undefined }),
      fc.option(policy, { nil: undefined }),
      async (deed, { base, ...home }, rolePolicy, sessionPolicy) => {
        const answer = {
          Role: ROLE,
          ...home,
          ...(sessionPolicy === undefined ? {} : { Policy: JSON.stringify(sessionPolicy) }),
        };
        const role = rolePolicy === undefined ? {} : { policy: rolePolicy };
        const limited: Configuration = { ...configuration, roles: { [ROLE]: { ...role } } };
        const { outcome, lines } = await explainAccess(limited, {
          userName: 'jane',
          operation: deed.operation,
          path: `${base}${deed.path}`,
          ...(deed.target === undefined ? {} : { target: `${base}${deed.target}` }),
          protocol: 'SFTP',
          sourceIp: SOURCE_IP,
          answer,
          signal: t.signal,
        });
        const done = await isDone(limited, answer, deed, base);
        assert.equal(outcome, done ? 'allowed' : 'denied', lines.join('\n'));
        decisions[done ? 'allowed' : 'denied'] += 1;
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(decisions.allowed > 100 && decisions.denied > 100, JSON.stringify(decisions));
});
