/** Keeps a descriptor from being closed while calls on it run: its number would be given to another file. */

import { FileError } from '../../error.ts';

export class UseCount {
  #users = 0;
  #ended = false;
  readonly #unused = Promise.withResolvers<void>();

  /** @throws FileError INVALID_HANDLE after `end` */
  enter(): void {
    if (this.#ended) throw new FileError('INVALID_HANDLE');
    this.#users += 1;
  }

  leave(): void {
    this.#users -= 1;
    if (this.#ended && this.#users === 0) this.#unused.resolve();
  }

  /** Lets nobody in any more and resolves when the last user left. @throws FileError INVALID_HANDLE the second time */
  end(): Promise<void> {
    if (this.#ended) throw new FileError('INVALID_HANDLE');
    this.#ended = true;
    if (this.#users === 0) this.#unused.resolve();
    return this.#unused.promise;
  }
}
