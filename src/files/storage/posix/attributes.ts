/** File attributes between `node:fs` and the `FileSystem` interface. */

import type { Stats } from 'node:fs';
import { FileError } from '../../error.ts';
import type { AttributeChanges, FileAttributes, FileType } from '../../file-system.ts';

/**
 * Mode bits a client may set. Never set-user-ID, set-group-ID or sticky: files belong to the account the service runs
 * as, so a client could hand that account's rights to every local user.
 */
export const CLIENT_MODE_BITS = 0o777;
const PERMISSION_BITS = 0o7777;

export function toAttributes(stats: Stats): FileAttributes {
  return {
    type: toFileType(stats),
    sizeBytes: stats.size,
    mode: stats.mode & PERMISSION_BITS,
    uid: stats.uid,
    gid: stats.gid,
    accessedMs: stats.atimeMs,
    modifiedMs: stats.mtimeMs,
    linkCount: stats.nlink,
  };
}

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
export interface AttributeCalls {
  resize(sizeBytes: number): Promise<void>;
  chmod(mode: number): Promise<void>;
  utimes(accessedSeconds: number, modifiedSeconds: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
}

/** Tries every change in OpenSSH's order and throws the last failure. */
export async function applyChanges(changes: AttributeChanges, calls: AttributeCalls): Promise<void> {
  const { sizeBytes, mode, times, owner } = changes;
  const failures: unknown[] = [];
  const attempt = async (change: () => Promise<void>): Promise<void> => {
    await change().catch((error: unknown) => failures.push(error));
  };
  if (sizeBytes !== undefined) await attempt(() => calls.resize(sizeBytes));
  if (mode !== undefined) await attempt(() => calls.chmod(mode & CLIENT_MODE_BITS));
  if (times !== undefined) await attempt(() => calls.utimes(times.accessedSeconds, times.modifiedSeconds));
  if (owner !== undefined) await attempt(() => calls.chown(owner.uid, owner.gid));
  if (failures.length > 0) throw failures.at(-1);
}

/** @throws FileError IS_A_DIRECTORY, PERMISSION_DENIED */
export function checkRegularFile(stats: Stats): void {
  if (stats.isFile()) return;
  if (stats.isDirectory()) throw new FileError('IS_A_DIRECTORY');
  throw new FileError('PERMISSION_DENIED', 'this is not a regular file');
}

function toFileType(stats: Stats): FileType {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}
