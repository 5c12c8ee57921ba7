/** The buffers of read-ahead: equal in size, bounded in number, used again. */

/** Bytes of one block: large enough to make the call cheap, small enough to arrive soon. */
export const BLOCK_BYTES = 256 * 1024;
/** Blocks in use at a time by everybody who shares the pool: 64 MiB. */
const DEFAULT_MAX_BLOCKS = 256;
/** Unused blocks that are kept for the next reader: 8 MiB. */
const DEFAULT_MAX_IDLE_BLOCKS = 32;

export interface BlockPoolOptions {
  readonly maxBlocks?: number;
  readonly maxIdleBlocks?: number;
}

export class BlockPool {
  readonly #maxBlocks: number;
  readonly #maxIdleBlocks: number;
  readonly #idle: Uint8Array[] = [];
  #usedBlocks = 0;

  constructor(options: BlockPoolOptions = {}) {
    this.#maxBlocks = options.maxBlocks ?? DEFAULT_MAX_BLOCKS;
    this.#maxIdleBlocks = options.maxIdleBlocks ?? DEFAULT_MAX_IDLE_BLOCKS;
  }

  get usedBlocks(): number {
    return this.#usedBlocks;
  }

  /** How much of the pool is in use, from 0 to 1. */
  get usedShare(): number {
    return this.#usedBlocks / this.#maxBlocks;
  }

  /** A buffer of `BLOCK_BYTES` with old contents in it, or `undefined` when all are in use. */
  take(): Uint8Array | undefined {
    if (this.#usedBlocks >= this.#maxBlocks) return undefined;
    this.#usedBlocks += 1;
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /** Takes back what `take` gave, once. */
  giveBack(buffer: Uint8Array): void {
    this.#usedBlocks -= 1;
    if (this.#idle.length < this.#maxIdleBlocks) this.#idle.push(buffer);
  }
}
