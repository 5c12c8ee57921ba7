/** A stretch of an object in memory, filled from its front while it is read, and given back by its last user. */

import type { FileError } from '../../error.ts';

/** A buffer, and where it goes afterwards. */
export interface BlockMemory {
  readonly bytes: Uint8Array;
  giveBack(): void;
}

interface Waiter {
  readonly end: number;
  readonly resolve: () => void;
}

export class Block {
  readonly position: number;
  readonly end: number;
  readonly #memory: BlockMemory;
  readonly #onUnused: () => void;
  #filledTo: number;
  #servedBytes = 0;
  /** Whoever asked for it. */
  #users = 1;
  #failure: FileError | undefined;
  #waiters: Waiter[] = [];

  constructor(position: number, memory: BlockMemory, onUnused: () => void) {
    this.position = position;
    this.end = position + memory.bytes.length;
    this.#memory = memory;
    this.#onUnused = onUnused;
    this.#filledTo = position;
  }

  get isFull(): boolean {
    return this.#filledTo === this.end;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  get isUnused(): boolean {
    return this.#users === 0;
  }

  /** Whether as much was asked for as there is in it: a client that reads in order does not ask again. */
  get isServed(): boolean {
    return this.#servedBytes >= this.end - this.position;
  }

  holds(end: number): boolean {
    return this.#filledTo >= Math.min(end, this.end);
  }

  /** For one more user, who is going to read up to `end`. */
  lend(position: number, end: number): this {
    this.#users += 1;
    this.#servedBytes += Math.min(end, this.end) - Math.max(position, this.position);
    return this;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#memory.giveBack();
    this.#onUnused();
  }

  /** The part of `[from, to)` that is in the block, once it has arrived. @throws FileError when it will not */
  async slice(from: number, to: number): Promise<Uint8Array> {
    const end = Math.min(to, this.end);
    if (!this.holds(end)) await this.#arrival(end);
    return this.#memory.bytes.subarray(Math.max(from, this.position) - this.position, end - this.position);
  }

  /** Takes the next bytes of the object; says how many of them belong into this block. */
  fill(chunk: Uint8Array): number {
    const byteCount = Math.min(chunk.length, this.end - this.#filledTo);
    // The memory of a block that nobody uses is somebody else's already.
    if (!this.isUnused) this.#memory.bytes.set(chunk.subarray(0, byteCount), this.#filledTo - this.position);
    this.#filledTo += byteCount;
    this.#wake();
    return byteCount;
  }

  /** What is missing will not come. */
  fail(failure: FileError): void {
    if (this.isFull) return;
    this.#failure = failure;
    this.#wake();
  }

  async #arrival(end: number): Promise<void> {
    if (this.#failure === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiters.push({ end, resolve });
      await promise;
    }
    if (!this.holds(end) && this.#failure !== undefined) throw this.#failure;
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const isOver = (waiter: Waiter): boolean => this.hasFailed || this.holds(waiter.end);
    const over = this.#waiters.filter(isOver);
    this.#waiters = this.#waiters.filter((waiter) => !isOver(waiter));
    for (const waiter of over) waiter.resolve();
  }
}
