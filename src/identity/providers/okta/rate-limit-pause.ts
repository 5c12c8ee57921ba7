/** Leaves an org alone for a while after it said that its rate limit is used up. */

import { Denied } from '../../decision.ts';

/** Longest pause, whatever Okta says: its buckets are per minute. */
const MAX_PAUSE_MS = 60_000;
/** Limits of one user name, user or state token are 4, 20 and 10; those of an org are hundreds. */
const MAX_LIMIT_OF_ONE = 20;
/** With the concurrency limit `X-Rate-Limit-Reset` is only a suggestion. */
const CONCURRENCY_PAUSE_MS = 1000;
const MS_PER_SECOND = 1000;

export class RateLimitPause {
  readonly #now: () => number;
  #untilMs = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws Denied THROTTLED during a pause */
  check(): void {
    if (this.#now() < this.#untilMs)
      throw new Denied('THROTTLED', 'Its rate limit is used up; it is not asked before the limit is reset.');
  }

  /**
   * Takes note of an answer with status 429. There is a pause only where the bucket of the org is empty: with a limit for one user
   * name, anybody could shut everybody out by trying that name.
   */
  note(headers: Headers): void {
    const limit = numberIn(headers, 'x-rate-limit-limit');
    const remaining = numberIn(headers, 'x-rate-limit-remaining');
    const isOfOne = limit !== undefined && limit > 0 && limit <= MAX_LIMIT_OF_ONE;
    if (remaining !== 0 || isOfOne) return;
    const resetMs = (numberIn(headers, 'x-rate-limit-reset') ?? 0) * MS_PER_SECOND;
    const nowMs = this.#now();
    const longestMs = limit === 0 ? CONCURRENCY_PAUSE_MS : MAX_PAUSE_MS;
    this.#untilMs = Math.max(this.#untilMs, Math.min(resetMs, nowMs + longestMs));
  }
}

function numberIn(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
