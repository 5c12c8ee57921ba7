/** How large the parts of a multipart upload are: SFTP does not say how large a file will be. */

import { FileError } from '../../error.ts';
import { CHUNK_BYTES } from './upload-memory.ts';

/** S3 limits: a part but the last, parts of one upload, and an object ("5 TB"). */
export const MIN_PART_BYTES = 5 * 1024 ** 2;
export const MAX_PARTS = 10_000;
export const MAX_OBJECT_BYTES = 5 * 1024 ** 4;
/** Most that one UploadPartCopy takes is 5 GiB; smaller ones run side by side. */
const MAX_COPIED_PART_BYTES = 1024 ** 3;

/**
 * Parts behind which the least part is twice as large. Parts of exactly the least size hold 7 TiB in 10,000: an object
 * of 5 TB is full at part 9,516, of 3.6 GiB, so S3's limit of 5 GiB is never met.
 */
const DOUBLING_PARTS = 1000;

export interface PartScheduleOptions {
  readonly firstPartBytes: number;
  /** A part has to fit into memory as a whole: `UploadMemory.maxClaimBytes`. */
  readonly maxPartBytes: number;
}

/**
 * Any mix of sizes between `least` and `usual` fits an object of 5 TB, as long as `maxPartBytes` does not cut them: a
 * budget of 64 MiB makes no part above 32 MiB, which ends at about 260 GiB.
 */
export class PartSchedule {
  readonly #firstPartBytes: number;
  readonly #maxPartBytes: number;

  constructor({ firstPartBytes, maxPartBytes }: PartScheduleOptions) {
    this.#firstPartBytes = firstPartBytes;
    this.#maxPartBytes = maxPartBytes;
  }

  /** The least that may go up as this part when more is to follow, whole chunks. The first index is 0. */
  least(index: number): number {
    return this.#limited(MIN_PART_BYTES * 2 ** (index / DOUBLING_PARTS));
  }

  /** What goes up when memory is not short. */
  usual(index: number): number {
    return Math.max(this.least(index), this.#limited(this.#firstPartBytes));
  }

  #limited(byteCount: number): number {
    return Math.min(Math.ceil(byteCount / CHUNK_BYTES) * CHUNK_BYTES, this.#maxPartBytes);
  }
}

/** The size of equal copied parts, so that none of several comes out below what S3 takes. */
export function copiedPartBytes(totalBytes: number): number {
  return Math.ceil(totalBytes / Math.ceil(totalBytes / MAX_COPIED_PART_BYTES));
}

export function tooLarge(): FileError {
  return new FileError(
    'NO_SPACE',
    'the file is larger than 5 TB, or than 10,000 parts that fit into the memory for uploads',
  );
}
