/** File attributes between `node:fs` and the `FileSystem` interface. */

import fs, { type Stats } from 'node:fs';
import { FileError } from '../../error.ts';
import type { AttributeChanges, FileAttributes, FileType } from '../../file-system.ts';

/**
 * Mode bits a client may set. Never set-user-ID, set-group-ID or sticky: files belong to the account the service runs
 * as, so a client could hand that account's rights to every local user.
 */
export const CLIENT_MODE_BITS = 0o777;
export const PERMISSION_BITS = 0o7777;

const { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } = fs.constants;

export function toAttributes(stats: Stats): FileAttributes {
  return {
    type: fileTypeOf(stats.mode),
    sizeBytes: stats.size,
    mode: stats.mode & PERMISSION_BITS,
    uid: stats.uid,
    gid: stats.gid,
    accessedMs: stats.atimeMs,
    modifiedMs: stats.mtimeMs,
    linkCount: stats.nlink,
  };
}

export const NOT_REGULAR = 'this is not a regular file';

/** What is shown of an entry that is there but cannot be looked at. */
export const UNKNOWN_ATTRIBUTES: FileAttributes = {
  type: 'other',
  sizeBytes: 0,
  mode: 0,
  uid: 0,
  gid: 0,
  accessedMs: 0,
  modifiedMs: 0,
  linkCount: 1,
};

/** The calls that change one node, by descriptor or by pinned path. */
export interface AttributeCalls<Done> {
  resize(sizeBytes: number): Done;
  chmod(mode: number): Done;
  utimes(accessedSeconds: number, modifiedSeconds: number): Done;
  chown(uid: number, gid: number): Done;
}

/** One call for each change, in OpenSSH's order. All are to be tried, and the last failure is the one that is told. */
export function changeSteps<Done>(changes: AttributeChanges, calls: AttributeCalls<Done>): (() => Done)[] {
  const { sizeBytes, mode, times, owner } = changes;
  const steps: (() => Done)[] = [];
  if (sizeBytes !== undefined) steps.push(() => calls.resize(sizeBytes));
  if (mode !== undefined) steps.push(() => calls.chmod(mode & CLIENT_MODE_BITS));
  if (times !== undefined) steps.push(() => calls.utimes(times.accessedSeconds, times.modifiedSeconds));
  if (owner !== undefined) steps.push(() => calls.chown(owner.uid, owner.gid));
  return steps;
}

/** Tries every change and throws the last failure. */
export async function applyChanges(
  changes: AttributeChanges,
  calls: AttributeCalls<Promise<void>>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const step of changeSteps(changes, calls)) {
    await step().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures.at(-1);
}

/**
 * On EFS only root changes permissions (aws-transfer.md §5.2), where POSIX would let the owner. The other changes are
 * made all the same. @throws FileError PERMISSION_DENIED, and what `apply` throws
 */
export async function applyWithoutMode(
  { mode, ...others }: AttributeChanges,
  apply: (changes: AttributeChanges) => Promise<void>,
): Promise<void> {
  await apply(others);
  if (mode !== undefined) throw new FileError('PERMISSION_DENIED');
}

/** @throws FileError IS_A_DIRECTORY, PERMISSION_DENIED */
export function checkRegularFile({ mode }: { readonly mode: number }): void {
  const type = fileTypeOf(mode);
  if (type === 'file') return;
  if (type === 'directory') throw new FileError('IS_A_DIRECTORY');
  throw new FileError('PERMISSION_DENIED', NOT_REGULAR);
}

/** Of a mode with its type bits. */
export function fileTypeOf(mode: number): FileType {
  const type = mode & S_IFMT;
  if (type === S_IFREG) return 'file';
  if (type === S_IFDIR) return 'directory';
  return type === S_IFLNK ? 'symlink' : 'other';
}
