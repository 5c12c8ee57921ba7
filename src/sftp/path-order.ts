/** Orders requests by the paths they touch, so that pipelined ones see each other's effects. */

import { FileError } from '../files/error.ts';
import { isWithin, type VirtualPath } from '../files/virtual-path.ts';

/** A request's place in the order. */
export interface PathClaim {
  /** Resolves when every earlier claim that stands in the way was released. */
  readonly turn: Promise<void>;
  /** Lets later claims go on; to be called once, whatever happened. */
  release(): void;
}

interface Holder {
  readonly paths: readonly VirtualPath[];
  readonly changes: boolean;
  readonly released: Promise<void>;
}

const NOW = Promise.resolve();

/**
 * Two requests wait for each other, first come first served, when a path of one is or holds a path of the other and at
 * least one of them changes something. WinSCP needs it: it sends SETSTAT of a path right behind the CLOSE that makes the
 * file. The number of claims is bounded by that of outstanding requests.
 */
export class PathOrder {
  readonly #holders = new Set<Holder>();
  #isOver = false;

  claim(paths: readonly VirtualPath[], changes: boolean): PathClaim {
    const earlier: Promise<void>[] = [];
    for (const holder of this.#holders) {
      if ((changes || holder.changes) && areRelated(paths, holder.paths)) earlier.push(holder.released);
    }
    const { promise: released, resolve } = Promise.withResolvers<void>();
    const holder: Holder = { paths, changes, released };
    this.#holders.add(holder);
    return {
      turn: earlier.length === 0 ? NOW : Promise.all(earlier).then(() => {}),
      release: () => {
        this.#holders.delete(holder);
        resolve();
      },
    };
  }

  /** Runs `task` in its turn. */
  async run<T>(paths: readonly VirtualPath[], changes: boolean, task: () => Promise<T>): Promise<T> {
    const claim = this.claim(paths, changes);
    try {
      await claim.turn;
      this.#checkNotOver();
      return await task();
    } finally {
      claim.release();
    }
  }

  /** Whoever still waits is refused, so that nothing begins after the session's end. */
  stop(): void {
    this.#isOver = true;
  }

  #checkNotOver(): void {
    if (this.#isOver) throw new FileError('ABORTED');
  }
}

function areRelated(some: readonly VirtualPath[], others: readonly VirtualPath[]): boolean {
  return some.some((path) => others.some((other) => isWithin(path, other) || isWithin(other, path)));
}
