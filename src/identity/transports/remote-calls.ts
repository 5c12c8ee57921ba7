/** The questions that are open at something remote: how many, for how long, and what it means when one ends badly. */

import { IdentityError } from '../provider.ts';
import { goneAway, stopped } from './abortable.ts';

/** Most questions to one provider at once. */
export const MAX_CALLS = 512;

export class RemoteCalls {
  readonly #timeoutMs: number;
  readonly #closing = new AbortController();
  #openCount = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Does the work with a signal that aborts at the deadline, when the caller goes away, and when the server stops.
   * @throws IdentityError: its own where the signal was the cause, else what `work` threw; `describe` makes one of other errors
   */
  async run<Result>(
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Result>,
    describe: (error: unknown) => IdentityError,
  ): Promise<Result> {
    if (this.#closing.signal.aborted) throw stopped();
    if (signal.aborted) throw goneAway();
    if (this.#openCount >= MAX_CALLS)
      throw new IdentityError('FUNCTION_OVERLOADED', `${MAX_CALLS} logins are being judged already`);
    const deadline = AbortSignal.timeout(this.#timeoutMs);
    this.#openCount += 1;
    try {
      return await work(AbortSignal.any([signal, deadline, this.#closing.signal]));
    } catch (error) {
      if (error instanceof IdentityError) throw error;
      if (this.#closing.signal.aborted) throw stopped();
      if (signal.aborted) throw goneAway();
      if (deadline.aborted)
        throw new IdentityError('FUNCTION_TIMED_OUT', `no answer in ${this.#timeoutMs} ms`);
      throw describe(error);
    } finally {
      this.#openCount -= 1;
    }
  }

  /** Open calls fail with ABORTED. */
  close(): void {
    this.#closing.abort();
  }
}

/** The code of the system's error (`ECONNREFUSED`), which quotes neither an address nor a header. */
export function connectionFailure(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return 'the connection failed';
}
