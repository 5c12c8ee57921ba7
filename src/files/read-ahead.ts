/** Reads a file ahead while its reader goes from front to back, and answers every read exactly. */

import { BLOCK_BYTES, type BlockPool } from './block-pool.ts';
import type { FileSlice } from './file-system.ts';
import { once } from './once.ts';

/** Blocks read ahead of the reader in one file: 768 KiB, above what a client asks for in one round trip on a LAN. */
export const MAX_BLOCKS_AHEAD = 3;
/** A block read earlier than this is read again: another process may have changed the file meanwhile. */
const MAX_BLOCK_AGE_MS = 5000;
/** In-order reads before blocks are used: a client that looks at the head of a file does not cause more reading. */
const READS_BEFORE_BLOCKS = 2;
/** Single reads above this use a pooled buffer; below, a fresh one costs less than a block held back from others. */
const POOLED_READ_BYTES = 16 * 1024;

/** Reads into `buffer` from `position`; resolves to the number of bytes, 0 only at the end of the file. */
export type ReadInto = (buffer: Uint8Array, position: number) => Promise<number>;

export interface ReadAheadOptions {
  readonly readInto: ReadInto;
  readonly pool: BlockPool;
  /** Milliseconds of a clock that does not jump; replaced in tests. */
  readonly nowMs?: () => number;
}

/**
 * The reads of one open file. Blocks in order form a chain without gaps; a read takes slices of the blocks it touches.
 * A block that came out short is never the last word: the rest is read again when it is asked for, so a file that
 * grows is seen to grow, and only the file itself says where it ends.
 */
export class ReadAhead {
  readonly #readInto: ReadInto;
  readonly #pool: BlockPool;
  readonly #nowMs: () => number;
  readonly #chain: Block[] = [];
  #expectedPosition = 0;
  #readsInOrder = 0;
  #blocksPassed = 0;
  /** Where the file was last seen to end: nothing is read ahead from here on. */
  #seenEnd = Number.POSITIVE_INFINITY;

  constructor({ readInto, pool, nowMs = () => performance.now() }: ReadAheadOptions) {
    this.#readInto = readInto;
    this.#pool = pool;
    this.#nowMs = nowMs;
  }

  /** Exactly the bytes asked for, fewer only at the end of the file. @throws what `readInto` throws */
  async read(position: number, byteCount: number): Promise<FileSlice> {
    if (byteCount === 0) return { views: [], byteCount: 0, release: () => {} };
    const blocks = this.#blocksFor(position, byteCount);
    return blocks.length === 0
      ? this.#readDirect(position, byteCount)
      : this.#gather(blocks, position, byteCount);
  }

  /** The file changed: what was read before is not lent any more. */
  invalidate(): void {
    for (const block of this.#chain.splice(0)) block.release();
    this.#seenEnd = Number.POSITIVE_INFINITY;
  }

  /** Blocks that hold the range, retained for the caller; none when the read is better made directly. */
  #blocksFor(position: number, byteCount: number): Block[] {
    const end = position + byteCount;
    if (position === this.#expectedPosition) this.#readsInOrder += 1;
    else this.#restart();
    this.#expectedPosition = end;
    if (this.#readsInOrder < READS_BEFORE_BLOCKS || byteCount > BLOCK_BYTES || end > this.#seenEnd) {
      this.#dropChain();
      return [];
    }
    this.#discardPassed(position);
    const blockBytes = byteCount * Math.floor(BLOCK_BYTES / byteCount);
    if (!this.#extendTo(position, end, blockBytes)) return [];
    this.#extendAhead(end, blockBytes);
    return this.#chain.filter((block) => block.position < end).map((block) => block.retain());
  }

  #restart(): void {
    this.#dropChain();
    this.#readsInOrder = 1;
    this.#blocksPassed = 0;
  }

  #dropChain(): void {
    for (const block of this.#chain.splice(0)) block.release();
  }

  #discardPassed(position: number): void {
    const oldestMs = this.#nowMs() - MAX_BLOCK_AGE_MS;
    if (this.#chain[0] !== undefined && this.#chain[0].startedMs < oldestMs) this.#dropChain();
    while (this.#chain[0] !== undefined && this.#chain[0].end <= position) {
      this.#chain.shift()?.release();
      this.#blocksPassed += 1;
    }
  }

  #extendTo(position: number, end: number, blockBytes: number): boolean {
    for (let at = this.#chain.at(-1)?.end ?? position; at < end; at += blockBytes) {
      if (this.#start(at, blockBytes)) continue;
      this.#dropChain();
      return false;
    }
    return true;
  }

  /** Looks further ahead the longer the reader keeps its direction, so two reads that touch by chance waste little. */
  #extendAhead(end: number, blockBytes: number): void {
    const wanted = Math.min(MAX_BLOCKS_AHEAD, 1 + this.#blocksPassed);
    let ahead = this.#chain.filter((block) => block.position >= end).length;
    for (; ahead < wanted; ahead++) {
      const last = this.#chain.at(-1);
      if (last === undefined || last.isShort || last.end >= this.#seenEnd) return;
      if (!this.#start(last.end, blockBytes)) return;
    }
  }

  #start(position: number, byteCount: number): boolean {
    const buffer = this.#pool.take();
    if (buffer === undefined) return false;
    this.#chain.push(
      new Block({
        position,
        bytes: buffer.subarray(0, byteCount),
        startedMs: this.#nowMs(),
        readInto: this.#readInto,
        giveBack: () => this.#pool.giveBack(buffer),
      }),
    );
    return true;
  }

  async #gather(blocks: readonly Block[], position: number, byteCount: number): Promise<FileSlice> {
    const end = position + byteCount;
    const views: Uint8Array[] = [];
    const release = once(() => {
      for (const block of blocks) block.release();
    });
    let at = position;
    for (const block of blocks) {
      const view = await block.slice(at, end);
      if (view.length > 0) views.push(view);
      at += view.length;
      if (at < Math.min(end, block.end)) break;
    }
    if (at === end) return { views, byteCount, release };
    return this.#gatherRest({ views, byteCount: at - position, release }, at, end);
  }

  /** A block ended early: the file itself is asked for the rest. */
  async #gatherRest(head: FileSlice, at: number, end: number): Promise<FileSlice> {
    this.#dropChain();
    try {
      const rest = await this.#readDirect(at, end - at);
      return {
        views: [...head.views, ...rest.views],
        byteCount: head.byteCount + rest.byteCount,
        release: () => {
          head.release();
          rest.release();
        },
      };
    } catch (error) {
      head.release();
      throw error;
    }
  }

  async #readDirect(position: number, byteCount: number): Promise<FileSlice> {
    const isPooled = byteCount > POOLED_READ_BYTES && byteCount <= BLOCK_BYTES;
    const pooled = isPooled ? this.#pool.take() : undefined;
    const buffer = pooled ?? Buffer.allocUnsafeSlow(byteCount);
    const release = once(() => {
      if (pooled !== undefined) this.#pool.giveBack(pooled);
    });
    try {
      const filled = await this.#fill(buffer.subarray(0, byteCount), position);
      this.#seenEnd = filled < byteCount ? position + filled : Number.POSITIVE_INFINITY;
      return { views: filled > 0 ? [buffer.subarray(0, filled)] : [], byteCount: filled, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async #fill(buffer: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < buffer.length) {
      const byteCount = await this.#readInto(buffer.subarray(filled), position + filled);
      if (byteCount === 0) break;
      filled += byteCount;
    }
    return filled;
  }
}

interface BlockOptions {
  readonly position: number;
  readonly bytes: Uint8Array;
  readonly startedMs: number;
  readonly readInto: ReadInto;
  readonly giveBack: () => void;
}

/** One stretch of the file in a pooled buffer, given back when the chain, the reading and every slice let go. */
class Block {
  readonly position: number;
  readonly end: number;
  readonly startedMs: number;
  readonly #bytes: Uint8Array;
  readonly #giveBack: () => void;
  readonly #loaded: Promise<void>;
  #loadedBytes: number | undefined;
  /** The chain and the reading. */
  #users = 2;

  constructor({ position, bytes, startedMs, readInto, giveBack }: BlockOptions) {
    this.position = position;
    this.end = position + bytes.length;
    this.startedMs = startedMs;
    this.#bytes = bytes;
    this.#giveBack = giveBack;
    this.#loaded = this.#load(readInto);
  }

  get isShort(): boolean {
    return this.#loadedBytes !== undefined && this.#loadedBytes < this.#bytes.length;
  }

  retain(): this {
    this.#users += 1;
    return this;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#giveBack();
  }

  /** What was read of `[from, to)`, from its front; the block is retained by the caller. */
  async slice(from: number, to: number): Promise<Uint8Array> {
    if (this.#loadedBytes === undefined) await this.#loaded;
    return this.#bytes.subarray(from - this.position, Math.min(to - this.position, this.#loadedBytes ?? 0));
  }

  /** Never rejects: a failed block is an empty one, and the direct read of the rest meets the failure itself. */
  async #load(readInto: ReadInto): Promise<void> {
    try {
      this.#loadedBytes = await readInto(this.#bytes, this.position);
    } catch {
      this.#loadedBytes = 0;
    } finally {
      this.release();
    }
  }
}
