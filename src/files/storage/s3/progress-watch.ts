/** The clock of one attempt: aborts it when nothing moves, when its time is up, or when the caller gave up. */

import { LOCAL_CODES } from './errors.ts';

export type WatchVerdict = typeof LOCAL_CODES.stalled | typeof LOCAL_CODES.deadline | 'aborted';

/** Life: construct (the clock runs) → `progressed` and `pause` any number of times → `end`. */
export class ProgressWatch {
  /** Goes to the SDK. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #callerSignal: AbortSignal;
  readonly #stallTimer: NodeJS.Timeout;
  readonly #deadlineTimer: NodeJS.Timeout | undefined;
  #isPaused = false;
  #verdict: WatchVerdict | undefined;

  /** @param deadlineMs undefined: only progress counts */
  constructor(callerSignal: AbortSignal, stallMs: number, deadlineMs: number | undefined) {
    this.signal = this.#controller.signal;
    this.#callerSignal = callerSignal;
    this.#stallTimer = setTimeout(() => {
      if (!this.#isPaused) this.#abort(LOCAL_CODES.stalled);
    }, stallMs).unref();
    if (deadlineMs !== undefined)
      this.#deadlineTimer = setTimeout(() => this.#abort(LOCAL_CODES.deadline), deadlineMs).unref();
    callerSignal.addEventListener('abort', this.#onCallerAbort, { once: true });
    if (callerSignal.aborted) this.#onCallerAbort();
  }

  /** Why the attempt was ended from here; undefined when it ended by itself. */
  get verdict(): WatchVerdict | undefined {
    return this.#verdict;
  }

  /** Bytes moved, or somebody waits for bytes again: the time without progress begins anew. */
  readonly progressed = (): void => {
    this.#isPaused = false;
    this.#stallTimer.refresh();
  };

  /** Nobody waits for the service: it is the consumer who is slow. */
  pause(): void {
    this.#isPaused = true;
  }

  /** The answer has begun: from here on only progress counts. */
  endDeadline(): void {
    clearTimeout(this.#deadlineTimer);
  }

  end(): void {
    clearTimeout(this.#stallTimer);
    clearTimeout(this.#deadlineTimer);
    this.#callerSignal.removeEventListener('abort', this.#onCallerAbort);
  }

  readonly #onCallerAbort = (): void => this.#abort('aborted');

  #abort(verdict: WatchVerdict): void {
    this.#verdict ??= verdict;
    this.end();
    this.#controller.abort();
  }
}
