/** Copies an object that is too large for one call: parts of it, several at a time, inside the service. */

import type {
  ObjectHead,
  ObjectProperties,
  ObjectStore,
  PutCondition,
  UploadedPart,
} from './object-store.ts';

/** Most that one CopyObject or UploadPartCopy takes (S3 limits). */
export const MAX_COPY_BYTES = 5 * 1024 ** 3;
/** Larger parts make fewer requests; smaller ones run side by side. 10,000 of these are 5 TB. */
const COPY_PART_BYTES = 512 * 1024 ** 2;
const PARTS_IN_FLIGHT = 8;

/** Ends with the object in place, or with the upload aborted. @throws FileError */
export async function copyInParts(
  store: ObjectStore,
  from: ObjectHead,
  toKey: string,
  properties: ObjectProperties,
  condition: PutCondition,
  signal: AbortSignal,
): Promise<void> {
  const uploadId = await store.createUpload(toKey, properties, signal, { holdsCopies: true });
  try {
    const parts = await copyParts(store, from, { toKey, uploadId }, signal);
    await store.completeUpload(toKey, uploadId, parts, condition, signal);
  } catch (error) {
    // The caller's signal may be why; what was begun has to be cleaned up all the same.
    await store.abortUpload(toKey, uploadId, new AbortController().signal).catch(() => undefined);
    throw error;
  }
}

async function copyParts(
  store: ObjectStore,
  from: ObjectHead,
  { toKey, uploadId }: { readonly toKey: string; readonly uploadId: string },
  signal: AbortSignal,
): Promise<readonly UploadedPart[]> {
  const parts: UploadedPart[] = [];
  const partCount = Math.ceil(from.sizeBytes / COPY_PART_BYTES);
  let next = 0;
  let hasFailed = false;
  const work = async (): Promise<void> => {
    while (next < partCount && !hasFailed) {
      const index = next;
      next += 1;
      const position = index * COPY_PART_BYTES;
      const byteCount = Math.min(COPY_PART_BYTES, from.sizeBytes - position);
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
