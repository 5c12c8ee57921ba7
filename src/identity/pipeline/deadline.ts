/** Bounds of time around the judgement of a login: it is cut at its deadline, and a refusal is not quicker than a floor. */

import { setTimeout as wait } from 'node:timers/promises';
import { IdentityFault } from '../decision.ts';

/** Kept of the caller's time, to bring the answer to it. */
const RETURN_MARGIN_MS = 150;

/** Milliseconds that may be used of the caller's. */
export function usableMs(remainingMs: number): number {
  return Math.max(1, remainingMs - Math.min(RETURN_MARGIN_MS, remainingMs / 10));
}

/**
 * Does the work with a signal that aborts at the deadline and with any of `parents`; then the work is not waited for, whether it
 * obeys or not.
 * @throws IdentityFault UPSTREAM_TIMED_OUT
 */
export async function withDeadline<Result>(
  timeoutMs: number,
  parents: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  const signal = AbortSignal.any([deadline.signal, ...parents]);
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const onAbort = () =>
    reject(
      new IdentityFault(
        'UPSTREAM_TIMED_OUT',
        deadline.signal.aborted ? `The limit is ${Math.round(timeoutMs)} ms.` : 'The login was given up.',
      ),
    );
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    return await Promise.race([cut, signal.aborted ? cut : work(signal)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Waits until `floorMs` have passed since `beganAtMs` (`performance.now()`); not longer than `maxMs`, nor for who went away. */
export async function waitForFloor(options: {
  readonly beganAtMs: number;
  readonly floorMs: number;
  readonly maxMs: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { beganAtMs, floorMs, maxMs, signal } = options;
  const passedMs = performance.now() - beganAtMs;
  const restMs = Math.min(floorMs, maxMs) - passedMs;
  if (restMs > 0) await wait(restMs, undefined, { signal }).catch(() => {});
}
