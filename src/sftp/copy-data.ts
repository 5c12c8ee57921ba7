/** Copies between two open files, inside the storage where it can: copy-data, and the middle of copy-file. */

import { FileError, toFileError } from '../files/error.ts';
import type { OpenFile } from './open-file.ts';
import { END_OF_FILE, OK, type Reply } from './reply.ts';
import type { LaneStep } from './request-lane.ts';
import type { Request } from './request-ledger.ts';

/** Moved at a time when the bytes go through us: what one copy holds in memory. */
const CHUNK_BYTES = 1024 * 1024;

export interface CopyRange {
  readonly position: number;
  /** `undefined`: to the end of the source. */
  readonly byteCount: number | undefined;
  readonly targetPosition: number;
}

/**
 * Takes a place in the order of both files: the source goes on reading meanwhile, the target waits. Both places are
 * taken at once, so that two copies in opposite directions cannot wait for each other.
 */
export function withBoth(
  request: Request,
  source: OpenFile,
  target: OpenFile,
  work: () => Promise<Reply>,
  onAbandon = () => {},
): void {
  const hold = new HoldStep();
  source.hold(hold);
  const holding = async (): Promise<Reply> => {
    try {
      await hold.begun;
      return await work();
    } finally {
      hold.finish();
    }
  };
  target.perform(request, true, holding, () => {
    hold.finish();
    onAbandon();
  });
}

/** Keeps the source from being written or closed while it is copied. */
class HoldStep implements LaneStep {
  readonly exclusive = false;
  readonly #begun = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<void>();

  /** Also resolves when the session ended first; the copy then finds itself cancelled. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  run(): Promise<void> {
    this.#begun.resolve();
    return this.#finished.promise;
  }

  finish(): void {
    this.#finished.resolve();
  }

  /** The copy answers in the order of its target. */
  answer(): void {}

  abandon(): void {
    this.#begun.resolve();
  }
}

/**
 * From inside steps of both files. @returns EOF when the source ended before the range did
 *
 * @throws FileError; the target is then failed, unless nothing of it was touched
 */
export async function copyRange(
  source: OpenFile,
  target: OpenFile,
  range: CopyRange,
  isCancelled: () => boolean,
): Promise<Reply> {
  if (isCancelled()) throw new FileError('ABORTED');
  source.checkReadable();
  target.checkStorable();
  await refuseSameFile(source, target);
  const available = Math.max(0, (await source.attributes()).sizeBytes - range.position);
  const byteCount = Math.min(range.byteCount ?? available, available);
  try {
    if (byteCount > 0) await copyBytes(source, target, { ...range, byteCount }, isCancelled);
  } catch (error) {
    target.fail(error);
    throw error;
  }
  return range.byteCount !== undefined && range.byteCount > available ? END_OF_FILE : OK;
}

/** @throws FileError INVALID_HANDLE */
export async function refuseSameFile(source: OpenFile, target: OpenFile): Promise<void> {
  if (await source.isSameFile(target))
    throw new FileError('INVALID_HANDLE', 'a file cannot be copied onto itself');
}

async function copyBytes(
  source: OpenFile,
  target: OpenFile,
  { position, byteCount, targetPosition }: CopyRange & { readonly byteCount: number },
  isCancelled: () => boolean,
): Promise<void> {
  try {
    await source.copyWithin(position, byteCount, target, targetPosition);
    return;
  } catch (error) {
    if (toFileError(error).code !== 'NOT_SUPPORTED') throw error;
  }
  for (let copied = 0; copied < byteCount; ) {
    if (isCancelled()) throw new FileError('ABORTED');
    const slice = await source.load(position + copied, Math.min(CHUNK_BYTES, byteCount - copied));
    try {
      if (isCancelled()) throw new FileError('ABORTED');
      if (slice.byteCount === 0)
        throw new FileError('IO_ERROR', 'the source became shorter while it was copied');
      await target.store(slice.views, targetPosition + copied, slice.byteCount);
    } finally {
      slice.release();
    }
    copied += slice.byteCount;
  }
}
