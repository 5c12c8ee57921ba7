/** Contiguous WRITEs that go down to the storage as one call; each is answered on its own. */

import { OK } from './reply.ts';
import type { LaneStep } from './request-lane.ts';
import type { Request, RequestLedger } from './request-ledger.ts';

/**
 * Most bytes of one call. It holds about as many writes as clients keep in flight at 32 KiB, and with views of 4 KiB
 * and more it stays far under the 1024 pieces of one `writev`.
 */
const MAX_GROUP_BYTES = 1024 * 1024;

/** Where the group's bytes go. Rejects when they were not stored. */
export type WriteTarget = (
  views: readonly Uint8Array[],
  position: number,
  byteCount: number,
) => Promise<void>;

export interface WriteGroupOptions {
  readonly ledger: RequestLedger;
  readonly target: WriteTarget;
  readonly position: number;
  /** The file is open for append: every write follows the one before it, whatever its position says. */
  readonly append: boolean;
}

export class WriteGroup implements LaneStep {
  readonly exclusive = true;
  readonly #options: WriteGroupOptions;
  readonly #requests: Request[] = [];
  #views: Uint8Array[] = [];
  #byteCount = 0;
  #isClosed = false;
  #error: unknown;

  constructor(options: WriteGroupOptions) {
    this.#options = options;
  }

  /** Whether a write continues this group, which has not begun and is not the longest already. */
  takes(position: number, byteCount: number): boolean {
    if (this.#isClosed || this.#byteCount + byteCount > MAX_GROUP_BYTES) return false;
    return this.#options.append || position === this.#options.position + this.#byteCount;
  }

  join(request: Request, views: readonly Uint8Array[], byteCount: number): void {
    this.#requests.push(request);
    this.#views.push(...views);
    this.#byteCount += byteCount;
  }

  /** A step of another kind came behind: what follows it must not overtake it. */
  seal(): void {
    this.#isClosed = true;
  }

  async run(): Promise<void> {
    this.#isClosed = true;
    try {
      await this.#options.target(this.#views, this.#options.position, this.#byteCount);
    } catch (error) {
      this.#error = error ?? new Error('the write failed');
    }
    // The answers may wait for their turn; the bytes need not.
    this.#views = [];
  }

  answer(): void {
    const { ledger } = this.#options;
    for (const request of this.#requests) {
      if (this.#error === undefined) ledger.answer(request, OK);
      else ledger.refuse(request, this.#error);
    }
  }

  abandon(): void {
    this.#views = [];
    for (const request of this.#requests) this.#options.ledger.discard(request);
  }
}
