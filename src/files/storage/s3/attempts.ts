/** Tries a call of S3 again while it makes sense: a bounded number of times, later and later, within a deadline. */

import { setTimeout as delay } from 'node:timers/promises';
import { FileError } from '../../error.ts';
import { isPassing, isThrottling, LOCAL_CODES, S3Failure, toFailure } from './errors.ts';
import { ProgressWatch } from './progress-watch.ts';

/** Attempts of one call, the first one included; who has patience makes more. */
const MAX_ATTEMPTS = 4;
/** The wait before the second attempt is a random part of this; it doubles each time. */
const FIRST_WAIT_MS = 100;
/** The same where the service asked for less traffic. */
const FIRST_THROTTLED_WAIT_MS = 500;
const MAX_WAIT_MS = 5_000;
/** A line slower than this is none: what a call may take grows with its bytes at this rate. */
const MIN_BYTES_PER_SECOND = 32 * 1024;
const MS = 1000;

export interface Call {
  /** As in the API's model. */
  readonly operation: string;
  readonly signal: AbortSignal;
  /** Without progress. */
  readonly stallMs: number;
  /** Bytes that have to move, in one direction. */
  readonly byteCount: number;
  /** Goes on for this long although many attempts failed. */
  readonly patienceMs: number;
}

export interface Attempt {
  readonly watch: ProgressWatch;
  /** Lets the watch outlive the attempt: an answer whose body is still to come ends it. */
  keepWatch(): void;
}

/** The call failed for good. */
export interface CallFailure {
  readonly failure: S3Failure;
  /** An attempt ended without an answer, or with one that leaves open whether the service did it. */
  readonly isUncertain: boolean;
}

export type CallResult<T> = { readonly value: T } | CallFailure;

/**
 * Runs `attempt` until it succeeds, fails for good, or the budget is used up.
 * @throws FileError ABORTED when the caller's signal fired
 */
export async function callWithRetries<T>(
  call: Call,
  attempt: (attempt: Attempt) => Promise<T>,
): Promise<CallResult<T>> {
  const budgetMs = MAX_ATTEMPTS * call.stallMs + (call.byteCount / MIN_BYTES_PER_SECOND) * MS;
  const startMs = performance.now();
  const endMs = startMs + budgetMs;
  let isUncertain = false;
  for (let number = 1; ; number += 1) {
    const result = await once(call, endMs - performance.now(), attempt);
    if (!(result instanceof S3Failure)) return { value: result.value };
    const canPass = isPassing(result);
    isUncertain ||= canPass || result.code === LOCAL_CODES.deadline;
    const waitMs = waitBefore(number, result);
    const nextMs = performance.now() + waitMs;
    const isOver = nextMs >= endMs || (number >= MAX_ATTEMPTS && nextMs >= startMs + call.patienceMs);
    if (!canPass || isOver) return { failure: result, isUncertain };
    await pause(waitMs, call.signal);
  }
}

async function once<T>(
  { operation, signal, stallMs }: Call,
  leftMs: number,
  attempt: (attempt: Attempt) => Promise<T>,
): Promise<{ readonly value: T } | S3Failure> {
  if (signal.aborted) throw new FileError('ABORTED');
  const watch = new ProgressWatch(signal, stallMs, Math.max(1, leftMs));
  let isKept = false;
  const keepWatch = () => {
    isKept = true;
  };
  try {
    return { value: await attempt({ watch, keepWatch }) };
  } catch (error) {
    isKept = false;
    return failureOf(operation, error, watch);
  } finally {
    if (!isKept) watch.end();
  }
}

/** What broke a request off: the watch knows better than the SDK, which sees an abort. @throws FileError ABORTED */
export function failureOf(operation: string, error: unknown, { verdict }: ProgressWatch): S3Failure {
  if (verdict === 'aborted') throw new FileError('ABORTED');
  if (verdict !== undefined) return new S3Failure(operation, verdict);
  return toFailure(operation, error);
}

/** Full jitter, so that many who failed together do not come back together. */
function waitBefore(attemptsMade: number, failure: S3Failure): number {
  const first = isThrottling(failure) ? FIRST_THROTTLED_WAIT_MS : FIRST_WAIT_MS;
  const longest = Math.min(MAX_WAIT_MS, first * 2 ** (attemptsMade - 1));
  // Half of it for certain where the service asked: a wait of nothing would not be less traffic.
  const certain = isThrottling(failure) ? longest / 2 : 0;
  return certain + Math.random() * (longest - certain);
}

async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(waitMs, undefined, { signal });
  } catch (error) {
    throw new FileError('ABORTED', undefined, { cause: error });
  }
}
