/** A key needs no directories above it on S3; a file does. */

import { type FileErrorCode, toFileError } from '../../error.ts';
import type { FileSystem } from '../../file-system.ts';
import { parentPath, ROOT, type VirtualPath } from '../../virtual-path.ts';

/** Others may remove an empty directory between our making it and our using it: so often it is made again. */
const MAX_ATTEMPTS = 8;

/** Missing or there by now: the attempt that follows finds out. */
const MAKING_MAY_FAIL: ReadonlySet<FileErrorCode> = new Set<FileErrorCode>(['ALREADY_EXISTS', 'NOT_FOUND']);

/** Runs `action`, which puts something at `path`, and makes the directories above it where it finds them missing. */
export async function withParents<T>(
  files: FileSystem,
  path: VirtualPath,
  action: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || toFileError(error).code !== 'NOT_FOUND') throw error;
    }
    await makeDirectories(files, parentPath(path));
  }
}

async function makeDirectories(files: FileSystem, directory: VirtualPath): Promise<void> {
  if (directory === ROOT) return;
  if ((await tryMake(files, directory)) !== 'NOT_FOUND') return;
  await makeDirectories(files, parentPath(directory));
  await tryMake(files, directory);
}

/** @throws FileError other than those that say that it is there, or that the one above is not */
async function tryMake(files: FileSystem, directory: VirtualPath): Promise<FileErrorCode | undefined> {
  try {
    await files.makeDirectory(directory, {});
    return undefined;
  } catch (error) {
    const { code } = toFileError(error);
    if (!MAKING_MAY_FAIL.has(code)) throw error;
    return code;
  }
}
