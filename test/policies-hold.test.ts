/**
 * What a policy forbids has no influence on any answer: two buckets that differ only there look alike to every request
 * of SFTP, and what is forbidden stays as it was.
 */

import assert from 'node:assert/strict';
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SessionAccess } from '../src/files/access.ts';
import type { FileSystem } from '../src/files/file-system.ts';
import { guarded } from '../src/files/guard.ts';
import type { HomeSpec } from '../src/files/home-spec.ts';
import { readSessionPolicy } from '../src/files/session-policy.ts';
import { MemoryStorage } from '../src/files/storage/memory.ts';
import { s3Fixture } from '../src/files/storage/s3/testing/s3-fixture.ts';
import { load, store, testSession } from '../src/files/testing/fixture.ts';
import { folderFixture } from '../src/files/testing/folder-fixture.ts';
import { PRINCIPAL, policyOf, S3_SCOPE, type Statement } from '../src/files/testing/policy-fixture.ts';
import { posixFixture } from '../src/files/testing/posix-fixture.ts';
import { ROOT, virtualPath } from '../src/files/virtual-path.ts';
import { compilePolicy } from '../src/policy/index.ts';
import { MessageType, OpenFlag } from '../src/sftp/protocol.ts';
import { Conversation, WRITE_NEW } from '../src/sftp/testing/conversation.ts';
import type { ClientReply, SftpClient } from '../src/sftp/testing/sftp-client.ts';
import { ByteWriter } from '../src/wire/byte-writer.ts';

const BUCKET = 'arn:aws:s3:::bucket';
const OBJECTS = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'];
const variable = (name: string): string => ['$', '{transfer:', name, '}'].join('');

const { READ, WRITE, APPEND, CREATE, TRUNCATE, EXCLUSIVE } = OpenFlag;
const ALL_FLAGS: readonly number[] = Array.from({ length: 64 }, (_, bits) => bits);
/** What clients send. */
const COMMON_FLAGS: readonly number[] = [
  READ,
  READ | CREATE,
  WRITE | CREATE | TRUNCATE,
  WRITE | CREATE | EXCLUSIVE,
  READ | WRITE | APPEND,
];

// ── Buckets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const OPEN_FILES: Readonly<Record<string, string>> = {
  '/mine/a': 'mine',
  '/mine/dir/b': 'also mine',
  '/other': 'other',
};
const CLOSED_FILES = ['/closed/secret', '/closed/deep/secret', '/mine/dir/secret'];

interface Place {
  readonly make: (t: TestContext) => Promise<FileSystem>;
  /** All that OPEN can be asked with, where that is fast. */
  readonly flags: readonly number[];
  /** All policies, where that is fast. */
  readonly shapes?: readonly string[];
}

const PLACES: Readonly<Record<string, Place>> = {
  memory: { make: async () => new MemoryStorage().attach(testSession()), flags: ALL_FLAGS },
  'a folder': { make: async (t) => (await folderFixture(t)).files, flags: COMMON_FLAGS },
  S3: {
    make: async (t) => (await s3Fixture(t)).files,
    flags: COMMON_FLAGS,
    shapes: ['home lock-down', 'listings only'],
  },
};

/** @param secret what the forbidden files hold; undefined: they do not exist */
async function filled(
  files: FileSystem,
  closed: readonly string[],
  secret: string | undefined,
): Promise<void> {
  const directories = ['/mine', '/mine/dir', ...(secret === undefined ? [] : ['/closed', '/closed/deep'])];
  for (const directory of directories) await files.makeDirectory(virtualPath(directory), {});
  for (const [name, text] of Object.entries(OPEN_FILES)) await store(files, name, text);
  if (secret !== undefined) for (const name of closed) await store(files, name, secret);
}

// ── Policies ────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Shape {
  readonly role?: readonly Statement[];
  readonly session?: readonly Statement[];
  readonly closed: readonly string[];
  /** What may be seen all the same: `size` of what is forbidden, or not even that it is there. */
  readonly shows: 'size' | 'nothing';
  /** Whether what may not be read may be replaced. */
  readonly isReplaceable?: true;
}

const listing = (...prefixes: string[]): Statement => ({
  Effect: 'Allow',
  Action: 's3:ListBucket',
  Resource: BUCKET,
  Condition: { StringLike: { 's3:prefix': prefixes } },
});
const objects = (resource: string, actions: readonly string[] = OBJECTS): Statement => ({
  Effect: 'Allow',
  Action: actions,
  Resource: `${BUCKET}/${resource}`,
});
const deny = (resource: string): Statement => ({
  Effect: 'Deny',
  Action: 's3:*',
  Resource: `${BUCKET}/${resource}`,
});
const EVERYTHING: Statement = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
const CLOSED_FOLDER = ['/closed/secret', '/closed/deep/secret'];

const SHAPES: Readonly<Record<string, Shape>> = {
  'an Allow list of a role': {
    role: [listing('mine/*', 'mine'), objects('mine/*')],
    closed: CLOSED_FOLDER,
    shows: 'nothing',
  },
  'objects without listings': {
    role: [objects('mine/*'), objects('closed', ['s3:GetObject'])],
    closed: CLOSED_FOLDER,
    shows: 'nothing',
  },
  'home lock-down': {
    role: [EVERYTHING],
    session: [
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: `arn:aws:s3:::${variable('HomeBucket')}`,
        Condition: { StringLike: { 's3:prefix': [`${variable('HomeFolder')}/*`, variable('HomeFolder')] } },
      },
      { Effect: 'Allow', Action: OBJECTS, Resource: `arn:aws:s3:::${variable('HomeDirectory')}/*` },
    ],
    closed: CLOSED_FOLDER,
    shows: 'nothing',
  },
  'a Deny of a folder below what is allowed': {
    role: [
      EVERYTHING,
      deny('closed/*'),
      {
        Effect: 'Deny',
        Action: 's3:ListBucket',
        Resource: BUCKET,
        Condition: { StringLike: { 's3:prefix': ['closed', 'closed/*'] } },
      },
    ],
    closed: CLOSED_FOLDER,
    shows: 'size',
  },
  'a Deny of one file': {
    role: [EVERYTHING, deny('mine/dir/secret')],
    closed: ['/mine/dir/secret'],
    shows: 'size',
  },
  'NotAction and NotResource': {
    role: [
      { Effect: 'Allow', Action: 's3:*', Resource: '*' },
      { Effect: 'Deny', Action: 's3:*', NotResource: [`${BUCKET}/mine/*`, `${BUCKET}/other`, BUCKET] },
    ],
    closed: CLOSED_FOLDER,
    shows: 'size',
  },
  'listings only': { role: [listing('*')], closed: CLOSED_FILES, shows: 'size' },
  'writing only': {
    role: [objects('*', ['s3:PutObject'])],
    closed: CLOSED_FILES,
    shows: 'size',
    isReplaceable: true,
  },
};

type Limits = Pick<Shape, 'role' | 'session'>;

function limitedBy(
  { role, session }: Limits,
  files: FileSystem,
  scope = S3_SCOPE,
  name = 'bucket',
): FileSystem {
  const home: HomeSpec = { type: 'PATH', directory: virtualPath('/bucket/mine') };
  const read = session && readSessionPolicy(JSON.stringify(policyOf(...session)), home, 'jane');
  assert.notEqual(read?.outcome, 'unusable');
  const access = SessionAccess.from({
    principal: PRINCIPAL,
    ...(role === undefined ? {} : { rolePolicy: compilePolicy(policyOf(...role)) }),
    ...(read?.outcome === 'usable' ? { sessionPolicy: read.policy } : {}),
  });
  assert.ok(access);
  const signal = new AbortController().signal;
  return guarded(files, { access, scope, name, base: ROOT, signal });
}

// ── Requests ────────────────────────────────────────────────────────────────────────────────────────────────────────

const AWAY = '/mine/away';
const OWN = '/mine/own';
const two = (first: string, second: string): ByteWriter => new ByteWriter().string(first).string(second);
const hashing = (subject: string | Buffer): ByteWriter =>
  new ByteWriter().string(subject).string('sha256').uint64(0).uint64(0).uint32(0);

type Ask = (client: SftpClient, path: string) => Promise<ClientReply>;
const REQUESTS: Readonly<Record<string, Ask>> = {
  stat: (client, path) => client.named(MessageType.STAT, path),
  lstat: (client, path) => client.named(MessageType.LSTAT, path),
  realpath: (client, path) => client.named(MessageType.REALPATH, path),
  statvfs: (client, path) => client.extended('statvfs@openssh.com', new ByteWriter().string(path)),
  'space-available': (client, path) => client.extended('space-available', new ByteWriter().string(path)),
  'expand-path': (client, path) => client.extended('expand-path@openssh.com', new ByteWriter().string(path)),
  readlink: (client, path) => client.named(MessageType.READLINK, path),
  'check-file-name': (client, path) => client.extended('check-file-name', hashing(path)),
  'setstat mode': (client, path) => client.changing(MessageType.SETSTAT, path, { permissions: 0o640 }),
  'setstat times': (client, path) => client.changing(MessageType.SETSTAT, path, { times: [1, 2] }),
  'setstat size': (client, path) => client.changing(MessageType.SETSTAT, path, { sizeBytes: 3 }),
  'setstat nothing': (client, path) => client.changing(MessageType.SETSTAT, path),
  lsetstat: (client, path) =>
    client.extended('lsetstat@openssh.com', new ByteWriter().string(path).uint32(0)),
  'copy from': (client, path) => client.extended('copy-file', two(path, AWAY).boolean(true)),
  'copy to': (client, path) => client.extended('copy-file', two(OWN, path).boolean(true)),
  'rename from': (client, path) => client.paired(MessageType.RENAME, path, AWAY),
  'rename to': (client, path) => client.paired(MessageType.RENAME, OWN, path),
  'posix-rename from': (client, path) => client.extended('posix-rename@openssh.com', two(path, AWAY)),
  'posix-rename to': (client, path) => client.extended('posix-rename@openssh.com', two(OWN, path)),
  hardlink: (client, path) => client.extended('hardlink@openssh.com', two(path, AWAY)),
  symlink: (client, path) => client.paired(MessageType.SYMLINK, path, AWAY),
  mkdir: (client, path) => client.changing(MessageType.MKDIR, path),
  rmdir: (client, path) => client.named(MessageType.RMDIR, path),
  remove: (client, path) => client.named(MessageType.REMOVE, path),
};

/** What can be asked of an open file. */
const ON_HANDLES: Readonly<
  Record<string, (client: SftpClient, handle: Buffer, own: Buffer) => Promise<ClientReply>>
> = {
  fstat: (client, handle) => client.request(MessageType.FSTAT, new ByteWriter().string(handle)),
  fstatvfs: (client, handle) => client.extended('fstatvfs@openssh.com', new ByteWriter().string(handle)),
  read: (client, handle) => client.read(handle, 0, 1000),
  'check-file-handle': (client, handle) => client.extended('check-file-handle', hashing(handle)),
  'copy-data': (client, handle, own) =>
    client.extended('copy-data', new ByteWriter().string(handle).uint64(0).uint64(0).string(own).uint64(0)),
  'fsetstat times': (client, handle) =>
    client.request(MessageType.FSETSTAT, new ByteWriter().string(handle).uint32(8).uint32(1).uint32(2)),
  'fsetstat size': (client, handle) =>
    client.request(MessageType.FSETSTAT, new ByteWriter().string(handle).uint32(1).uint64(2)),
  'read again': (client, handle) => client.read(handle, 0, 1000),
};

const PATHS = [
  '/',
  '/closed',
  '/closed/secret',
  '/closed/secret/below',
  '/closed/deep',
  '/closed/deep/secret',
  '/closed/new',
].concat([
  '/mine',
  '/mine/dir',
  '/mine/dir/secret',
  '/mine/dir/b',
  '/mine/../closed/secret',
  '//closed//./secret',
  '/other',
]);

/** Everything of a reply that a client can see, but for times and free space. */
function seen(
  { type, status, message, data, names, attributes, body }: ClientReply,
  hasSpace: boolean,
): unknown {
  const entries = names
    .map(({ name, attributes: { sizeBytes, permissions } }) => `${name} ${sizeBytes} ${permissions}`)
    .sort();
  const { sizeBytes, permissions } = attributes;
  const extended = type === MessageType.EXTENDED_REPLY && !hasSpace ? body.toString('hex') : '';
  return { type, status, message, data: data.toString(), entries, sizeBytes, permissions, extended };
}

/** Every request about every path, each with what was seen. */
async function transcript(
  files: FileSystem,
  openFlags: readonly number[],
): Promise<readonly (readonly [what: string, seen: unknown])[]> {
  const { client } = new Conversation({ inner: files, home: '/mine' });
  await client.init();
  const lines: (readonly [string, unknown])[] = [];
  const note = (what: string, reply: ClientReply): void =>
    void lines.push([what, seen(reply, /space|vfs/.test(what))]);
  const write = async (path: string, text: string): Promise<void> => {
    const { handle } = await client.open(path, WRITE_NEW);
    await client.write(handle, 0, text);
    await client.close(handle);
  };
  for (const path of PATHS) {
    for (const flags of openFlags) {
      const opened = await client.open(path, flags);
      note(`open ${flags} ${path}`, opened);
      if (opened.type !== MessageType.HANDLE) continue;
      const { handle: own } = await client.open(OWN, WRITE_NEW | READ);
      for (const [name, ask] of Object.entries(ON_HANDLES))
        note(`${name} of ${flags} ${path}`, await ask(client, opened.handle, own));
      note(`close ${flags} ${path}`, await client.close(opened.handle));
      note(`what was copied ${flags} ${path}`, await client.read(own, 0, 1000));
      await client.close(own);
    }
    const { handle, type } = await client.named(MessageType.OPENDIR, path);
    if (type === MessageType.HANDLE) {
      note(`list ${path}`, await client.named(MessageType.READDIR, handle));
      await client.close(handle);
    } else note(`list ${path}`, await client.named(MessageType.OPENDIR, path));
    for (const [name, ask] of Object.entries(REQUESTS)) {
      await write(OWN, 'own');
      note(`${name} ${path}`, await ask(client, path));
      const { handle: away } = await client.open(AWAY, READ);
      note(`what came away by ${name} ${path}`, await client.read(away, 0, 1000));
      await client.close(away);
      await client.named(MessageType.REMOVE, AWAY);
      await client.named(MessageType.RMDIR, AWAY);
    }
  }
  return lines;
}

for (const [storage, { make, flags, shapes = Object.keys(SHAPES) }] of Object.entries(PLACES)) {
  for (const [what, shape] of Object.entries(SHAPES).filter(([name]) => shapes.includes(name))) {
    test(`policies - ${what}, on ${storage}: what is forbidden is neither seen nor changed`, async (t) => {
      const secrets = shape.shows === 'size' ? ['secret one', 'secret two'] : ['secret', undefined];
      const transcripts = [];
      for (const secret of secrets) {
        const files = await make(t);
        await filled(files, shape.closed, secret);
        transcripts.push(await transcript(limitedBy(shape, files), flags));
        for (const path of shape.isReplaceable || secret === undefined ? [] : shape.closed)
          assert.equal(await load(files, path), secret, path);
      }
      const [first = [], second = []] = transcripts;
      assert.ok(first.length > 400);
      const differences = first.flatMap((line, index) => {
        const other = second[index];
        return JSON.stringify(line) === JSON.stringify(other) ? [] : [[line, other]];
      });
      assert.deepEqual(differences.slice(0, 5), []);
    });
  }
}

test('policies - without a policy the two buckets do not look alike', async () => {
  const transcripts = [];
  for (const secret of ['secret one', 'secret two']) {
    const files = new MemoryStorage().attach(testSession());
    await filled(files, CLOSED_FILES, secret);
    transcripts.push(await transcript(limitedBy({ role: [EVERYTHING] }, files), COMMON_FLAGS));
  }
  assert.notDeepEqual(transcripts[0], transcripts[1]);
});

// ── File systems ────────────────────────────────────────────────────────────────────────────────────────────────────

const FILE_SYSTEM = 'fs-01234567';
const EFS_SCOPE = { ...S3_SCOPE, domain: 'EFS' } as const;
const client = (name: string): Statement => ({
  Effect: 'Allow',
  Action: `elasticfilesystem:${name}`,
  Resource: `arn:aws:elasticfilesystem:us-east-1:000000000000:file-system/${FILE_SYSTEM}`,
});
/** What needs no storage: the spelling of a path, and what it is not. */
const WITHOUT_STORAGE = /^(realpath|expand-path) /;

test('policies - EFS without ClientWrite: files are read, and no request changes anything', async (t) => {
  const { files, at } = await posixFixture(t);
  await filled(files, CLOSED_FILES, 'text');
  await writeFile(at('mine', 'own'), 'own');
  const before = await snapshot(at());
  const lines = await transcript(
    limitedBy({ role: [client('ClientMount')] }, files, EFS_SCOPE, FILE_SYSTEM),
    ALL_FLAGS,
  );
  assert.deepEqual(await snapshot(at()), before);
  assert.ok(JSON.stringify(lines).includes('also mine'), 'files were read');
});

test('policies - EFS without ClientMount: every request is refused', async (t) => {
  const { files, at } = await posixFixture(t);
  await filled(files, CLOSED_FILES, 'text');
  const before = await snapshot(at());
  const unmounted = limitedBy({ role: [client('ClientWrite')] }, files, EFS_SCOPE, FILE_SYSTEM);
  for (const [what, reply] of await transcript(unmounted, COMMON_FLAGS)) {
    if (!WITHOUT_STORAGE.test(what)) assert.partialDeepStrictEqual(reply, { type: MessageType.STATUS }, what);
  }
  assert.deepEqual(await snapshot(at()), before);
});

/** Every name with its contents, its mode and its times. */
async function snapshot(root: string): Promise<readonly string[]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const lines = found.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const { mode, mtimeMs, nlink } = await lstat(path);
    return `${path} ${mode} ${mtimeMs} ${nlink} ${entry.isFile() ? await readFile(path, 'utf8') : ''}`;
  });
  return (await Promise.all(lines)).sort();
}
