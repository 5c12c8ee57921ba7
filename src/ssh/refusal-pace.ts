/** How long a refusal waits, so that the time of an answer does not tell a known user from an unknown one. */

import { setTimeout as delay } from 'node:timers/promises';

/** A refused password, signature or dialogue is answered no sooner than this. */
export const MIN_REFUSAL_MS = 100;
/** A refused question about a key: an agent asks about many, and nothing was tried. OpenSSH's minimum. */
export const MIN_QUERY_REFUSAL_MS = 5;
/** Past it an answer waits no longer; OpenSSH has the same end. */
const MAX_PACED_MS = 5000;

/**
 * Waits until the next of `stepMs`, twice, four times as much … since `startedMs`. A judgement slower than the minimum,
 * which only some names may need, so tells no more than the order of its size; OpenSSH does the same.
 */
export async function paceRefusal(startedMs: number, stepMs: number, signal: AbortSignal): Promise<void> {
  const elapsedMs = performance.now() - startedMs;
  const restMs = pacedMs(elapsedMs, stepMs) - elapsedMs;
  if (restMs > 0) await delay(restMs, undefined, { signal }).catch(() => undefined);
}

/** When an answer that took `elapsedMs` is given. */
export function pacedMs(elapsedMs: number, stepMs: number): number {
  if (elapsedMs >= MAX_PACED_MS) return elapsedMs;
  let boundaryMs = stepMs;
  while (boundaryMs < elapsedMs) boundaryMs *= 2;
  return boundaryMs;
}
