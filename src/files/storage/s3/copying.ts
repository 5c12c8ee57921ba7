/** Copies an object that is too large for one call: parts of it, several at a time, inside the service. */

import type {
  ObjectHead,
  ObjectProperties,
  ObjectStore,
  PutCondition,
  UploadedPart,
} from './object-store.ts';

export interface CopyLimits {
  /** Most that one CopyObject takes. */
  readonly maxCopyBytes: number;
  /** Of a copy in parts: larger ones make fewer requests, smaller ones run side by side. */
  readonly partBytes: number;
}

/** S3 copies 5 GiB in one call, and 10,000 parts of this size are 5 TB. */
export const COPY_LIMITS: CopyLimits = { maxCopyBytes: 5 * 1024 ** 3, partBytes: 512 * 1024 ** 2 };
const PARTS_IN_FLIGHT = 8;

export interface PartedCopy {
  readonly from: ObjectHead;
  readonly toKey: string;
  readonly properties: ObjectProperties;
  readonly condition: PutCondition;
  readonly partBytes: number;
}

/** Ends with the object in place, or with the upload aborted. @throws FileError */
export async function copyInParts(store: ObjectStore, copy: PartedCopy, signal: AbortSignal): Promise<void> {
  const { toKey, properties, condition } = copy;
  // Without the caller's signal: an upload that was made and whose id is not known could not be aborted.
  const beginning = new AbortController().signal;
  const uploadId = await store.createUpload(toKey, properties, beginning, { holdsCopies: true });
  try {
    const parts = await copyParts(store, copy, uploadId, signal);
    await store.completeUpload(toKey, uploadId, parts, condition, signal);
  } catch (error) {
    // The caller's signal may be why; what was begun has to be cleaned up all the same.
    await store.abortUpload(toKey, uploadId, new AbortController().signal).catch(() => undefined);
    throw error;
  }
}

async function copyParts(
  store: ObjectStore,
  { from, toKey, partBytes }: PartedCopy,
  uploadId: string,
  signal: AbortSignal,
): Promise<readonly UploadedPart[]> {
  const parts: UploadedPart[] = [];
  const partCount = Math.ceil(from.sizeBytes / partBytes);
  let next = 0;
  let hasFailed = false;
  const work = async (): Promise<void> => {
    while (next < partCount && !hasFailed) {
      const index = next;
      next += 1;
      const position = index * partBytes;
      const byteCount = Math.min(partBytes, from.sizeBytes - position);
      const source = { key: from.key, etag: from.etag, position, byteCount };
      parts[index] = await store.copyPart(toKey, uploadId, index + 1, source, signal);
    }
  };
  const workers = Array.from({ length: PARTS_IN_FLIGHT }, () =>
    work().catch((error: unknown) => {
      hasFailed = true;
      throw error;
    }),
  );
  // All of them end before the upload is aborted, or a late part would stay behind.
  const outcomes = await Promise.allSettled(workers);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return parts;
}
