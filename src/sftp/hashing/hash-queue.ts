/** Lets one session compute one hash at a time, over all its channels. */

import { FileError } from '../../files/error.ts';
import type { HashPace } from './hash-pace.ts';

/** Hashes that may wait for the one that is computed; WinSCP asks for five at a time. */
const MAX_WAITING_HASHES = 64;

export interface HashQueueOptions {
  readonly pace: HashPace;
  /** Most that wait; default 64. */
  readonly maxWaiting?: number;
}

export class HashQueue {
  readonly pace: HashPace;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();
  #isBusy = false;

  constructor({ pace, maxWaiting = MAX_WAITING_HASHES }: HashQueueOptions) {
    this.pace = pace;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Runs `work` in its turn.
   *
   * @throws FileError LIMIT_EXCEEDED when too many wait, ABORTED when `signal` aborts first, or what `work` throws
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new FileError('ABORTED');
    if (!this.#isBusy) {
      this.#isBusy = true;
      return;
    }
    if (this.#waiting.size >= this.#maxWaiting) {
      throw new FileError(
        'LIMIT_EXCEEDED',
        'too many checksums were asked for at once: wait for some of them',
      );
    }
    await this.#wait(signal);
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onTurn = (): void => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    const onAbort = (): void => {
      this.#waiting.delete(onTurn);
      reject(new FileError('ABORTED'));
    };
    this.#waiting.add(onTurn);
    signal.addEventListener('abort', onAbort, { once: true });
    return promise;
  }

  /** The turn goes from hand to hand: nobody who comes now is before the one who waited. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#isBusy = false;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
