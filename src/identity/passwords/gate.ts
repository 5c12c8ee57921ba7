/** Lets in so much work at once as its memory allows; the rest waits in order, within limits. */

import { IdentityFault } from '../decision.ts';

export interface GateLimits {
  /** What all work inside may use together, in bytes. */
  readonly capacityBytes: number;
  /** Work that waits; more is turned away at once. */
  readonly maxWaiting: number;
  readonly maxWaitMs: number;
}

interface Waiter {
  readonly bytes: number;
  readonly enter: () => void;
}

export class Gate {
  readonly #limits: GateLimits;
  readonly #waiting: Waiter[] = [];
  #usedBytes = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  /** Does the work when there is room. @throws IdentityFault OVERLOADED, UPSTREAM_TIMED_OUT; what the work throws */
  async run<Result>(bytes: number, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    const share = Math.min(bytes, this.#limits.capacityBytes);
    await this.#enter(share, signal);
    try {
      return await work();
    } finally {
      this.#usedBytes -= share;
      this.#admit();
    }
  }

  #enter(bytes: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(givenUp());
    if (this.#waiting.length >= this.#limits.maxWaiting)
      return Promise.reject(new IdentityFault('OVERLOADED'));
    return new Promise((resolve, reject) => {
      const leave = (fault: IdentityFault): void => {
        stop();
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(fault);
        this.#admit();
      };
      const timer = setTimeout(() => leave(new IdentityFault('OVERLOADED')), this.#limits.maxWaitMs);
      timer.unref();
      const onAbort = (): void => leave(givenUp());
      const stop = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const enter = (): void => {
        stop();
        resolve();
      };
      signal.addEventListener('abort', onAbort);
      const waiter: Waiter = { bytes, enter };
      this.#waiting.push(waiter);
      this.#admit();
    });
  }

  /** In order: light work behind heavy work waits, or the heavy work would wait for ever. */
  #admit(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || this.#usedBytes + first.bytes > this.#limits.capacityBytes) return;
      this.#waiting.shift();
      this.#usedBytes += first.bytes;
      first.enter();
    }
  }
}

function givenUp(): IdentityFault {
  return new IdentityFault('UPSTREAM_TIMED_OUT', 'The login was given up before its password was judged.');
}
