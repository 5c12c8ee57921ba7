/** A file opened only to be hashed: what is read of it, and its end. */

import type { FileHandle } from '../../files/file-system.ts';
import { checkedRead } from '../checked-read.ts';
import type { HashSource } from './file-hash.ts';

/** Lends `handle` to `hash` and gives it up afterwards, whatever happens. */
export async function hashOpened<T>(
  handle: FileHandle,
  hash: (source: HashSource, sizeBytes: number) => Promise<T>,
): Promise<T> {
  try {
    const { sizeBytes } = await handle.stat();
    return await hash({ read: (at, byteCount) => checkedRead(handle, at, byteCount) }, sizeBytes);
  } finally {
    await handle.abort('failed');
  }
}
