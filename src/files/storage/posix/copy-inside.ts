/** Copies between two open files without moving the bytes through the process: the file system shares blocks, or copies. */

import { FileError, toFileError } from '../../error.ts';

/**
 * Copied by one call, during which its thread serves nobody else and a session that ends waits: a millisecond where
 * nothing is shared.
 */
const PIECE_BYTES = 2 * 1024 * 1024;

/** What a file system may say that cannot do it, between these two files or at all. */
const CANNOT: ReadonlySet<string> = new Set(['CROSS_STORAGE', 'INVALID_ARGUMENT', 'NOT_SUPPORTED']);

export interface CopyPiece {
  /** Descriptors. */
  readonly source: number;
  readonly target: number;
  readonly position: number;
  readonly targetPosition: number;
  readonly byteCount: number;
}

/** @returns how many bytes it was, 0 at the end of the source @throws FileError */
export type CopyOnePiece = (piece: CopyPiece) => Promise<number>;

/**
 * Copies all of `whole`.
 *
 * @throws FileError NOT_SUPPORTED where the caller must move the bytes, from the beginning: some of them may be copied
 */
export async function copyInside(copyPiece: CopyOnePiece, whole: CopyPiece): Promise<void> {
  for (let done = 0; done < whole.byteCount; ) {
    const copied = await tryPiece(copyPiece, {
      ...whole,
      position: whole.position + done,
      targetPosition: whole.targetPosition + done,
      byteCount: Math.min(PIECE_BYTES, whole.byteCount - done),
    });
    // The source became shorter, or the file system is one of those that end early. Reads tell which.
    if (copied === 0) throw new FileError('NOT_SUPPORTED');
    done += copied;
  }
}

async function tryPiece(copyPiece: CopyOnePiece, piece: CopyPiece): Promise<number> {
  try {
    return await copyPiece(piece);
  } catch (error) {
    const known = toFileError(error);
    if (CANNOT.has(known.code)) throw new FileError('NOT_SUPPORTED', undefined, { cause: known });
    throw known;
  }
}
