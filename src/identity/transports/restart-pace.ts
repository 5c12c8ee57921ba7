/** How soon a process that ended by itself is started again: at once, then after pauses that double. */

const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 16_000;
/** A process that lived so long was no failed start: the next failure is a first one again. */
const HEALTHY_MS = 30_000;

export class RestartPace {
  readonly #now: () => number;
  #failureCount = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  /** `now` in milliseconds, of a clock that only goes forward. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How long nothing is to be started from now on. */
  get pauseMs(): number {
    return Math.max(0, this.#notBeforeMs - this.#now());
  }

  /** A process ended by itself after it had lived for so long. */
  failed(livedMs: number): void {
    this.#failureCount = livedMs >= HEALTHY_MS ? 1 : this.#failureCount + 1;
    const pauseMs = this.#failureCount === 1 ? 0 : FIRST_PAUSE_MS * 2 ** (this.#failureCount - 2);
    this.#notBeforeMs = this.#now() + Math.min(pauseMs, MAX_PAUSE_MS);
  }
}
