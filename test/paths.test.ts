/** One path string means one place, whichever operation names it, on every storage and through SFTP. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { type FileErrorCode, toFileError } from '../src/files/error.ts';
import type { FileSystem } from '../src/files/file-system.ts';
import { openHome } from '../src/files/home.ts';
import { FolderStorage } from '../src/files/storage/folder/storage.ts';
import { MemoryStorage } from '../src/files/storage/memory.ts';
import { PosixStorage } from '../src/files/storage/posix/storage.ts';
import type { Storage } from '../src/files/storage.ts';
import { load, READ, store, testSession, WRITE } from '../src/files/testing/fixture.ts';
import { type RecordedCall, RecordingStorage } from '../src/files/testing/recording-storage.ts';
import { parentPath, ROOT, type VirtualPath, virtualPath } from '../src/files/virtual-path.ts';
import { MessageType, OpenFlag, StatusCode } from '../src/sftp/protocol.ts';
import { Conversation, WRITE_NEW } from '../src/sftp/testing/conversation.ts';
import type { ClientReply, SftpClient } from '../src/sftp/testing/sftp-client.ts';
import { ByteWriter } from '../src/wire/byte-writer.ts';
import { pathInput } from './testing/path-inputs.ts';

const FOLLOW = { followLinks: true };
const SECRET = 'outside content';
const CONTENT = 'inside content';
/** Where the session's view begins in its storage: there is something beside it. */
const HOME = virtualPath('/home');
const MOVED = virtualPath('/moved');
/** Renamed to every path, and back. */
const SOURCE = virtualPath('/source');

type Answer = FileErrorCode | 'OK';

/** A path, canonical; undefined where it is none. */
function canonical(bytes: Uint8Array, base: VirtualPath = ROOT): VirtualPath | undefined {
  try {
    return virtualPath(bytes, base);
  } catch {
    return undefined;
  }
}

// ── Through SFTP ────────────────────────────────────────────────────────────────────────────────────────────────────

const BESIDE = '/beside';
const noAttributes = (writer: ByteWriter): ByteWriter => writer.uint32(0);

/** Every request that names a file by its path. */
const REQUESTS: Readonly<Record<string, (client: SftpClient, path: Uint8Array) => Promise<ClientReply>>> = {
  stat: (client, path) => client.named(MessageType.STAT, path),
  lstat: (client, path) => client.named(MessageType.LSTAT, path),
  setstat: (client, path) => client.changing(MessageType.SETSTAT, path, { permissions: 0o600 }),
  lsetstat: (client, path) =>
    client.extended('lsetstat@openssh.com', noAttributes(new ByteWriter().string(path))),
  open: (client, path) => client.request(MessageType.OPEN, openBody(path, OpenFlag.READ)),
  create: (client, path) => client.request(MessageType.OPEN, openBody(path, WRITE_NEW)),
  opendir: (client, path) => client.named(MessageType.OPENDIR, path),
  mkdir: (client, path) => client.changing(MessageType.MKDIR, path),
  rmdir: (client, path) => client.named(MessageType.RMDIR, path),
  remove: (client, path) => client.named(MessageType.REMOVE, path),
  readlink: (client, path) => client.named(MessageType.READLINK, path),
  symlink: (client, path) =>
    client.request(MessageType.SYMLINK, new ByteWriter().string('target').string(path)),
  'rename from': (client, path) =>
    client.request(MessageType.RENAME, new ByteWriter().string(path).string(BESIDE)),
  'rename to': (client, path) =>
    client.request(MessageType.RENAME, new ByteWriter().string(BESIDE).string(path)),
  'posix-rename from': (client, path) =>
    client.extended('posix-rename@openssh.com', new ByteWriter().string(path).string(BESIDE)),
  'posix-rename to': (client, path) =>
    client.extended('posix-rename@openssh.com', new ByteWriter().string(BESIDE).string(path)),
  'copy-file': (client, path) =>
    client.extended('copy-file', new ByteWriter().string(path).string(BESIDE).boolean(false)),
  'check-file-name': (client, path) =>
    client.extended(
      'check-file-name',
      new ByteWriter().string(path).string('sha256').uint64(0).uint64(0).uint32(0),
    ),
};

function openBody(path: Uint8Array, flags: number): ByteWriter {
  return noAttributes(new ByteWriter().string(path).uint32(flags));
}

test('F-40 F-42 F-43 paths - every SFTP request takes the same bytes for the same path, or for none', async () => {
  await fc.assert(
    fc.asyncProperty(pathInput, async (bytes) => {
      const path = canonical(bytes, HOME);
      for (const [name, request] of Object.entries(REQUESTS)) {
        const calls: RecordedCall[] = [];
        const inner = new RecordingStorage('memory', calls).attach(testSession());
        const { client } = new Conversation({ inner, home: HOME });
        await client.init();
        const { status } = await request(client, bytes);
        const asked = new Set(calls.map((call) => call.path));
        asked.delete(virtualPath(BESIDE));
        if (path === undefined) {
          assert.equal(status, StatusCode.BAD_MESSAGE, name);
          assert.deepEqual([...asked], [], name);
        } else if (path !== BESIDE) {
          assert.deepEqual([...asked], [path], name);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('F-40 F-43 paths - REALPATH shows the path that every other request means', async () => {
  await fc.assert(
    fc.asyncProperty(pathInput, async (bytes) => {
      const { client } = new Conversation({ inner: new MemoryStorage().attach(testSession()), home: HOME });
      await client.init();
      const { status, names } = await client.named(MessageType.REALPATH, bytes);
      const path = canonical(bytes, HOME);
      if (path === undefined) assert.equal(status, StatusCode.BAD_MESSAGE);
      else assert.equal(names[0]?.name, path);
    }),
  );
});

// ── On every storage ────────────────────────────────────────────────────────────────────────────────────────────────

interface Place {
  readonly name: string;
  readonly files: FileSystem;
  /** Everything on disk that is not in the view, names and contents; the same for ever. */
  outside(): string;
  /** As `outside`, of the view; where it is on disk. */
  inside?(): string;
}

const LIMITED_KEY_BYTES = 1024;
const POSIX = { symlinks: 'follow-within', identity: 'process' } as const;

async function places(context: TestContext): Promise<readonly Place[]> {
  const memory = new MemoryStorage();
  const home = new RecordingStorage('bucket', []);
  await Promise.all([plant(memory), plant(home)]);
  const mappings = [{ entry: ROOT, target: virtualPath('/bucket/home'), type: 'DIRECTORY' }] as const;
  const spec = { type: 'LOGICAL', mappings, directory: ROOT } as const;
  return [
    { name: 'memory', files: memory.attach(testSession(), HOME), outside: () => '' },
    {
      name: 'home',
      files: await openHome(spec, new Map([['bucket', home]]), testSession()),
      outside: () => '',
    },
    await onDisk(context, 'posix', (root) => new PosixStorage({ ...POSIX, root })),
    await onDisk(context, 'walked', (root) => new PosixStorage({ ...POSIX, root, usesThreads: false })),
    await onDisk(context, 'folder', (root) => new FolderStorage({ root })),
  ];
}

async function onDisk(context: TestContext, name: string, make: (root: string) => Storage): Promise<Place> {
  const base = mkdtempSync(join(tmpdir(), 'paths-'));
  const root = join(base, 'root');
  mkdirSync(root);
  const storage = make(root);
  await storage.open();
  context.after(async () => {
    await storage.close();
    rmSync(base, { recursive: true, force: true });
  });
  await plant(storage);
  mkdirSync(join(base, 'outside'));
  for (const folder of [base, join(base, 'outside'), join(root)])
    writeFileSync(join(folder, 'secret'), SECRET);
  const home = join(root, 'home');
  return {
    name,
    files: storage.attach(testSession(), HOME),
    outside: () => snapshot(base, home),
    inside: () => snapshot(home, ''),
  };
}

/** The tree of the view, and something beside it. */
async function plant(storage: Storage): Promise<void> {
  const files = storage.attach(testSession());
  for (const directory of ['/home', '/sibling', '/home/dir'])
    await files.makeDirectory(virtualPath(directory), {});
  await store(files, '/sibling/secret', SECRET);
  for (const file of ['/file', '/dir/nested', '/\u00e9', '/a\\b', '/source'])
    await store(files, `/home${file}`, CONTENT);
}

function snapshot(folder: string, without: string): string {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' });
  const lines = entries.map((entry) => {
    const full = join(entry.parentPath, entry.name);
    if (without !== '' && full.startsWith(without)) return '';
    return entry.isFile() ? `${full} ${readFileSync(full, 'utf8')}` : full;
  });
  return lines
    .filter((line) => line !== '')
    .sort()
    .join('\n');
}

async function answer(action: () => Promise<unknown>): Promise<Answer> {
  try {
    await action();
    return 'OK';
  } catch (error) {
    return toFileError(error).code;
  }
}

/** Operations that look, and what each answers for what STAT shows. */
const LOOKS: Readonly<
  Record<
    string,
    { run(files: FileSystem, path: VirtualPath): Promise<unknown>; file: Answer; directory: Answer }
  >
> = {
  lstat: {
    run: (files, path) => files.stat(path, { followLinks: false }),
    file: 'OK',
    directory: 'OK',
  },
  read: {
    run: async (files, path) => assert.equal(await load(files, path), CONTENT),
    file: 'OK',
    directory: 'IS_A_DIRECTORY',
  },
  change: {
    run: async (files, path) => {
      const handle = await files.open(path, { ...READ, write: true }, {});
      await handle.close();
    },
    file: 'OK',
    directory: 'IS_A_DIRECTORY',
  },
  list: {
    run: async (files, path) => (await files.list(path)).close(),
    file: 'NOT_A_DIRECTORY',
    directory: 'OK',
  },
  setAttributes: {
    run: (files, path) =>
      files.setAttributes(path, { times: { accessedSeconds: 1, modifiedSeconds: 1 } }, FOLLOW),
    file: 'OK',
    directory: 'OK',
  },
};

/** Operations that take something away; what they find stays, because it is of the other kind. */
const REMOVALS: Readonly<
  Record<string, { run(files: FileSystem, path: VirtualPath): Promise<unknown>; other: string; code: Answer }>
> = {
  remove: { run: (files, path) => files.remove(path), other: 'directory', code: 'IS_A_DIRECTORY' },
  rmdir: { run: (files, path) => files.removeDirectory(path), other: 'file', code: 'NOT_A_DIRECTORY' },
};

/** Operations that make something, how it is removed, and what they answer where something is. */
const MAKINGS: Readonly<
  Record<
    string,
    {
      run(files: FileSystem, path: VirtualPath): Promise<unknown>;
      undo(files: FileSystem, path: VirtualPath): Promise<unknown>;
    }
  >
> = {
  mkdir: {
    run: (files, path) => files.makeDirectory(path, {}),
    undo: (files, path) => files.removeDirectory(path),
  },
  create: {
    run: (files, path) => store(files, path, CONTENT, { ...WRITE, exclusive: true }),
    undo: (files, path) => files.remove(path),
  },
  'rename to': {
    run: (files, path) => files.rename(SOURCE, path),
    undo: (files, path) => files.rename(path, SOURCE),
  },
};

test('F-40 F-42 paths - every operation takes one path for one place, on every storage', async (context) => {
  const all = await places(context);
  const untouched = new Map(all.map(({ name, outside, inside }) => [name, [outside(), inside?.()]]));
  await fc.assert(
    fc.asyncProperty(pathInput, async (bytes) => {
      const path = canonical(bytes);
      if (path === undefined) return;
      const found = new Set<string>();
      for (const { name, files, outside, inside } of all) {
        const seen = await look(files, path);
        await checkOperations(files, path, seen);
        assert.deepEqual([outside(), inside?.()], untouched.get(name), name);
        const isOverlong = name === 'folder' && Buffer.byteLength(`${HOME}${path}`) - 1 > LIMITED_KEY_BYTES;
        if (isOverlong) assert.equal(seen, 'NAME_TOO_LONG');
        else if (Buffer.byteLength(path) <= LIMITED_KEY_BYTES) found.add(seen);
      }
      assert.ok(found.size <= 1, `storages see different things: ${[...found]}`);
    }),
    { numRuns: 300 },
  );
});

/** The type of what is there, or why nothing is. */
async function look(files: FileSystem, path: VirtualPath): Promise<string> {
  try {
    return (await files.stat(path, FOLLOW)).type;
  } catch (error) {
    return toFileError(error).code;
  }
}

async function checkOperations(files: FileSystem, path: VirtualPath, seen: string): Promise<void> {
  for (const [name, { run, file, directory }] of Object.entries(LOOKS)) {
    const expected = seen === 'file' ? file : seen === 'directory' ? directory : seen;
    assert.equal(await answer(() => run(files, path)), expected, `${name} ${path}`);
  }
  for (const [name, { run, other, code }] of Object.entries(REMOVALS)) {
    if (path === ROOT) assert.equal(await answer(() => run(files, path)), 'PERMISSION_DENIED', name);
    else if (seen === other) assert.equal(await answer(() => run(files, path)), code, `${name} ${path}`);
    else if (seen !== 'file' && seen !== 'directory')
      assert.equal(await answer(() => run(files, path)), seen, `${name} ${path}`);
  }
  if (path !== ROOT) await checkMoves(files, path, seen);
}

async function checkMoves(files: FileSystem, path: VirtualPath, seen: string): Promise<void> {
  const isThere = seen === 'file' || seen === 'directory';
  const moved = await answer(() => files.rename(path, MOVED));
  assert.equal(moved, isThere ? 'OK' : seen, `rename ${path}`);
  if (isThere) await files.rename(MOVED, path);
  for (const [name, { run, undo }] of Object.entries(MAKINGS)) {
    const made = await answer(() => run(files, path));
    if (isThere) assert.equal(made, 'ALREADY_EXISTS', `${name} ${path}`);
    else if (made !== 'OK') assert.equal(made, seen, `${name} ${path}`);
    if (isThere || made !== 'OK') continue;
    assert.notEqual(await look(files, path), 'NOT_FOUND', `${name} made something else than ${path}`);
    await undo(files, path);
    await removeEmptyParents(files, path);
  }
}

/** On S3 what is put below a missing prefix makes it. */
async function removeEmptyParents(files: FileSystem, path: VirtualPath): Promise<void> {
  for (let parent = parentPath(path); parent !== ROOT && parent !== '/dir'; parent = parentPath(parent)) {
    if ((await answer(() => files.removeDirectory(parent))) !== 'OK') return;
  }
}
