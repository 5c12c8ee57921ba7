/** Writes replies out: those of one turn of the event loop leave in one `send`, file data without a copy. */

import type { FileSlice } from '../files/file-system.ts';
import type { ByteChannel } from '../wire/byte-channel.ts';
import { MessageType } from './protocol.ts';
import type { Reply } from './reply.ts';

/** What small replies are written into; about 200 STATUS replies. */
const SLAB_BYTES = 8 * 1024;
/** Bodies above this are sent from where they are. */
const LARGE_BODY_BYTES = 2 * 1024;
/** From here on the channel gets its bytes without waiting for the end of the turn. */
const FLUSH_BYTES = 512 * 1024;
/** Length, type, request id. */
const HEADER_BYTES = 4 + 1 + 4;

export class ReplyQueue {
  readonly #channel: ByteChannel;
  readonly #onFlushed: () => void;
  #views: Uint8Array[] = [];
  #slices: FileSlice[] = [];
  #slab = Buffer.alloc(0);
  /** The part of the slab that is written and not yet in `#views`. */
  #slabStart = 0;
  #slabEnd = 0;
  #bufferedBytes = 0;
  #flushScheduled = false;

  /** `onFlushed` is called at the end of a turn: what the channel took at once leaves room that no `onDrain` tells of. */
  constructor(channel: ByteChannel, onFlushed: () => void) {
    this.#channel = channel;
    this.#onFlushed = onFlushed;
  }

  /** Bytes not yet given to the channel. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  add(id: number, reply: Reply): void {
    if (reply.kind === 'status') this.#status(id, reply.code, reply.message);
    else if (reply.kind === 'data') this.#data(id, reply.slice);
    else this.#message(reply.type, id, reply.body);
    if (this.#bufferedBytes >= FLUSH_BYTES) this.flush();
    else this.#scheduleFlush();
  }

  /** VERSION, the one message in which another word stands where the id would be. */
  addVersion(version: number, extensions: Uint8Array): void {
    this.#message(MessageType.VERSION, version, extensions);
    this.#scheduleFlush();
  }

  flush(): void {
    this.#seal();
    const views = this.#views;
    if (views.length === 0) return;
    const slices = this.#slices;
    this.#views = [];
    this.#slices = [];
    this.#bufferedBytes = 0;
    if (slices.length === 0) this.#channel.send(views);
    else this.#channel.send(views, () => releaseAll(slices));
  }

  /** The channel is gone. */
  clear(): void {
    releaseAll(this.#slices);
    this.#views = [];
    this.#slices = [];
    this.#slabStart = this.#slabEnd;
    this.#bufferedBytes = 0;
  }

  #status(id: number, code: number, message: string): void {
    const messageBytes = Buffer.byteLength(message);
    const at = this.#reserve(HEADER_BYTES + 4 + 4 + messageBytes + 4);
    const slab = this.#slab;
    writeHeader(slab, at, 4 + 4 + messageBytes + 4, MessageType.STATUS, id);
    slab.writeUInt32BE(code, at + 9);
    slab.writeUInt32BE(messageBytes, at + 13);
    slab.write(message, at + 17, messageBytes, 'utf8');
    // An empty language tag: clients show the message as it is.
    slab.writeUInt32BE(0, at + 17 + messageBytes);
  }

  #data(id: number, slice: FileSlice): void {
    const at = this.#reserve(HEADER_BYTES + 4);
    writeHeader(this.#slab, at, 4 + slice.byteCount, MessageType.DATA, id);
    this.#slab.writeUInt32BE(slice.byteCount, at + HEADER_BYTES);
    this.#seal();
    this.#views.push(...slice.views);
    this.#slices.push(slice);
    this.#bufferedBytes += slice.byteCount;
  }

  #message(type: number, id: number, body: Uint8Array): void {
    const isLarge = body.length > LARGE_BODY_BYTES;
    const at = this.#reserve(HEADER_BYTES + (isLarge ? 0 : body.length));
    writeHeader(this.#slab, at, body.length, type, id);
    if (!isLarge) {
      this.#slab.set(body, at + HEADER_BYTES);
      return;
    }
    this.#seal();
    this.#views.push(body);
    this.#bufferedBytes += body.length;
  }

  /** Room in the slab. Sent parts are never written again: the channel may still hold them. */
  #reserve(byteCount: number): number {
    if (this.#slab.length - this.#slabEnd < byteCount) {
      this.#seal();
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, byteCount));
      this.#slabStart = 0;
      this.#slabEnd = 0;
    }
    const at = this.#slabEnd;
    this.#slabEnd += byteCount;
    this.#bufferedBytes += byteCount;
    return at;
  }

  #seal(): void {
    if (this.#slabEnd === this.#slabStart) return;
    this.#views.push(this.#slab.subarray(this.#slabStart, this.#slabEnd));
    this.#slabStart = this.#slabEnd;
  }

  /** `setImmediate`, not a microtask: every completion of one poll phase has its own microtasks. */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.flush();
      this.#onFlushed();
    });
  }
}

function writeHeader(slab: Buffer, at: number, bodyBytes: number, type: number, id: number): void {
  slab.writeUInt32BE(1 + 4 + bodyBytes, at);
  slab.writeUInt8(type, at + 4);
  slab.writeUInt32BE(id, at + 5);
}

function releaseAll(slices: readonly FileSlice[]): void {
  for (const slice of slices) slice.release();
}
