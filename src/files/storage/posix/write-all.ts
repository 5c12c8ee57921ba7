/** Writes every byte, however few the system takes at a time. */

import { FileError } from '../../error.ts';

/**
 * Calls `write` until all views are stored. `position` is `null` for append.
 *
 * @throws whatever `write` throws, and FileError IO_ERROR when it makes no progress
 */
export async function writeAll(
  write: (views: readonly Uint8Array[], position: number | null) => Promise<number>,
  views: readonly Uint8Array[],
  position: number | null,
): Promise<void> {
  let left = byteLength(views);
  let rest = views;
  let at = position;
  while (left > 0) {
    const written = await write(rest, at);
    if (written <= 0) throw new FileError('IO_ERROR');
    left -= written;
    if (left === 0) return;
    rest = withoutFirst(rest, written);
    if (at !== null) at += written;
  }
}

function byteLength(views: readonly Uint8Array[]): number {
  let sum = 0;
  for (const view of views) sum += view.length;
  return sum;
}

function withoutFirst(views: readonly Uint8Array[], byteCount: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = byteCount;
  for (const view of views) {
    if (skip < view.length) rest.push(skip > 0 ? view.subarray(skip) : view);
    skip = Math.max(0, skip - view.length);
  }
  return rest;
}
