/** How much all channels of a process may grow their receive windows beyond the first size, together. */

export class WindowBudget {
  #freeBytes: number;

  constructor(maxBytes: number) {
    this.#freeBytes = maxBytes;
  }

  /** Takes `byteCount` if it is free. */
  reserve(byteCount: number): boolean {
    if (byteCount > this.#freeBytes) return false;
    this.#freeBytes -= byteCount;
    return true;
  }

  release(byteCount: number): void {
    this.#freeBytes += byteCount;
  }
}
