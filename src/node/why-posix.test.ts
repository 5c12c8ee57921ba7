import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { PosixProfile } from '../files/storage.ts';
import type { WhyOperation } from './why-operation.ts';
import { posixVerdict } from './why-posix.ts';

const OWN_UID = process.geteuid?.() ?? 0;
const OWN_GID = process.getegid?.() ?? 0;
const STRANGER: PosixProfile = { uid: 54_321, gid: 54_321, secondaryGids: [] };
const MEMBER: PosixProfile = { ...STRANGER, secondaryGids: [OWN_GID] };

/** `/d/f`, modes as given. */
async function place(t: TestContext, directoryMode: number, fileMode: number): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'drawbridge-posix-'));
  t.after(() => rm(root, { recursive: true }));
  await chmod(root, 0o755);
  await mkdir(join(root, 'd'));
  await writeFile(join(root, 'd', 'f'), 'x');
  await chmod(join(root, 'd', 'f'), fileMode);
  await chmod(join(root, 'd'), directoryMode);
  return root;
}

async function outcome(root: string, operation: WhyOperation, profile: PosixProfile, names = ['d', 'f']) {
  const verdict = await posixVerdict({ root, names, targetNames: ['d', 'g'], profile, operation });
  return verdict.outcome;
}

test('POSIX - the first class that fits decides, even where a later one would give more', async (t) => {
  const root = await place(t, 0o755, 0o604);
  assert.equal(await outcome(root, 'get', STRANGER), 'allowed');
  assert.equal(await outcome(root, 'get', MEMBER), 'denied', 'the group may not, whatever others may');
});

test('POSIX - names are made and removed by who may write to the directory', async (t) => {
  const root = await place(t, 0o775, 0o600);
  for (const operation of ['mkdir', 'rm', 'rmdir', 'rename'] as const) {
    assert.equal(await outcome(root, operation, MEMBER), 'allowed', operation);
    assert.equal(await outcome(root, operation, STRANGER), 'denied', operation);
  }
  assert.equal(await outcome(root, 'put', MEMBER, ['d', 'new']), 'allowed');
  assert.equal(await outcome(root, 'put', MEMBER), 'denied', 'the file is not theirs to write');
});

test('POSIX - in a sticky directory only owners remove', async (t) => {
  const root = await place(t, 0o1777, 0o666);
  assert.equal(await outcome(root, 'rm', STRANGER), 'denied');
  assert.equal(await outcome(root, 'rename', STRANGER), 'denied');
  assert.equal(await outcome(root, 'put', STRANGER), 'allowed');
  assert.equal(await outcome(root, 'rm', { uid: OWN_UID, gid: OWN_GID, secondaryGids: [] }), 'allowed');
});

test('POSIX - attributes are changed by the owner', async (t) => {
  const root = await place(t, 0o777, 0o666);
  assert.equal(await outcome(root, 'setstat', STRANGER), 'denied');
  assert.equal(await outcome(root, 'setstat', { ...STRANGER, uid: 0 }), 'allowed');
});

test('POSIX - links and what is missing cannot be told', async (t) => {
  const root = await place(t, 0o777, 0o666);
  await symlink('f', join(root, 'd', 'link'));
  assert.equal(await outcome(root, 'get', STRANGER, ['d', 'link']), 'unknown');
  assert.equal(await outcome(root, 'get', STRANGER, ['d', 'missing']), 'unknown');
  assert.equal(await outcome(root, 'get', STRANGER, ['missing', 'f']), 'unknown');
  assert.equal(await outcome(join(root, 'missing'), 'get', STRANGER, []), 'unknown');
});
