/** Writes that must not replace anything, on services that can promise it and on those that cannot. */

import { FileError } from '../../error.ts';
import type { ObjectBody, PutCondition } from './object-store.ts';

export const EMPTY_BODY: ObjectBody = { views: [], byteCount: 0 };

/**
 * `If-None-Match` where the service knows it. Where it does not, what the caller saw a moment ago has to do, and whoever
 * writes at the same time is replaced.
 *
 * @throws FileError ALREADY_EXISTS, and what `write` throws
 */
export async function whereFree<T>(write: (condition: PutCondition) => Promise<T>): Promise<T> {
  try {
    return await write({ mustBeNew: true });
  } catch (error) {
    if (error instanceof FileError && error.code === 'NOT_SUPPORTED') return write({});
    throw error;
  }
}
