/** The bytes of an upload that are not on their way yet, in chunks by position, with the order they came in forgotten. */

import { FileError } from '../../error.ts';
import { CHUNK_BYTES, type UploadAccount } from './upload-memory.ts';

/** Stretches with gaps between them. Clients that write side by side have tens; each costs time at every write. */
const MAX_STRETCHES = 1024;

interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** What goes up in one call. */
export interface WindowBytes {
  readonly views: readonly Uint8Array[];
  readonly byteCount: number;
  readonly chunks: readonly Uint8Array[];
}

export class UploadWindow {
  readonly #account: UploadAccount;
  /** Chunks are counted from here. */
  readonly #origin: number;
  readonly #chunks = new Map<number, Uint8Array>();
  #start: number;
  #end: number;
  /** Behind `#end`, in order, apart from each other. */
  #ahead: readonly Stretch[] = [];

  constructor(account: UploadAccount, origin: number) {
    this.#account = account;
    this.#origin = origin;
    this.#start = origin;
    this.#end = origin;
  }

  /** Everything before this is on its way. */
  get start(): number {
    return this.#start;
  }

  /** Everything before this has come. */
  get end(): number {
    return this.#end;
  }

  /** Behind the last byte that has come. */
  get farEnd(): number {
    return this.#ahead.at(-1)?.end ?? this.#end;
  }

  get hasGap(): boolean {
    return this.#ahead.length > 0;
  }

  get heldBytes(): number {
    return this.#chunks.size * CHUNK_BYTES;
  }

  /** Memory that is in use once these bytes are written too. */
  bytesWith(position: number, byteCount: number): number {
    let count = this.#chunks.size;
    const last = this.#indexOf(position + byteCount - 1);
    for (let index = this.#indexOf(position); index <= last; index++)
      if (!this.#chunks.has(index)) count += 1;
    return count * CHUNK_BYTES;
  }

  /**
   * Copies the bytes to their place, also over others; the account holds the memory. Views are not kept, though that
   * would save 0.2 CPU seconds per GB: they may be lent by a pool that fills them again once the write is answered, and a
   * small one may keep a large packet alive that nobody counts.
   *
   * @throws FileError LIMIT_EXCEEDED
   */
  write(views: readonly Uint8Array[], position: number): void {
    let at = position;
    for (const view of views) {
      this.#copy(view, at);
      at += view.length;
    }
    this.#cover(position, at);
  }

  /** The first bytes, whole chunks unless it is all there is. */
  take(byteCount: number): WindowBytes {
    const views: Uint8Array[] = [];
    const chunks: Uint8Array[] = [];
    for (let taken = 0; taken < byteCount; taken += CHUNK_BYTES) {
      const chunk = this.#takeChunk(this.#indexOf(this.#start + taken));
      chunks.push(chunk);
      views.push(chunk.subarray(0, Math.min(CHUNK_BYTES, byteCount - taken)));
    }
    this.#start += byteCount;
    return { views, byteCount, chunks };
  }

  /** Forgets what is behind `end`, which is not before `start` and not behind the first gap. */
  cut(end: number): void {
    this.#end = end;
    this.#ahead = [];
    const kept = Math.ceil((end - this.#origin) / CHUNK_BYTES);
    const dropped = [...this.#chunks.keys()].filter((index) => index >= kept);
    this.#account.giveBackChunks(dropped.map((index) => this.#takeChunk(index)));
  }

  clear(): void {
    this.#account.giveBackChunks(this.#chunks.values());
    this.#chunks.clear();
  }

  #indexOf(position: number): number {
    return Math.floor((position - this.#origin) / CHUNK_BYTES);
  }

  #takeChunk(index: number): Uint8Array {
    const chunk = this.#chunks.get(index);
    if (chunk === undefined) throw new RangeError('these bytes have not come');
    this.#chunks.delete(index);
    return chunk;
  }

  #copy(view: Uint8Array, position: number): void {
    let copied = 0;
    while (copied < view.length) {
      const offset = (position + copied - this.#origin) % CHUNK_BYTES;
      const byteCount = Math.min(CHUNK_BYTES - offset, view.length - copied);
      const chunk = this.#chunkAt(position + copied);
      chunk.set(byteCount === view.length ? view : view.subarray(copied, copied + byteCount), offset);
      copied += byteCount;
    }
  }

  #chunkAt(position: number): Uint8Array {
    const index = this.#indexOf(position);
    const held = this.#chunks.get(index);
    if (held !== undefined) return held;
    const chunk = this.#account.takeChunk();
    this.#chunks.set(index, chunk);
    return chunk;
  }

  #cover(start: number, end: number): void {
    if (start > this.#end) return this.#coverAhead(start, end);
    this.#end = Math.max(this.#end, end);
    if (this.#ahead.length === 0) return;
    const reached = this.#ahead.findLast((stretch) => stretch.start <= this.#end);
    this.#end = Math.max(this.#end, reached?.end ?? 0);
    this.#ahead = this.#ahead.filter((stretch) => stretch.start > this.#end);
  }

  #coverAhead(start: number, end: number): void {
    const touches = (stretch: Stretch): boolean => stretch.start <= end && stretch.end >= start;
    const touched = this.#ahead.filter(touches);
    const joined = {
      start: Math.min(start, touched[0]?.start ?? start),
      end: Math.max(end, touched.at(-1)?.end ?? end),
    };
    const apart = this.#ahead.filter((stretch) => !touches(stretch));
    if (apart.length >= MAX_STRETCHES) throw new FileError('LIMIT_EXCEEDED', 'too many gaps in the file');
    this.#ahead = [...apart, joined].sort((a, b) => a.start - b.start);
  }
}
