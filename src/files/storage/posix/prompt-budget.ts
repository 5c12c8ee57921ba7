/** Whether a storage answers so promptly that calls to it may be made without a thread. */

/** Longest call that is prompt. Usual ones take a thousandth of it. */
const MAX_PROMPT_MS = 2;
/**
 * How long nothing is tried any more after a call that was not: a disk that is written full makes writers wait, and
 * everybody who is served would wait with them.
 */
export const PAUSE_MS = 10_000;

export interface PromptBudgetOptions {
  /** Milliseconds of a clock that does not jump; replaced in tests. */
  readonly nowMs?: () => number;
}

/** One for each storage. */
export class PromptBudget {
  readonly #nowMs: () => number;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;

  constructor({ nowMs = () => performance.now() }: PromptBudgetOptions = {}) {
    this.#nowMs = nowMs;
  }

  get isThere(): boolean {
    return this.#nowMs() >= this.#pausedUntilMs;
  }

  /** Makes a call at once, and remembers when it took long. */
  spend<T>(call: () => T): T {
    const beganMs = this.#nowMs();
    try {
      return call();
    } finally {
      const endedMs = this.#nowMs();
      if (endedMs - beganMs > MAX_PROMPT_MS) this.#pausedUntilMs = endedMs + PAUSE_MS;
    }
  }
}
