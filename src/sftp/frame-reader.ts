/** Cuts the received byte stream into SFTP packets, without copying the data of WRITE requests. */

import { WireError } from '../wire/byte-reader.ts';
import { MAX_PACKET_BYTES } from './limits.ts';
import { MessageType } from './protocol.ts';

/** Views below this are copied together: a peer that sends single bytes must not pin a buffer with each of them. */
const SMALL_VIEW_BYTES = 4 * 1024;
/** What small views are copied into. */
const BLOCK_BYTES = 8 * 1024;
const LENGTH_FIELD_BYTES = 4;
/** A type byte and a request id (or INIT's version); nothing shorter can be answered. */
const MIN_PACKET_BYTES = 5;
/** Id, a handle of the longest legal 256 bytes, offset and data length: the fields in front of a WRITE's data. */
const WRITE_FIELDS_BYTES = 4 + 4 + 256 + 8 + 4;

/** One packet. Views share memory with what was received. */
export interface Frame {
  readonly type: number;
  /** With the length field: what is to be credited. */
  readonly byteCount: number;
  /** What follows the type byte, in one piece. Of a WRITE it is at least the fields in front of the data. */
  readonly head: Buffer;
  /** What of a WRITE's data is not in `head`. */
  readonly tail: readonly Buffer[];
}

const NO_VIEWS: readonly Buffer[] = [];

/** Bytes stay raw until asked for, so the channel's window bounds them. */
export class FrameReader {
  readonly #chunks: Buffer[] = [];
  /** Where the first chunk begins to be unread. */
  #offset = 0;
  #unreadBytes = 0;
  /** Received and not yet handed out in a frame: the unread bytes, and a length field that was read ahead. */
  #heldBytes = 0;
  /** Length of the packet whose length field was read; 0 between packets. */
  #packetBytes = 0;

  #block: Buffer | undefined;
  #blockUsed = 0;
  /** Where the last chunk starts in the block, or -1 when the last chunk is not of the block. */
  #lastChunkStart = -1;

  push(view: Buffer): void {
    if (view.length === 0) return;
    this.#unreadBytes += view.length;
    this.#heldBytes += view.length;
    if (view.length < SMALL_VIEW_BYTES) return this.#pushCopy(view);
    this.#chunks.push(view);
    this.#lastChunkStart = -1;
  }

  /**
   * The next packet, or `undefined` until it is here whole.
   *
   * @throws WireError when the length cannot be right; the stream is lost then
   */
  next(): Frame | undefined {
    if (this.#packetBytes === 0) {
      if (this.#unreadBytes < LENGTH_FIELD_BYTES) return undefined;
      this.#packetBytes = checkedLength(this.#take(LENGTH_FIELD_BYTES).readUInt32BE());
    }
    const packetBytes = this.#packetBytes;
    if (this.#unreadBytes < packetBytes) return undefined;
    this.#packetBytes = 0;
    const type = this.#take(1).readUInt8();
    const byteCount = LENGTH_FIELD_BYTES + packetBytes;
    this.#heldBytes -= byteCount;
    const bodyBytes = packetBytes - 1;
    if (type !== MessageType.WRITE) return { type, byteCount, head: this.#take(bodyBytes), tail: NO_VIEWS };
    const head = this.#takeAtLeast(Math.min(bodyBytes, WRITE_FIELDS_BYTES), bodyBytes);
    return { type, byteCount, head, tail: this.#takeViews(bodyBytes - head.length) };
  }

  /** Forgets everything not handed out and tells how many bytes that was. */
  clear(): number {
    const byteCount = this.#heldBytes;
    this.#heldBytes = 0;
    this.#chunks.length = 0;
    this.#offset = 0;
    this.#unreadBytes = 0;
    this.#packetBytes = 0;
    this.#block = undefined;
    this.#lastChunkStart = -1;
    return byteCount;
  }

  #pushCopy(view: Buffer): void {
    let block = this.#block;
    if (block === undefined || block.length - this.#blockUsed < view.length) {
      block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#block = block;
      this.#blockUsed = 0;
      this.#lastChunkStart = -1;
    }
    block.set(view, this.#blockUsed);
    if (this.#lastChunkStart === -1 || this.#chunks.length === 0) this.#lastChunkStart = this.#blockUsed;
    else this.#chunks.pop();
    this.#blockUsed += view.length;
    this.#chunks.push(block.subarray(this.#lastChunkStart, this.#blockUsed));
  }

  /** `byteCount` bytes in one piece; copied only when they lie in several chunks. */
  #take(byteCount: number): Buffer {
    const view = this.#takeView(byteCount);
    if (view.length === byteCount) return view;
    return Buffer.concat([view, ...this.#takeViews(byteCount - view.length)], byteCount);
  }

  /** At least `minBytes` in one piece, and more without a copy where the chunk has more; never above `maxBytes`. */
  #takeAtLeast(minBytes: number, maxBytes: number): Buffer {
    const first = this.#chunks[0];
    if (first === undefined || first.length - this.#offset < minBytes) return this.#take(minBytes);
    return this.#takeView(maxBytes);
  }

  #takeViews(byteCount: number): readonly Buffer[] {
    if (byteCount === 0) return NO_VIEWS;
    const views: Buffer[] = [];
    while (byteCount > 0) {
      const view = this.#takeView(byteCount);
      views.push(view);
      byteCount -= view.length;
    }
    return views;
  }

  /** The next bytes of the first chunk, at most `maxBytes`. The caller has checked that there are any. */
  #takeView(maxBytes: number): Buffer {
    const first = this.#chunks[0];
    if (first === undefined) throw new WireError('more bytes were asked for than were received');
    const end = Math.min(this.#offset + maxBytes, first.length);
    const view = first.subarray(this.#offset, end);
    this.#unreadBytes -= view.length;
    this.#offset = end;
    if (end === first.length) {
      this.#chunks.shift();
      this.#offset = 0;
    }
    return view;
  }
}

function checkedLength(packetBytes: number): number {
  if (packetBytes < MIN_PACKET_BYTES) throw new WireError('a packet is too short');
  if (packetBytes > MAX_PACKET_BYTES) throw new WireError('a packet is too long');
  return packetBytes;
}
