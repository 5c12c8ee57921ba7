/** The section of homes: who is kept at home by a session policy, and whose folders the kernel keeps private. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Attempt, attempt, type Run } from './attempt.ts';
import type { Client } from './client.ts';
import { BUCKET } from './lab/drawbridge.ts';
import { judgeWithin, type Roll } from './matrix.ts';
import { OPERATIONS, type Operation } from './operations.ts';
import type { Check } from './outcome.ts';
import type { Target } from './target.ts';

const LOCKED_USER = 'interop-locked';
/** What the policy of that user has to allow in the home. */
const AT_HOME = ['list', 'put', 'get', 'rename', 'overwrite', 'recursive put', 'remove tree', 'remove'];
const ELSEWHERE = 'locked: elsewhere';
/** For what is about the server alone, one client is enough. */
const POSIX_CLIENT = 'sftp';
const PRIVATE_FOLDER = 'EFS: a private folder';
const OWNER_ONLY = 0o700;
const ALICE = { userName: 'interop-alice', uid: 2001, gid: 2001 } as const;
const BOB = { userName: 'interop-bob' } as const;

const operationsAtHome = OPERATIONS.filter(({ name }) => AT_HOME.includes(name));

export const HOME_ROWS: readonly string[] = [
  ...operationsAtHome.map(({ name }) => rowAtHome(name)),
  ELSEWHERE,
  PRIVATE_FOLDER,
];

export async function runHomes(run: Run, { present }: Roll): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const client of present) {
    const startedMs = performance.now();
    for (const operation of operationsAtHome)
      checks.push(await check(run, client, rowAtHome(operation.name), operation));
    if (client.seesHomeOnly !== true) checks.push(await check(run, client, ELSEWHERE, stayOut(run.target)));
    if (client.name === POSIX_CLIENT) checks.push(await checkPrivateFolder(run, client));
    run.progress(`${client.name}, homes: ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  }
  return checks;
}

function rowAtHome(name: string): string {
  return `locked: ${name}`;
}

async function check(run: Run, client: Client, row: string, operation: Operation): Promise<Check> {
  const server = client.server ?? 'main';
  const asked: Attempt = { client, credential: 'key', server, userName: LOCKED_USER, operation };
  const outcome = await judgeWithin(run, () => attempt(run, asked));
  return { column: client.name, row, variant: LOCKED_USER, outcome };
}

/** Whatever the client tries in another user's home is refused, and nothing there is read or changed. */
function stayOut(target: Target): Operation {
  const { userName, diskRoot, plant } = target.account('main');
  const remote = (name: string) => `/${BUCKET}/${userName}/${name}`;
  return {
    name: ELSEWHERE,
    async run({ use, local }) {
      const secret = randomBytes(24).toString('base64url');
      const file = path.join(diskRoot, 'private.txt');
      await plant.file(file, secret);
      const before = await readdir(diskRoot);
      await writeFile(local('gift'), 'gift');
      await use(async (session) => {
        await assert.rejects(session.get(remote('private.txt'), local('stolen')), 'get');
        await assert.rejects(session.put(local('gift'), remote('gift')), 'put');
        await assert.rejects(session.put(local('gift'), remote('private.txt')), 'overwrite');
        await assert.rejects(session.rename(remote('private.txt'), remote('renamed')), 'rename');
        await assert.rejects(session.remove(remote('private.txt')), 'remove');
        // Some go on whatever the answer is; what counts is that nothing is made.
        await session.makeDirectories(remote('new')).catch(() => {});
        const listed: readonly string[] = await session.list(remote('')).catch(() => []);
        assert.ok(!listed.includes('private.txt'), 'the other home is listed');
      });
      assert.deepEqual(await readdir(diskRoot), before, 'the other home has changed');
      assert.equal(await readFile(file, 'utf8'), secret, 'the file has changed');
      const stolen = await readFile(local('stolen'), 'utf8').catch(() => '');
      assert.ok(!stolen.includes(secret), 'the file was read');
      await rm(file);
    },
  };
}

async function checkPrivateFolder(run: Run, client: Client): Promise<Check> {
  const isRoot = process.geteuid?.() === 0;
  const outcome = isRoot
    ? await judgeWithin(run, () => tryPrivateFolder(run, client))
    : ({ kind: 'skipped', detail: 'only root can act as other users' } as const);
  return { column: client.name, row: PRIVATE_FOLDER, variant: 'key', outcome };
}

/** One user makes a folder that is theirs alone; the other one must find no way in, though both have the same home. */
async function tryPrivateFolder(run: Run, client: Client): Promise<void> {
  const { remoteRoot, diskRoot } = run.target.account('EFS', ALICE.userName);
  const remote = (name: string) => `${remoteRoot}/private${name}`;
  const disk = path.join(diskRoot, 'private');
  const as = (userName: typeof ALICE.userName | typeof BOB.userName, operation: Operation['run']) =>
    attempt(run, {
      client,
      credential: 'key',
      server: 'EFS',
      userName,
      operation: { name: PRIVATE_FOLDER, run: operation },
    });
  await as(ALICE.userName, async ({ use, local }) => {
    await writeFile(local('secret'), 'secret');
    await use(async (session) => {
      await session.makeDirectories(remote(''));
      // By us: with EFS, only root may change modes.
      await chmod(disk, OWNER_ONLY);
      await session.put(local('secret'), remote('/secret'));
    });
  });
  for (const made of [disk, path.join(disk, 'secret')]) {
    const { uid, gid } = await stat(made);
    assert.deepEqual({ uid, gid }, { uid: ALICE.uid, gid: ALICE.gid }, made);
  }
  assert.equal((await stat(disk)).mode & 0o777, OWNER_ONLY);
  await as(BOB.userName, async ({ use, local }) => {
    await writeFile(local('gift'), 'gift');
    await use(async (session) => {
      // sftp tells the refusal and ends well.
      const listed: readonly string[] = await session.list(remote('')).catch(() => []);
      assert.ok(!listed.includes('secret'), 'the folder is listed');
      await assert.rejects(session.get(remote('/secret'), local('stolen')), 'get');
      await assert.rejects(session.put(local('gift'), remote('/gift')), 'put');
      await assert.rejects(session.remove(remote('/secret')), 'remove');
      await assert.rejects(session.rename(remote('/secret'), `${remoteRoot}/taken`), 'rename');
    });
  });
  assert.deepEqual(await readdir(disk), ['secret']);
}
