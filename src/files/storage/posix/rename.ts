/** The two renames of the interface on a host: one that never replaces and one that does. */

import type { Stats } from 'node:fs';
import { link, lstat, rename, unlink } from 'node:fs/promises';
import { FileError } from '../../error.ts';
import { errnoOf } from './calls.ts';

/** What `link` says where a file system has no hard links, or not for this file. */
export const NO_HARD_LINK = new Set([
  'EPERM',
  'EACCES',
  'EMLINK',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EXDEV',
]);

/**
 * Renames, refusing a target that exists. Node itself has no `renameat2(RENAME_NOREPLACE)`; `link` refuses an existing
 * name in one step, so a regular file is linked and its old name removed. Directories, links, and file systems without
 * hard links are looked at first, which a simultaneous creator of the target can beat.
 *
 * @throws FileError ALREADY_EXISTS, and what the system says
 */
export async function renameToFree(from: string, to: string, stats: Stats): Promise<void> {
  if (stats.isFile() && (await tryLink(from, to))) return dropOldName(from, to);
  if (await exists(to)) throw new FileError('ALREADY_EXISTS');
  await rename(from, to);
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (NO_HARD_LINK.has(errnoOf(error))) return false;
    throw error;
  }
}

async function dropOldName(from: string, to: string): Promise<void> {
  try {
    await unlink(from);
  } catch (error) {
    await unlink(to);
    throw error;
  }
}

async function exists(hostPath: string): Promise<boolean> {
  try {
    await lstat(hostPath);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
