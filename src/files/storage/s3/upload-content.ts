/**
 * What an upload makes of the object: bytes of the old one, what the client writes, bytes of the old one again.
 *
 * On a file that is opened without being emptied, the first write decides where the client begins: what is before it is
 * taken over, and so is what is behind the last write when the handle ends, as on POSIX. That is how resuming, appending
 * and rewriting from the front work. From there on bytes may come in another order as long as none was sent yet.
 */

import { FileError } from '../../error.ts';
import type { ObjectHead, ObjectProperties, ObjectStore, PutCondition } from './object-store.ts';
import { CHUNK_BYTES, type UploadAccount } from './upload-memory.ts';
import { UploadParts } from './upload-parts.ts';
import {
  copiedPartBytes,
  MAX_OBJECT_BYTES,
  MIN_PART_BYTES,
  PartSchedule,
  tooLarge,
} from './upload-schedule.ts';
import { UploadWindow } from './upload-window.ts';

/** How far ahead of a gap bytes may come. Clients that write side by side issue their writes in order, or nearly so. */
const REORDER_BYTES = 16 * 1024 ** 2;

export interface UploadContentOptions {
  readonly store: ObjectStore;
  readonly key: string;
  readonly account: UploadAccount;
  readonly firstPartBytes: number;
  readonly maxPartBytes: number;
  readonly partsInFlight: number;
  /** The old object, when the file was opened without being emptied. */
  readonly base: ObjectHead | undefined;
  readonly condition: PutCondition;
  /** Ends what is on its way. */
  readonly signal: AbortSignal;
}

/** What the object is to have, and what ends the waiting of this call. */
export interface UploadStep {
  readonly properties: ObjectProperties;
  readonly signal: AbortSignal;
}

export class UploadContent {
  readonly #options: UploadContentOptions;
  readonly #account: UploadAccount;
  readonly #schedule: PartSchedule;
  #parts: UploadParts;
  #base: ObjectHead | undefined;
  /** Of the old object this many bytes are still part of the file. */
  #baseBytes: number;
  /** Bytes of the old object in front of the window. */
  #prefixBytes = 0;
  /** Where in the old object copying goes on. */
  #copiedBytes = 0;
  /** Undefined until the first write. */
  #window: UploadWindow | undefined;
  /** A client said that the file would be this long. */
  #announcedBytes = 0;

  constructor(options: UploadContentOptions) {
    this.#options = options;
    this.#account = options.account;
    this.#schedule = new PartSchedule(options);
    this.#parts = this.#newParts();
    this.#base = options.base;
    this.#baseBytes = options.base?.sizeBytes ?? 0;
  }

  get sizeBytes(): number {
    return Math.max(this.#baseBytes, this.#window?.farEnd ?? 0, this.#announcedBytes);
  }

  /** Where a file that is open for append goes on. */
  get end(): number {
    return this.#window?.end ?? this.#baseBytes;
  }

  get hasWrites(): boolean {
    return this.#window !== undefined;
  }

  /** The old object, as long as it is all there is. */
  get unchanged(): ObjectHead | undefined {
    return this.hasWrites || this.sizeBytes !== this.#base?.sizeBytes ? undefined : this.#base;
  }

  /** Why no object can come about any more. */
  get failure(): FileError | undefined {
    return this.#parts.failure;
  }

  /** Resolves when all bytes have their place in memory, which may be only after others were sent. @throws FileError */
  async write(views: readonly Uint8Array[], position: number, step: UploadStep): Promise<void> {
    const byteCount = views.reduce((sum, view) => sum + view.length, 0);
    if (byteCount === 0) return;
    if (position + byteCount > MAX_OBJECT_BYTES) throw tooLarge();
    const window = this.#window ?? (await this.#begin(position, step));
    if (position < window.start) throw randomAccess(`byte ${position} was sent already`);
    if (position > window.end && position + byteCount > window.end + REORDER_BYTES) {
      throw randomAccess(`byte ${window.end} has to come first`);
    }
    await this.#fill(window, views, position, byteCount, step);
  }

  /** @throws FileError NOT_SUPPORTED where bytes were sent that would have to be taken back, NO_SPACE */
  async resize(sizeBytes: number): Promise<void> {
    if (sizeBytes > MAX_OBJECT_BYTES) throw tooLarge();
    if (sizeBytes === this.sizeBytes) return;
    if (sizeBytes === 0) return this.#restart();
    if (sizeBytes > this.sizeBytes) {
      // The client promises to write that much; whether it did is seen when the file is closed.
      this.#announcedBytes = sizeBytes;
      return;
    }
    this.#cut(sizeBytes);
  }

  /** Keeps what came in a row: a cut-off upload has nothing behind a gap. */
  dropAhead(): void {
    this.#window?.cut(this.#window.end);
    this.#announcedBytes = 0;
  }

  /** Makes the object. @throws FileError, and then nothing was made and `discard` cleans up */
  async commit(step: UploadStep): Promise<ObjectHead> {
    const window = this.#window ?? (await this.#begin(this.#baseBytes, step));
    const sizeBytes = Math.max(window.end, this.#baseBytes);
    if (this.sizeBytes > sizeBytes) {
      throw new FileError('INVALID_ARGUMENT', 'a part of the file was never sent, so nothing is stored');
    }
    const isSmall = !this.#parts.isBegun && this.#prefixBytes === 0;
    const takesWholeTail = window.end === sizeBytes || sizeBytes <= MIN_PART_BYTES;
    const etag =
      isSmall && takesWholeTail
        ? await this.#put(window, sizeBytes, step)
        : await this.#complete(window, sizeBytes, step);
    const { metadata } = this.#parts.properties ?? step.properties;
    return { key: this.#options.key, sizeBytes, lastModifiedMs: Date.now(), etag, metadata };
  }

  /** Gives up what was sent and kept. What is on its way ends first, so the owner's signal comes before. Never rejects. */
  async discard(): Promise<void> {
    this.#window?.clear();
    this.#account.shrink(0);
    await this.#parts.abort();
  }

  /** Decides where the client begins, by its first write. */
  async #begin(position: number, step: UploadStep): Promise<UploadWindow> {
    if (this.#base !== undefined && position > this.#baseBytes) {
      throw randomAccess('the write begins behind the end of the file');
    }
    const takenOver = this.#base === undefined ? 0 : position;
    if (takenOver >= MIN_PART_BYTES) this.#prefixBytes = takenOver;
    const window = new UploadWindow(this.#account, this.#prefixBytes);
    if (this.#prefixBytes === 0 && takenOver > 0) await this.#fetchFirst(window, takenOver, step);
    this.#window = window;
    return window;
  }

  /** S3 copies no part this small, unless it is the last. */
  async #fetchFirst(window: UploadWindow, byteCount: number, step: UploadStep): Promise<void> {
    try {
      await this.#fetch(window, byteCount, step);
    } catch (error) {
      window.clear();
      throw error;
    }
  }

  /** The next bytes of the old object, into the window. */
  async #fetch(window: UploadWindow, byteCount: number, step: UploadStep): Promise<void> {
    const base = this.#base;
    if (base === undefined || byteCount === 0) return;
    const { store } = this.#options;
    const end = window.end + byteCount;
    const range = { position: window.end, byteCount };
    for await (const view of await store.get(base.key, range, { ifMatch: base.etag }, step.signal)) {
      await this.#fill(window, [view], window.end, view.length, step);
    }
    if (window.end !== end) throw new FileError('IO_ERROR', 'the old object could not be read whole');
  }

  async #fill(
    window: UploadWindow,
    views: readonly Uint8Array[],
    position: number,
    byteCount: number,
    step: UploadStep,
  ): Promise<void> {
    for (let done = 0; done < byteCount; ) {
      const at = position + done;
      const partEnd = window.start + this.#usualPartBytes;
      const length = at < partEnd ? Math.min(byteCount - done, partEnd - at) : byteCount - done;
      await this.#makeRoom(window, at, length, step);
      window.write(length === byteCount ? views : stretch(views, done, length), at);
      done += length;
      while (window.end - window.start >= this.#usualPartBytes) {
        await this.#sendPart(window, this.#usualPartBytes, step);
      }
    }
  }

  /** Holds the memory for these bytes, as `UploadMemory` describes. */
  async #makeRoom(
    window: UploadWindow,
    position: number,
    byteCount: number,
    step: UploadStep,
  ): Promise<void> {
    const account = this.#account;
    for (;;) {
      const neededBytes = window.bytesWith(position, byteCount);
      const claimBytes = this.#schedule.least(this.#parts.count);
      if (neededBytes <= account.filledBytes) return;
      if (neededBytes <= CHUNK_BYTES) return account.hold('starter', CHUNK_BYTES, step.signal);
      if (neededBytes <= claimBytes) return account.hold('claim', claimBytes, step.signal);
      if (account.tryExtend(Math.max(neededBytes, this.#usualPartBytes))) return;
      if (window.end - window.start < claimBytes) return account.hold('ahead', neededBytes, step.signal);
      // Others wait for memory: the part is sent as small as it may be.
      await this.#sendPart(window, claimBytes, step);
    }
  }

  async #sendPart(window: UploadWindow, byteCount: number, step: UploadStep): Promise<void> {
    await this.#beginParts(step);
    await this.#parts.room(step.signal);
    const { chunks, ...body } = window.take(byteCount);
    const onEnd = this.#account.send(chunks);
    this.#account.shrink(window.heldBytes);
    this.#parts.send(body, onEnd);
  }

  /** Goes on where it was cut off: a session may end while the old object is being copied. */
  async #beginParts({ properties, signal }: UploadStep): Promise<void> {
    this.#parts.begin(properties, { holdsCopies: this.#base !== undefined });
    if (this.#copiedBytes < this.#prefixBytes) await this.#copy(this.#copiedBytes, this.#prefixBytes, signal);
  }

  /** Makes parts of `[from, to)` of the old object. */
  async #copy(from: number, to: number, signal: AbortSignal): Promise<void> {
    const base = this.#base;
    if (base === undefined || from === to) return;
    const partBytes = copiedPartBytes(to - from);
    for (let position = from; position < to; position = this.#copiedBytes) {
      await this.#parts.room(signal);
      const byteCount = Math.min(partBytes, to - position);
      this.#parts.copy(base, { position, byteCount });
      this.#copiedBytes = position + byteCount;
    }
  }

  async #put(window: UploadWindow, sizeBytes: number, step: UploadStep): Promise<string> {
    const { store, key, condition, signal } = this.#options;
    await this.#fetch(window, sizeBytes - window.end, step);
    const { chunks, ...body } = window.take(sizeBytes);
    const onEnd = this.#account.send(chunks);
    this.#account.shrink(0);
    try {
      return await store.put(key, body, step.properties, condition, signal);
    } finally {
      onEnd();
    }
  }

  async #complete(window: UploadWindow, sizeBytes: number, step: UploadStep): Promise<string> {
    await this.#beginParts(step);
    const tailBytes = sizeBytes - window.end;
    const unsentBytes = window.end - window.start;
    // Only the last part may be small, and here the tail is the last.
    const fetchedBytes =
      unsentBytes === 0 ? 0 : Math.min(tailBytes, Math.max(0, MIN_PART_BYTES - unsentBytes));
    await this.#fetch(window, fetchedBytes, step);
    if (window.end > window.start) await this.#sendPart(window, window.end - window.start, step);
    this.#account.shrink(0);
    await this.#copy(window.end, sizeBytes, step.signal);
    return this.#parts.complete(this.#options.condition);
  }

  #cut(sizeBytes: number): void {
    const window = this.#window;
    if (window !== undefined && sizeBytes < window.farEnd) {
      if (sizeBytes < window.start) throw randomAccess(`byte ${sizeBytes} was sent already`);
      if (sizeBytes > window.end) throw randomAccess(`byte ${window.end} has to come first`);
      window.cut(sizeBytes);
    }
    this.#announcedBytes = 0;
    this.#baseBytes = Math.min(this.#baseBytes, sizeBytes);
  }

  async #restart(): Promise<void> {
    await this.discard();
    this.#parts = this.#newParts();
    this.#window = undefined;
    this.#base = undefined;
    this.#baseBytes = 0;
    this.#prefixBytes = 0;
    this.#copiedBytes = 0;
    this.#announcedBytes = 0;
  }

  get #usualPartBytes(): number {
    return this.#schedule.usual(this.#parts.count);
  }

  #newParts(): UploadParts {
    const { store, key, partsInFlight, signal } = this.#options;
    return new UploadParts({ store, key, maxInFlight: partsInFlight, signal });
  }
}

/** `byteCount` bytes from `offset` of all views together. */
function stretch(views: readonly Uint8Array[], offset: number, byteCount: number): Uint8Array[] {
  const cut: Uint8Array[] = [];
  let at = 0;
  for (const view of views) {
    const start = Math.max(0, offset - at);
    const end = Math.min(view.length, offset + byteCount - at);
    if (start < end) cut.push(view.subarray(start, end));
    at += view.length;
  }
  return cut;
}

/** In the words of AWS Transfer, which operators search for. */
function randomAccess(reason: string): FileError {
  return new FileError(
    'NOT_SUPPORTED',
    `this server, as AWS Transfer, does not support random access writes to S3 objects: ${reason}`,
  );
}
