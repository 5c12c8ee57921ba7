/** Reads an object ahead while its reader goes from front to back: several ranges on their way, more for a faster reader. */

import { BLOCK_BYTES, type BlockPool } from '../../block-pool.ts';
import type { Block } from './reader-block.ts';
import { fetchBlocks, type ObjectSource, pooledMemory } from './reader-fetch.ts';

const MIB = 1024 * 1024;
/** What is read ahead of a reader that has just shown that it reads in order. */
const FIRST_WINDOW_BYTES = 2 * BLOCK_BYTES;
/** The window doubles up to here for everybody who reads that far. */
const COMMON_WINDOW_BYTES = 4 * MIB;
/** And up to here for who still has to wait: about 50 ms of a line of 300 MB/s, one round trip to a busy service. */
const MAX_WINDOW_BYTES = 16 * MIB;
/** When the pool is nearly used up nobody gets more than this. */
const SCARCE_WINDOW_BYTES = MIB;
const SCARCE_SHARE = 0.75;
/** Largest range of one GET, so that the largest window is several of them. */
const MAX_RANGE_BYTES = 4 * MIB;
/** Clients with many requests under way send some of them out of order: this far from the last is still in order. */
const NEAR_BYTES = 2 * MIB;
/** A reader that pauses for this long gives its blocks to others. */
const IDLE_MS = 10_000;

/**
 * A chain of blocks without gaps, filled by GETs side by side. A block leaves it when as much was read as it holds, or
 * when the reader is far behind it. The object is of one version and one size, so blocks never grow old.
 */
export class ReadWindow {
  readonly #source: ObjectSource;
  readonly #pool: BlockPool;
  readonly #size: number;
  /** All of `BLOCK_BYTES`, but for the last of the object; undefined for one that is gone before those in front. */
  #chain: (Block | undefined)[] = [];
  #isActive = false;
  /** Of the chain. */
  #start = 0;
  /** Of the chain, where the next range begins. */
  #end = 0;
  /** Furthest end of a read. */
  #highest = 0;
  /** Where a read begins that goes on from the last one outside of the chain. An object is read from its front. */
  #expected = 0;
  #windowBytes = FIRST_WINDOW_BYTES;
  #readsInOrder = 0;
  /** Where the window became what it is. */
  #grownAt = 0;
  #hasWaited = false;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(source: ObjectSource, pool: BlockPool) {
    this.#source = source;
    this.#pool = pool;
    this.#size = source.head.sizeBytes;
  }

  /** Blocks that hold the range, lent to the caller; undefined when it is better read by itself. */
  claim(position: number, end: number): readonly Block[] | undefined {
    const goesOn = this.#isNear(position) || this.#begin(position);
    const blocks = goesOn && this.#cover(end) ? this.#lend(position, end) : undefined;
    if (blocks === undefined) {
      this.#expected = end;
      return undefined;
    }
    this.#readsInOrder += 1;
    this.#highest = Math.max(this.#highest, end);
    this.#dropPassed();
    this.#grow();
    // A client that looks at the head of a file does not cause more reading.
    if (this.#readsInOrder > 1) this.#extend();
    this.#watchIdle();
    return blocks;
  }

  /** Lets go of everything; what is lent stays until it is released. */
  drop(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
    if (this.#isActive) this.#expected = this.#highest;
    this.#isActive = false;
    for (const block of this.#chain.splice(0)) block?.release();
  }

  #isNear(position: number): boolean {
    return this.#isActive && position >= this.#start && position <= this.#end + NEAR_BYTES;
  }

  #begin(position: number): boolean {
    if (position !== this.#expected && position !== 0) return false;
    this.drop();
    this.#isActive = true;
    this.#start = position;
    this.#end = position;
    this.#highest = position;
    this.#windowBytes = FIRST_WINDOW_BYTES;
    this.#readsInOrder = 0;
    this.#grownAt = position;
    this.#hasWaited = false;
    return true;
  }

  #cover(end: number): boolean {
    while (this.#end < end) if (!this.#fetch(end - this.#end)) return false;
    return true;
  }

  #extend(): void {
    const isScarce = this.#pool.usedShare > SCARCE_SHARE;
    const windowBytes = isScarce ? Math.min(this.#windowBytes, SCARCE_WINDOW_BYTES) : this.#windowBytes;
    while (this.#end < this.#size && this.#end - this.#highest + this.#rangeBytes <= windowBytes) {
      if (!this.#fetch(0)) return;
    }
  }

  get #rangeBytes(): number {
    return Math.min(this.#windowBytes / 2, MAX_RANGE_BYTES);
  }

  /** One more GET behind the others, of `minBytes` at least where the pool has them. */
  #fetch(minBytes: number): boolean {
    const left = this.#size - this.#end;
    const wanted = Math.max(this.#rangeBytes, Math.ceil(minBytes / BLOCK_BYTES) * BLOCK_BYTES);
    // A short rest does not deserve a request of its own.
    const byteCount = left <= wanted + wanted / 2 ? left : wanted;
    const memories = pooledMemory(this.#pool, byteCount);
    if (memories.length === 0) return false;
    const blocks = fetchBlocks(this.#source, this.#end, memories);
    this.#chain.push(...blocks);
    this.#end = blocks.at(-1)?.end ?? this.#end;
    return true;
  }

  #lend(position: number, end: number): readonly Block[] | undefined {
    const first = Math.floor((position - this.#start) / BLOCK_BYTES);
    const last = Math.floor((end - 1 - this.#start) / BLOCK_BYTES);
    const blocks: Block[] = [];
    for (let index = first; index <= last; index++) {
      const block = this.#chain[index];
      if (block === undefined) return undefined;
      if (block.hasFailed) {
        // The next read asks the service again.
        this.drop();
        return undefined;
      }
      blocks.push(block);
    }
    this.#hasWaited ||= blocks.some((block) => !block.holds(end));
    for (const [offset, block] of blocks.entries()) {
      block.lend(position, end);
      if (block.isServed) this.#let(first + offset);
    }
    return blocks;
  }

  #let(index: number): void {
    this.#chain[index]?.release();
    this.#chain[index] = undefined;
  }

  #dropPassed(): void {
    for (const [index, block] of this.#chain.entries()) {
      if (block !== undefined && block.end + NEAR_BYTES > this.#highest) break;
      this.#let(index);
    }
    while (this.#chain.length > 0 && this.#chain[0] === undefined) {
      this.#chain.shift();
      this.#start += BLOCK_BYTES;
    }
  }

  #grow(): void {
    if (this.#highest - this.#grownAt < this.#windowBytes) return;
    this.#grownAt = this.#highest;
    if (this.#windowBytes >= COMMON_WINDOW_BYTES && !this.#hasWaited) return;
    this.#windowBytes = Math.min(this.#windowBytes * 2, MAX_WINDOW_BYTES);
    this.#hasWaited = false;
  }

  #watchIdle(): void {
    if (this.#idleTimer !== undefined) this.#idleTimer.refresh();
    else this.#idleTimer = setTimeout(() => this.drop(), IDLE_MS).unref();
  }
}
