/** Gives the hashing of all sessions together one slice in each turn of the event loop. */

/**
 * A hash keeps a core busy for as long as the file is long. Transfers of other sessions go on between two slices, and
 * many sessions that hash slow each other down, not everybody else. As many wait as there are sessions that hash.
 */
export class HashPace {
  readonly #waiting: (() => void)[] = [];
  #isScheduled = false;

  /** Resolves in a later turn of the event loop, first come first served. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}
