/** Copies between two open files, inside the storage where it can: copy-data, and the middle of copy-file. */

import { FileError, toFileError } from '../files/error.ts';
import type { OpenFile } from './open-file.ts';
import { END_OF_FILE, OK, type Reply } from './reply.ts';
import type { LaneStep } from './request-lane.ts';
import type { Request } from './request-ledger.ts';
import type { SftpSession } from './session.ts';

/** Moved at a time when the bytes go through us: what the copies of one channel hold in memory. */
const CHUNK_BYTES = 1024 * 1024;

export interface CopyRange {
  readonly position: number;
  /** `undefined`: to the end of the source. */
  readonly byteCount: number | undefined;
  readonly targetPosition: number;
}

type Piece = CopyRange & { readonly byteCount: number };

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
  session: SftpSession,
): Promise<Reply> {
  checkOpen(session);
  source.checkReadable();
  target.checkStorable();
  await refuseSameFile(source, target);
  const available = Math.max(0, (await source.attributes()).sizeBytes - range.position);
  const byteCount = Math.min(range.byteCount ?? available, available);
  try {
    if (byteCount > 0) await copyBytes(source, target, { ...range, byteCount }, session);
  } catch (error) {
    target.fail(error);
    throw error;
  }
  return range.byteCount !== undefined && range.byteCount > available ? END_OF_FILE : OK;
}

/** @throws FileError ABORTED when the client went away: nothing may begin after that */
export function checkOpen({ ledger }: SftpSession): void {
  if (ledger.isClosed) throw new FileError('ABORTED');
}

/** @throws FileError INVALID_HANDLE */
export async function refuseSameFile(source: OpenFile, target: OpenFile): Promise<void> {
  if (await source.isSameFile(target))
    throw new FileError('INVALID_HANDLE', 'a file cannot be copied onto itself');
}

async function copyBytes(
  source: OpenFile,
  target: OpenFile,
  { position, byteCount, targetPosition }: Piece,
  session: SftpSession,
): Promise<void> {
  checkOpen(session);
  try {
    await source.copyWithin(position, byteCount, target, targetPosition);
    return;
  } catch (error) {
    if (toFileError(error).code !== 'NOT_SUPPORTED') throw error;
  }
  for (let copied = 0; copied < byteCount; ) {
    const piece = {
      position: position + copied,
      byteCount: Math.min(CHUNK_BYTES, byteCount - copied),
      targetPosition: targetPosition + copied,
    };
    copied += await session.copyTurns.run(() => copyPiece(source, target, piece, session));
  }
}

/** @returns how many bytes it was */
async function copyPiece(
  source: OpenFile,
  target: OpenFile,
  { position, byteCount, targetPosition }: Piece,
  session: SftpSession,
): Promise<number> {
  checkOpen(session);
  const slice = await source.load(position, byteCount);
  try {
    checkOpen(session);
    if (slice.byteCount === 0)
      throw new FileError('IO_ERROR', 'the source became shorter while it was copied');
    await target.store(slice.views, targetPosition, slice.byteCount);
    return slice.byteCount;
  } finally {
    slice.release();
  }
}
