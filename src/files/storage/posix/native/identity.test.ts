import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { FileSystem } from '../../../file-system.ts';
import { load, names, READ, store, testSession, WRITE } from '../../../testing/fixture.ts';
import { type PosixFixture, profileOf, testAsRoot as test } from '../../../testing/posix-fixture.ts';
import { virtualPath as path } from '../../../virtual-path.ts';

const JANE = profileOf(54_001);
const JOHN = profileOf(54_002);
const TEAM_GID = 54_100;
const FOLLOW = { followLinks: true };
const DENIED = { code: 'PERMISSION_DENIED' };
/** Operations that two users have in turn on the same thread. */
const INTERLEAVED = 5000;

function as({ storage }: PosixFixture, profile: typeof JANE): FileSystem {
  return storage.attach(testSession(profile));
}

/** A folder that only its owner may look into, with a file. */
async function privateFolder(files: FileSystem, name: string): Promise<void> {
  await files.makeDirectory(path(name), { mode: 0o700 });
  await store(files, `${name}/a`, 'private');
}

test('identity - users cannot read, write, list or delete in the private folders of others', async (_, fixture) => {
  const jane = as(fixture, JANE);
  const john = as(fixture, JOHN);
  await privateFolder(jane, '/jane');
  await privateFolder(john, '/john');
  for (const [files, folder] of [
    [jane, '/john'],
    [john, '/jane'],
  ] as const) {
    const file = path(`${folder}/a`);
    const attempts: Record<string, () => Promise<unknown>> = {
      read: () => load(files, file),
      write: () => store(files, file, 'x'),
      append: () => files.open(file, { ...WRITE, truncate: false, append: true }, {}),
      make: () => store(files, `${folder}/new`, 'x'),
      list: () => names(files, folder),
      stat: () => files.stat(file, FOLLOW),
      remove: () => files.remove(file),
      mkdir: () => files.makeDirectory(path(`${folder}/d`), {}),
      rename: () => files.rename(file, path('/taken')),
      moveIn: () => files.rename(path(folder === '/john' ? '/jane/a' : '/john/a'), path(`${folder}/b`)),
      chmod: () => files.setAttributes(path(folder), { mode: 0o777 }, FOLLOW),
      chown: () => files.setAttributes(path(folder), { owner: { uid: 54_001, gid: 54_001 } }, FOLLOW),
      truncate: () => files.setAttributes(file, { sizeBytes: 0 }, FOLLOW),
      link: async () => files.hardLinks?.link(file, path('/taken')),
      symlink: async () => files.links?.symlink('a', path(`${folder}/l`)),
    };
    for (const [name, attempt] of Object.entries(attempts)) await assert.rejects(attempt(), DENIED, name);
    assert.equal(readFileSync(fixture.at(folder, 'a'), 'utf8'), 'private');
    assert.deepEqual(await names(folder === '/jane' ? jane : john, folder), ['a']);
  }
});

test('identity - the folders of a home are passed only as the user, from the view root on', async (_, fixture) => {
  const { storage, at } = fixture;
  mkdirSync(at('closed', 'jane'), { recursive: true });
  chownSync(at('closed', 'jane'), JANE.uid, JANE.gid);
  chmodSync(at('closed'), 0o700);
  const home = storage.attach(testSession(JANE), path('/closed/jane'));
  await assert.rejects(store(home, '/a', 'x'), DENIED);
  chmodSync(at('closed'), 0o711);
  await store(home, '/a', 'x');
  await assert.rejects(names(as(fixture, JANE), '/closed'), DENIED);
});

test('identity - what is made bears the ids of the profile', async (_, fixture) => {
  const { at } = fixture;
  const jane = as(fixture, JANE);
  await privateFolder(jane, '/d');
  await jane.links?.symlink('d', path('/l'));
  await (await jane.open(path('/f'), WRITE, { mode: 0o640 })).close();
  for (const name of ['d', 'f']) {
    const { uid, gid } = statSync(at(name));
    assert.deepEqual({ uid, gid }, { uid: JANE.uid, gid: JANE.gid });
  }
  const { uid } = await jane.stat(path('/l'), { followLinks: false });
  assert.equal(uid, JANE.uid);
  assert.equal(statSync(at('f')).mode & 0o777, 0o640);
});

test('identity - a secondary group gives access, and only to its members', async (_, fixture) => {
  const { at } = fixture;
  mkdirSync(at('team'));
  writeFileSync(at('team', 'a'), 'of the team');
  chownSync(at('team'), 0, TEAM_GID);
  chmodSync(at('team'), 0o770);
  const member = as(fixture, { ...JANE, secondaryGids: [54_099, TEAM_GID] });
  assert.equal(await load(member, '/team/a'), 'of the team');
  await store(member, '/team/b', 'x');
  await assert.rejects(load(as(fixture, JANE), '/team/a'), DENIED);
});

test('identity - root as a profile passes by permissions, as on EFS', async (_, fixture) => {
  await privateFolder(as(fixture, JANE), '/jane');
  const root = as(fixture, profileOf(0));
  assert.equal(await load(root, '/jane/a'), 'private');
  await root.setAttributes(path('/jane/a'), { mode: 0o644, owner: { uid: 1, gid: 2 } }, FOLLOW);
  const { mode, uid, gid } = statSync(fixture.at('jane', 'a'));
  assert.deepEqual([mode & 0o777, uid, gid], [0o644, 1, 2]);
});

test('identity - owners change times and, to a group of theirs, the group; not modes and owners', async (_, fixture) => {
  const files = as(fixture, { ...JANE, secondaryGids: [TEAM_GID] });
  const file = path('/a');
  await store(files, file, 'x');
  const handle = await files.open(file, READ, {});
  const bothWays = [
    (changes: object) => files.setAttributes(file, changes, FOLLOW),
    (changes: object) => handle.setAttributes(changes),
  ];
  for (const change of bothWays) {
    chownSync(fixture.at('a'), JANE.uid, JANE.gid);
    const times = { accessedSeconds: 1, modifiedSeconds: 2 };
    await assert.rejects(change({ mode: 0o600, times }), DENIED);
    assert.equal((await handle.stat()).modifiedMs, 2000, 'the other changes are made');
    assert.equal((await handle.stat()).mode, 0o644);
    await change({ owner: { uid: JANE.uid, gid: TEAM_GID } });
    assert.equal((await handle.stat()).gid, TEAM_GID);
    await assert.rejects(change({ owner: { uid: JANE.uid, gid: 54_999 } }), DENIED);
    await assert.rejects(change({ owner: { uid: JOHN.uid, gid: TEAM_GID } }), DENIED);
  }
  const other = await as(fixture, JOHN).open(file, READ, {});
  await assert.rejects(other.setAttributes({ times: { accessedSeconds: 1, modifiedSeconds: 2 } }), DENIED);
  await Promise.all([handle.close(), other.close()]);
});

test('identity - who writes to a program of somebody else takes its set-user-ID and set-group-ID, as by write(2)', async (_, fixture) => {
  const program = fixture.at('program');
  const john = as(fixture, JOHN);
  const change = { ...WRITE, truncate: false };
  const make = (mode: number): void => {
    writeFileSync(program, 'old');
    chownSync(program, 0, JOHN.gid);
    chmodSync(program, mode);
  };
  for (const [before, after] of [
    [0o6775, 0o775],
    [0o4770, 0o770],
    // Set-group-ID without execution by the group asks for mandatory locks and gives nobody any rights.
    [0o2664, 0o2664],
  ] as const) {
    make(before);
    await store(john, '/program', 'new', change);
    assert.equal(readFileSync(program, 'utf8'), 'new');
    assert.equal(statSync(program).mode & 0o7777, after);
  }
  make(0o6775);
  assert.equal(await load(john, '/program'), 'old');
  assert.equal(statSync(program).mode & 0o7777, 0o6775, 'reading changes nothing');
  await store(as(fixture, profileOf(0)), '/program', 'new', change);
  assert.equal(statSync(program).mode & 0o7777, 0o6775, 'root may keep them');
});

test('identity - what one user was never reaches the next, and the process stays who it is', async (_, fixture) => {
  const users = [JANE, { ...JOHN, secondaryGids: [TEAM_GID] }, profileOf(0)];
  const views = users.map((profile) => as(fixture, profile));
  const owners = new Map<string, number>();
  for (let index = 0; index < INTERLEAVED; index += 50) {
    const batch = Array.from({ length: 50 }, async (_, offset) => {
      const who = Math.floor(Math.random() * users.length);
      const name = `${index + offset}`;
      owners.set(name, users[who]?.uid ?? -1);
      await views[who]?.makeDirectory(path(name), {});
    });
    await Promise.all(batch);
    assert.deepEqual([process.geteuid?.(), process.getegid?.()], [0, 0]);
  }
  writeFileSync(fixture.at('of-the-process'), '');
  owners.set('of-the-process', 0);
  for (const [name, uid] of owners) {
    const stats = statSync(fixture.at(name));
    assert.deepEqual([stats.uid, stats.gid], [uid, uid], name);
  }
});

test('identity - the threads keep no right of root that files do not need', async (_, fixture) => {
  await names(as(fixture, JANE), '/');
  const tasks = readTasks();
  const threads = tasks.filter(({ name }) => name.includes('posix'));
  assert.ok(threads.length > 0);
  for (const { effective } of threads) assert.equal(effective & ~0b1101_1111n, 0n);
  const main = tasks.find(({ id }) => id === process.pid);
  assert.ok(main !== undefined && threads.every(({ effective }) => effective !== main.effective));
});

/** The threads of this process and the lower 32 of their capabilities in effect. */
function readTasks(): { readonly id: number; readonly name: string; readonly effective: bigint }[] {
  return readdirSync('/proc/self/task').map((id) => {
    const status = readFileSync(`/proc/self/task/${id}/status`, 'utf8');
    const effective = BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(status)?.[1] ?? '0'}`);
    return { id: Number(id), name: readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim(), effective };
  });
}
