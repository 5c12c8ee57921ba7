/** Begins a new version of an object with the old one. */

import { FileError, toFileError } from '../../error.ts';
import type { FileHandle } from '../../file-system.ts';

/** Moved at a time where the file system does not copy by itself. */
const CHUNK_BYTES = 1024 * 1024;

/** Copies the first `byteCount` bytes. @throws FileError IO_ERROR when there are fewer by now */
export async function copyBeginning(
  source: FileHandle,
  target: FileHandle,
  byteCount: number,
): Promise<void> {
  if (byteCount === 0 || (await copyInside(source, target, byteCount))) return;
  for (let position = 0; position < byteCount; ) {
    const slice = await source.read(position, Math.min(CHUNK_BYTES, byteCount - position));
    try {
      if (slice.byteCount === 0)
        throw new FileError('IO_ERROR', 'the object became shorter while it was copied');
      await target.write(slice.views, position);
      position += slice.byteCount;
    } finally {
      slice.release();
    }
  }
}

/** @returns whether the file system did it: by sharing the blocks, where it can */
async function copyInside(source: FileHandle, target: FileHandle, byteCount: number): Promise<boolean> {
  if (source.copyTo === undefined) return false;
  try {
    await source.copyTo(0, byteCount, target, 0);
    return true;
  } catch (error) {
    if (toFileError(error).code === 'NOT_SUPPORTED') return false;
    throw error;
  }
}
