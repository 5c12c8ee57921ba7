/** Lets a number of tasks work at once and a number of others wait their turn. */

import { IdentityFault } from '../../decision.ts';

export class Gate {
  readonly #maxActive: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();
  #active = 0;

  constructor({ maxActive, maxWaiting }: { maxActive: number; maxWaiting: number }) {
    this.#maxActive = maxActive;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws IdentityFault OVERLOADED when too many wait, UPSTREAM_TIMED_OUT when `signal` aborts before its turn */
  async run<Result>(task: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    if (this.#active >= this.#maxActive) await this.#turn(signal);
    else this.#active += 1;
    try {
      return await task();
    } finally {
      this.#pass();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) throw new IdentityFault('OVERLOADED');
    const turn = Promise.withResolvers<void>();
    const giveUp = () => {
      this.#waiting.delete(turn.resolve);
      turn.reject(new IdentityFault('UPSTREAM_TIMED_OUT', 'All connections to the directory are in use.'));
    };
    if (signal.aborted) throw new IdentityFault('UPSTREAM_TIMED_OUT');
    signal.addEventListener('abort', giveUp, { once: true });
    this.#waiting.add(turn.resolve);
    try {
      await turn.promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** The place goes to who waits longest. */
  #pass(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#active -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
