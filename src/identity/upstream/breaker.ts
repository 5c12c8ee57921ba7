/** Leaves an upstream alone after failures in a row, and lets one call at a time find out whether it is back. */

/** Failures in a row after which the upstream is left alone, and for how long. */
const MAX_FAILURES = 5;
const PAUSE_MS = 10_000;

export interface BreakerSettings {
  /** Whether an error is a failure of the upstream; every other one is an answer. */
  readonly isOutage: (error: unknown) => boolean;
  /** The error for calls that are not made. */
  readonly suspended: () => Error;
  /** Milliseconds of a clock that never goes back; tests set their own. */
  readonly now?: () => number;
}

/**
 * Every login has a deadline and may be given up, which says nothing about the upstream: such a call is neither a failure nor an
 * answer. Otherwise clients that leave early would keep an upstream in use that answers nobody. While one call finds out whether
 * the upstream is back, the others are refused and do not wait for it.
 */
export class Breaker {
  readonly #settings: BreakerSettings;
  readonly #now: () => number;
  #failureCount = 0;
  #openedAtMs: number | undefined;
  #isProbing = false;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    this.#now = settings.now ?? (() => performance.now());
  }

  /** Does the work, once. `signal` is the login's. @throws what the work throws, and `suspended` */
  async run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    if (this.#openedAtMs === undefined) return this.#watched(work, signal);
    const isTooSoon = this.#now() - this.#openedAtMs < PAUSE_MS;
    if (isTooSoon || this.#isProbing) throw this.#settings.suspended();
    this.#isProbing = true;
    try {
      return await this.#watched(work, signal);
    } finally {
      this.#isProbing = false;
    }
  }

  async #watched<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    try {
      const result = await work();
      this.#answered();
      return result;
    } catch (error) {
      if (!this.#settings.isOutage(error)) this.#answered();
      else if (!signal.aborted) this.#failed();
      throw error;
    }
  }

  #answered(): void {
    this.#failureCount = 0;
    this.#openedAtMs = undefined;
  }

  #failed(): void {
    this.#failureCount += 1;
    if (this.#failureCount >= MAX_FAILURES) this.#openedAtMs = this.#now();
  }
}
