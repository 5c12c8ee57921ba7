/** The rows of the matrix: what is done with every client, and how the server's disk proves that it happened. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type ClientSession, type FileScale, NotApplicable } from './client.ts';
import { describeTree, hashFile, writeTree } from './lab/content.ts';
import type { LargeFile } from './lab/large-files.ts';
import type { Planter } from './lab/planter.ts';

/** Enough for several SFTP writes of every client, and no multiple of any block size. */
const SMALL_BYTES = 300_001;
const RESUME_TOTAL_BYTES = 2_500_003;
const RESUME_PRESENT_BYTES = 1_060_921;
/** More than one READDIR reply of every known server and client. */
const LISTED_FILES = 250;
/** Spaces, an umlaut as two code points, CJK, an emoji, and characters that shells and URLs treat specially. */
const AWKWARD_NAME = "Grüße u\u0308ber  Größe 漢字 🙂 (1) #1 50% it's & done.txt";

/** Where one operation of one client works: its own empty folder on the server and another one here. */
export interface Stage {
  /** The path of a name in the folder, as clients spell it. */
  remote(name: string): string;
  /** The same on the server's disk. */
  disk(name: string): string;
  local(name: string): string;
  /** Puts things on the server's disk. */
  readonly plant: Planter;
  /** The file of the operation's scale, or the smaller one that the client makes do with. */
  readonly large: LargeFile;
  /** Connects, lets `action` work and disconnects, so that what is checked afterwards is what stays. */
  use<T>(action: (session: ClientSession) => Promise<T>): Promise<T>;
}

export interface Operation {
  readonly name: string;
  /** Moves a large file. A huge one is moved by few clients, and with a key only. */
  readonly scale?: Exclude<FileScale, 'reduced'>;
  run(stage: Stage): Promise<void>;
}

/** Also what a login is tried with where nothing else matters. */
export const LOG_IN: Operation = {
  name: 'log in',
  async run({ use, local, remote, disk }) {
    await writeFile(local('hello'), 'hello');
    await use((session) => session.put(local('hello'), remote('hello')));
    assert.equal(await readFile(disk('hello'), 'utf8'), 'hello');
  },
};

export const OPERATIONS: readonly Operation[] = [
  LOG_IN,
  {
    name: 'list',
    async run({ use, remote, disk, plant }) {
      const names = Array.from({ length: LISTED_FILES }, (_, index) => `file-${index}.csv`);
      await Promise.all(names.map((name) => plant.file(disk(name), name)));
      await plant.directory(disk('folder'));
      const listed = await use((session) => session.list(remote('')));
      assert.deepEqual(withoutDots(listed), [...names, 'folder'].sort());
    },
  },
  {
    name: 'put',
    async run({ use, local, remote, disk }) {
      const content = randomBytes(SMALL_BYTES);
      await writeFile(local('source'), content);
      await use((session) => session.put(local('source'), remote('stored')));
      assert.ok(content.equals(await readFile(disk('stored'))), 'the stored file differs');
      assert.deepEqual(await readdir(disk('')), ['stored'], 'other files were left on the server');
    },
  },
  {
    name: 'get',
    async run({ use, local, remote, disk, plant }) {
      const content = randomBytes(SMALL_BYTES);
      await plant.file(disk('stored'), content);
      await use((session) => session.get(remote('stored'), local('fetched')));
      assert.ok(content.equals(await readFile(local('fetched'))), 'the fetched file differs');
    },
  },
  {
    name: 'resume put',
    async run({ use, local, remote, disk, plant }) {
      const source = randomBytes(RESUME_TOTAL_BYTES);
      // Other bytes of the right length: were they sent again, they would be gone afterwards.
      const present = randomBytes(RESUME_PRESENT_BYTES);
      await writeFile(local('source'), source);
      await plant.file(disk('stored'), present);
      await use((session) => session.resumePut(local('source'), remote('stored')));
      assertResumed(await readFile(disk('stored')), present, source);
    },
  },
  {
    name: 'resume get',
    async run({ use, local, remote, disk, plant }) {
      const stored = randomBytes(RESUME_TOTAL_BYTES);
      const present = randomBytes(RESUME_PRESENT_BYTES);
      await plant.file(disk('stored'), stored);
      await writeFile(local('fetched'), present);
      await use((session) => session.resumeGet(remote('stored'), local('fetched')));
      assertResumed(await readFile(local('fetched')), present, stored);
    },
  },
  {
    name: 'rename',
    async run({ use, remote, disk, plant }) {
      await plant.file(disk('before'), 'content');
      await use((session) => session.rename(remote('before'), remote('after')));
      assert.deepEqual(await readdir(disk('')), ['after']);
      assert.equal(await readFile(disk('after'), 'utf8'), 'content');
    },
  },
  {
    name: 'rename directory',
    async run({ use, remote, disk, plant }) {
      await writeTree(disk('before'), plant);
      const content = await describeTree(disk('before'));
      await use((session) => session.rename(remote('before'), remote('after')));
      assert.deepEqual(await readdir(disk('')), ['after']);
      assert.deepEqual(await describeTree(disk('after')), content);
    },
  },
  {
    name: 'overwrite',
    async run({ use, local, remote, disk, plant }) {
      // The older file is longer: what is not truncated shows.
      await plant.file(disk('stored'), randomBytes(2 * SMALL_BYTES));
      const content = randomBytes(SMALL_BYTES);
      await writeFile(local('source'), content);
      await use((session) => session.put(local('source'), remote('stored')));
      assert.ok(content.equals(await readFile(disk('stored'))), 'the stored file differs');
    },
  },
  {
    name: 'mkdir -p',
    async run({ use, remote, disk, plant }) {
      await plant.directory(disk('there'));
      await use((session) => session.makeDirectories(remote('there/new/deep')));
      assert.deepEqual(await describeTree(disk('')), [
        'directory there',
        'directory there/new',
        'directory there/new/deep',
      ]);
    },
  },
  {
    name: 'recursive put',
    async run({ use, local, remote, disk }) {
      await writeTree(local('tree'));
      await use((session) => session.putTree(local('tree'), remote('tree')));
      assert.deepEqual(await describeTree(disk('tree')), await describeTree(local('tree')));
    },
  },
  {
    name: 'recursive get',
    async run({ use, local, remote, disk, plant }) {
      await writeTree(disk('tree'), plant);
      await use((session) => session.getTree(remote('tree'), local('tree')));
      assert.deepEqual(await describeTree(local('tree')), await describeTree(disk('tree')));
    },
  },
  {
    name: 'remove',
    async run({ use, remote, disk, plant }) {
      await plant.file(disk('doomed'), 'content');
      await plant.file(disk('kept'), 'content');
      await plant.directory(disk('empty'));
      await use(async (session) => {
        await session.remove(remote('doomed'));
        await session.removeDirectory(remote('empty'));
      });
      assert.deepEqual(await readdir(disk('')), ['kept']);
    },
  },
  {
    name: 'remove tree',
    async run({ use, remote, disk, plant }) {
      await writeTree(disk('doomed'), plant);
      await plant.file(disk('kept'), 'content');
      await use(async (session) => {
        if (session.removeTree === undefined) throw new NotApplicable('has no command for whole trees');
        await session.removeTree(remote('doomed'));
      });
      assert.deepEqual(await readdir(disk('')), ['kept']);
    },
  },
  {
    name: 'names',
    async run({ use, local, remote, disk }) {
      const content = randomBytes(1000);
      await writeFile(local(AWKWARD_NAME), content);
      await use(async (session) => {
        await session.put(local(AWKWARD_NAME), remote(AWKWARD_NAME));
        await session.get(remote(AWKWARD_NAME), local('fetched'));
        const listed = await unlessNotApplicable(session.list(remote('')));
        if (listed !== undefined) assert.deepEqual(withoutDots(listed), [AWKWARD_NAME]);
      });
      assert.deepEqual(await readdir(disk('')), [AWKWARD_NAME]);
      assert.ok(content.equals(await readFile(disk(AWKWARD_NAME))), 'the stored file differs');
      assert.ok(content.equals(await readFile(local('fetched'))), 'the fetched file differs');
    },
  },
  {
    name: 'empty file',
    async run({ use, local, remote, disk, plant }) {
      await writeFile(local('source'), '');
      await plant.file(disk('stored'), '');
      await use(async (session) => {
        await session.put(local('source'), remote('sent'));
        await session.get(remote('stored'), local('fetched'));
      });
      assert.equal((await stat(disk('sent'))).size, 0);
      assert.equal((await stat(local('fetched'))).size, 0);
    },
  },
  {
    name: 'hash',
    async run({ use, remote, disk, plant }) {
      const content = randomBytes(SMALL_BYTES);
      await plant.file(disk('stored'), content);
      await use(async (session) => {
        if (session.hash === undefined) throw new NotApplicable('has no command for hashes');
        const algorithm = session.hashAlgorithm ?? 'sha256';
        const expected = createHash(algorithm).update(content).digest('hex');
        assert.equal(await session.hash(remote('stored')), expected);
      });
    },
  },
  {
    name: 'free space',
    async run({ use, remote }) {
      await use(async (session) => {
        if (session.freeBytes === undefined) throw new NotApplicable('has no command for free space');
        assert.ok((await session.freeBytes(remote(''))) > 0, 'no space is free');
      });
    },
  },
  { name: 'large put', scale: 'large', run: putLarge },
  { name: 'large get', scale: 'large', run: getLarge },
  { name: '5 GiB put', scale: 'huge', run: putLarge },
  { name: '5 GiB get', scale: 'huge', run: getLarge },
];

async function putLarge({ use, remote, disk, large }: Stage): Promise<void> {
  await use((session) => session.put(large.path, remote('stored')));
  assert.equal(await hashFile(disk('stored')), large.sha256, 'the hashes differ');
}

async function getLarge({ use, local, remote, disk, large, plant }: Stage): Promise<void> {
  await plant.largeFile(disk('stored'), large.path);
  await use((session) => session.get(remote('stored'), local('fetched')));
  await rm(disk('stored'));
  assert.equal(await hashFile(local('fetched')), large.sha256, 'the hashes differ');
}

function assertResumed(result: Buffer, present: Buffer, whole: Buffer): void {
  assert.equal(result.length, whole.length, 'the length is wrong');
  assert.ok(!result.equals(whole), 'the transfer began again at the start instead of resuming');
  assert.ok(result.subarray(0, present.length).equals(present), 'what was there already has changed');
  assert.ok(
    result.subarray(present.length).equals(whole.subarray(present.length)),
    'what was added is wrong',
  );
}

function withoutDots(names: readonly string[]): readonly string[] {
  return names.filter((name) => name !== '.' && name !== '..').sort();
}

async function unlessNotApplicable<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof NotApplicable) return undefined;
    throw error;
  }
}
