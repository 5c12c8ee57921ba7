/** Random padding for packets, drawn ahead: asking the system for each packet costs more than encrypting a small one. */

import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 16 * 1024;

export class PaddingSource {
  readonly #pool = Buffer.allocUnsafe(POOL_BYTES);
  #next = POOL_BYTES;

  /** Random bytes (at most 255), as a view that is valid until the caller's turn ends. */
  take(byteCount: number): Buffer {
    if (this.#next + byteCount > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#next = 0;
    }
    const start = this.#next;
    this.#next += byteCount;
    return this.#pool.subarray(start, this.#next);
  }
}
