/** Hashes a range of a file, slice by slice: what one hash holds in memory is one slice and the digests. */

import { FileError } from '../../files/error.ts';
import type { FileSlice } from '../../files/file-system.ts';
import type { HashAlgorithm, HashState } from './algorithms.ts';
import type { HashQueue } from './hash-queue.ts';

/** Read and hashed at a time: a fraction of a millisecond of work, and half a block of the read-ahead. */
const SLICE_BYTES = 128 * 1024;

/** What is read from: an open file. */
export interface HashSource {
  read(position: number, byteCount: number): Promise<FileSlice>;
}

export interface HashRange {
  readonly position: number;
  readonly byteCount: number;
  /** Each so many bytes have a digest of their own, the last block may be shorter; 0 for one digest of everything. */
  readonly blockBytes: number;
}

export interface HashWork {
  readonly source: HashSource;
  readonly algorithm: HashAlgorithm;
  readonly range: HashRange;
  readonly queue: HashQueue;
  readonly signal: AbortSignal;
}

/** How many digests the range has. */
export function digestCount({ byteCount, blockBytes }: HashRange): number {
  return blockBytes === 0 ? 1 : Math.ceil(byteCount / blockBytes);
}

/**
 * The digests one behind the other, computed in the session's turn.
 *
 * @throws FileError ABORTED when the session ends, IO_ERROR when the file ends before the range does
 */
export function hashFile(work: HashWork): Promise<Buffer> {
  return work.queue.run(work.signal, () => hashRange(work));
}

async function hashRange(work: HashWork): Promise<Buffer> {
  const { algorithm, range } = work;
  const count = digestCount(range);
  const blockBytes = range.blockBytes === 0 ? range.byteCount : range.blockBytes;
  const digests = Buffer.alloc(count * algorithm.digestBytes);
  const end = range.position + range.byteCount;
  for (let index = 0; index < count; index++) {
    const state = algorithm.create();
    const position = range.position + index * blockBytes;
    await hashBlock(work, state, position, Math.min(position + blockBytes, end));
    digests.set(state.digest(), index * algorithm.digestBytes);
  }
  return digests;
}

async function hashBlock(work: HashWork, state: HashState, position: number, end: number): Promise<void> {
  for (let at = position; at < end; ) {
    if (work.signal.aborted) throw new FileError('ABORTED');
    at += await hashSlice(work, state, at, Math.min(SLICE_BYTES, end - at));
  }
}

async function hashSlice(
  { source, queue }: HashWork,
  state: HashState,
  position: number,
  maxBytes: number,
): Promise<number> {
  const slice = await source.read(position, maxBytes);
  try {
    if (slice.byteCount === 0) throw new FileError('IO_ERROR', 'the file became shorter while it was read');
    await queue.pace.turn();
    for (const view of slice.views) state.update(view);
    return slice.byteCount;
  } finally {
    slice.release();
  }
}
