/** Lets the copies of one channel move a piece each, in the order in which they ask. */

/**
 * A client may ask for as many copies as it may have requests outstanding, and none of their pieces is paid for with its
 * window: without turns a few channels would make the server hold gigabytes. As many wait as there are copies.
 */
export class CopyTurns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when all work that was given before has ended. Rejects with what `work` throws. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}
