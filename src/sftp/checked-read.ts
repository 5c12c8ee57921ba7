/** Reads from a storage and believes no answer that is longer than what was asked for. */

import { FileError } from '../files/error.ts';
import type { FileHandle, FileSlice } from '../files/file-system.ts';

/** At most `byteCount` bytes, for the caller to release. @throws FileError IO_ERROR, or what the storage throws */
export async function checkedRead(
  handle: FileHandle,
  position: number,
  byteCount: number,
): Promise<FileSlice> {
  const slice = await handle.read(position, byteCount);
  if (slice.byteCount <= byteCount) return slice;
  slice.release();
  throw new FileError('IO_ERROR', undefined, { cause: new Error('the storage read more than was asked') });
}
