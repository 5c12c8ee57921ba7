/** What is shown of directories that no storage holds. */

import type { FileAttributes } from './file-system.ts';

/** A time that never changes, for tools that compare. */
const FIXED_TIME_MS = Date.UTC(2000, 0, 1);

/** A directory that exists only because entries lie below it: nothing can be put there. */
export const SYNTHETIC_DIRECTORY: FileAttributes = {
  type: 'directory',
  sizeBytes: 0,
  mode: 0o555,
  uid: 0,
  gid: 0,
  accessedMs: FIXED_TIME_MS,
  modifiedMs: FIXED_TIME_MS,
  linkCount: 1,
};

/** A directory that comes to be when something is put there. */
export const IMPLIED_DIRECTORY: FileAttributes = { ...SYNTHETIC_DIRECTORY, mode: 0o755 };
