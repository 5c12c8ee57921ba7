/** Bounds how many expensive key exchanges of the process run at once. */

import { availableParallelism } from 'node:os';
import { SshError } from '../error.ts';

export interface KexGateLimits {
  /** Exchanges that compute at the same time. */
  readonly maxRunning: number;
  /** Exchanges that wait for their turn; whoever comes then is refused. */
  readonly maxWaiting: number;
  /** Longest wait, a third of the time a first key exchange may take. */
  readonly waitTimeoutMs: number;
}

const DEFAULT_LIMITS: KexGateLimits = {
  // At least half of the processors stay with the sessions that are open.
  maxRunning: Math.max(1, Math.floor(availableParallelism() / 2)),
  // Some 2 s of work for one processor, were it all the largest group.
  maxWaiting: 128,
  waitTimeoutMs: 10_000,
};

/**
 * A client that sends a made-up number costs us milliseconds and itself nothing (DHEat, CVE-2002-20001). The work runs on
 * the thread pool, which the files of open sessions need as well: behind this gate it takes a bounded part of it. Methods
 * that cost less than 0.3 ms do not pass here, so that a crowd at the gate keeps no modern client out.
 */
export class KexGate {
  readonly #limits: KexGateLimits;
  /** Oldest first; each takes over the slot of an exchange that is done. */
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(limits: KexGateLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Runs `work` when there is a slot.
   * @param signal of the connection: who is gone does not wait, and its slot is free when `work` ends
   * @throws SshError KEX_BUSY when too many wait or the wait takes too long; the signal's reason when it aborts
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#enter(signal);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    if (this.#running < this.#limits.maxRunning) {
      this.#running++;
      return;
    }
    if (this.#waiting.size >= this.#limits.maxWaiting) throw busy();
    await this.#turn(signal);
  }

  #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Out of the queue at once: a slot handed to who has left already would never come back.
    const giveUp = (reason: unknown) => {
      this.#waiting.delete(resolve);
      reject(reason);
    };
    const onAbort = () => giveUp(signal.reason);
    const timer = setTimeout(() => giveUp(busy()), this.#limits.waitTimeoutMs).unref();
    signal.addEventListener('abort', onAbort);
    this.#waiting.add(resolve);
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

function busy(): SshError {
  return new SshError('KEX_BUSY', 'too many key exchanges are under way; try again later');
}
