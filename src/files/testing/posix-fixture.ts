/** A `PosixStorage` in a directory of its own, with something outside that nobody may reach. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as runTest, type TestContext } from 'node:test';
import type { FileSystem } from '../file-system.ts';
import { PosixStorage, type PosixStorageOptions } from '../storage/posix/storage.ts';
import type { PosixProfile } from '../storage.ts';
import { ownProfile, testSession } from './fixture.ts';

export const SECRET = 'outside content';
const OTHER_UID = 54_321;

export interface PosixFixture {
  readonly storage: PosixStorage;
  readonly files: FileSystem;
  /** A host path below the root. */
  at(...names: string[]): string;
  /** Holds `secret` and the directory `dir` with `secret`. */
  readonly outside: string;
}

export async function posixFixture(
  context: TestContext,
  options: Partial<PosixStorageOptions> = {},
): Promise<PosixFixture> {
  const base = mkdtempSync(join(tmpdir(), 'files-'));
  const root = join(base, 'root');
  const outside = join(base, 'outside');
  mkdirSync(root);
  mkdirSync(join(outside, 'dir'), { recursive: true });
  writeFileSync(join(outside, 'secret'), SECRET);
  writeFileSync(join(outside, 'dir', 'secret'), SECRET);
  const storage = new PosixStorage({ root, symlinks: 'follow-within', identity: 'process', ...options });
  await storage.open();
  context.after(async () => {
    await storage.close();
    rmSync(base, { recursive: true, force: true });
  });
  return {
    storage,
    files: storage.attach(testSession(ownProfile())),
    at: (...names) => join(root, ...names),
    outside,
  };
}

type MakeFixture = typeof posixFixture;

/** The two ways to the files that `PosixStorage` has: each must keep the whole contract. */
const WAYS: Readonly<Record<string, Partial<PosixStorageOptions>>> = {
  'by threads': { usesThreads: true },
  'by walking': { usesThreads: false },
};

/** Declares a test of what must hold however the files are reached: it runs once for each way. */
export function test(
  name: string,
  body: (context: TestContext, posixFixture: MakeFixture) => Promise<void>,
): void {
  for (const [way, wayOptions] of Object.entries(WAYS)) {
    runTest(`${name} (${way})`, (context) =>
      body(context, (owner, options) => posixFixture(owner, { ...wayOptions, ...options })),
    );
  }
}

/** Those on files and directories; what the loops of threads poll on comes and goes with the threads. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => isOnPath(descriptor)).length;
}

function isOnPath(descriptor: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('/');
  } catch {
    // The one that the directory itself was read with.
    return false;
  }
}

export function makeFifo(hostPath: string): void {
  execFileSync('mkfifo', [hostPath]);
}

/** Ids that no account of the machine needs to have. */
export function profileOf(uid: number, secondaryGids: readonly number[] = []): PosixProfile {
  return { uid, gid: uid, secondaryGids };
}

/**
 * Declares a test in which sessions act as other users, which takes root. Without it, it checks that nobody can act as
 * another user, and says that this is all.
 */
export function testAsRoot(
  name: string,
  body: (context: TestContext, fixture: PosixFixture) => Promise<void>,
): void {
  runTest(name, async (context) => {
    const fixture = await posixFixture(context, { identity: 'profile' });
    if (fixture.storage.noProfiles === undefined) {
      chmodSync(fixture.at('..'), 0o755);
      chmodSync(fixture.at(), 0o777);
      return body(context, fixture);
    }
    context.diagnostic(`only the refusal was checked: ${fixture.storage.noProfiles}`);
    const other = testSession(profileOf(OTHER_UID));
    assert.throws(() => fixture.storage.attach(other), { code: 'PERMISSION_DENIED' });
  });
}
