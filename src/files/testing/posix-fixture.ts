/** A `PosixStorage` in a directory of its own, with something outside that nobody may reach. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { FileSystem } from '../file-system.ts';
import { PosixStorage, type PosixStorageOptions } from '../storage/posix/storage.ts';
import { testSession } from './fixture.ts';

export const SECRET = 'outside content';

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
  return { storage, files: storage.attach(testSession()), at: (...names) => join(root, ...names), outside };
}

export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

export function makeFifo(hostPath: string): void {
  execFileSync('mkfifo', [hostPath]);
}
