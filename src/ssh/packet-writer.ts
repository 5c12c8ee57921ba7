/** Frames, pads and seals outgoing packets and writes them to the stream in bursts. */

import type { Writable } from 'node:stream';
import { PlainCipher } from './cipher/plain.ts';
import type { PacketSealer } from './cipher/protection.ts';
import type { Scratch } from './packet-reader.ts';
import type { PaddingSource } from './padding.ts';

const MIN_PADDING_BYTES = 4;
/** Length field and padding length. */
const HEADER_BYTES = 5;
/** Sealed pieces up to this size are copied together: a write of the stream costs more than such a copy. */
const JOIN_BELOW_BYTES = 2048;

export class PacketWriter {
  readonly #stream: Writable;
  readonly #padding: PaddingSource;
  readonly #scratch: Scratch;
  #sealer: PacketSealer = new PlainCipher();
  #sequence = 0;
  #packets = 0;
  #sealedBytes = 0;
  /** Written in this turn and not yet with the stream. */
  #queued: Buffer[] = [];
  #waitingBytes = 0;

  constructor(stream: Writable, padding: PaddingSource, scratch: Scratch) {
    this.#stream = stream;
    this.#padding = padding;
    this.#scratch = scratch;
  }

  /** Bytes that have not left yet. */
  get queuedBytes(): number {
    return this.#stream.writableLength + this.#waitingBytes;
  }

  /** Packets sealed since the last change of keys. */
  get packetsSinceRekey(): number {
    return this.#packets;
  }

  /** Bytes sealed since the last change of keys. */
  get bytesSinceRekey(): number {
    return this.#sealedBytes;
  }

  /** Takes new keys into use: what follows our NEWKEYS is sealed with them. */
  rekey(sealer: PacketSealer, options: { readonly resetSequence: boolean }): void {
    this.#sealer = sealer;
    this.#packets = 0;
    this.#sealedBytes = 0;
    if (options.resetSequence) this.#sequence = 0;
  }

  /** Writes one packet whose payload is `parts` back to back. The parts may be reused when this returns. */
  write(parts: readonly Uint8Array[]): void {
    let payloadBytes = 0;
    for (const part of parts) payloadBytes += part.length;
    const { blockBytes, alignsLength } = this.#sealer;
    const aligned = payloadBytes + 1 + (alignsLength ? 4 : 0);
    let paddingBytes = blockBytes - (aligned % blockBytes);
    if (paddingBytes < MIN_PADDING_BYTES) paddingBytes += blockBytes;
    const packetLength = 1 + payloadBytes + paddingBytes;
    const packet = this.#scratch.take(4 + packetLength);
    packet.writeUInt32BE(packetLength);
    packet[4] = paddingBytes;
    let offset = HEADER_BYTES;
    for (const part of parts) {
      packet.set(part, offset);
      offset += part.length;
    }
    packet.set(this.#padding.take(paddingBytes), offset);
    this.#queue(this.#sealer.seal(this.#sequence, packet));
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#packets++;
    this.#sealedBytes += packetLength;
  }

  /** Writes bytes that are no packet: text from before or outside of the protocol. */
  writeText(text: string): void {
    this.#queue([Buffer.from(text)]);
  }

  /** Hands everything queued so far to the stream, in one system call where the socket takes it. */
  flush(): void {
    const queued = this.#queued;
    if (queued.length === 0) return;
    this.#queued = [];
    this.#waitingBytes = 0;
    this.#stream.cork();
    for (const piece of joined(queued)) this.#stream.write(piece);
    this.#stream.uncork();
  }

  #queue(pieces: readonly Buffer[]): void {
    if (this.#queued.length === 0) process.nextTick(() => this.flush());
    for (const piece of pieces) {
      this.#queued.push(piece);
      this.#waitingBytes += piece.length;
    }
  }
}

/** The same bytes in fewer pieces: runs of small ones are copied together. */
function* joined(pieces: readonly Buffer[]): Generator<Buffer> {
  let run: Buffer[] = [];
  for (const piece of pieces) {
    if (piece.length <= JOIN_BELOW_BYTES) {
      run.push(piece);
      continue;
    }
    if (run.length > 0) yield oneOf(run);
    run = [];
    yield piece;
  }
  if (run.length > 0) yield oneOf(run);
}

function oneOf(run: readonly Buffer[]): Buffer {
  const [only] = run;
  return run.length === 1 && only !== undefined ? only : Buffer.concat(run);
}
