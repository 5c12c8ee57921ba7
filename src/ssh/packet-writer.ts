/** Frames, pads and seals outgoing packets and writes them to the stream in bursts. */

import type { Writable } from 'node:stream';
import { PlainCipher } from './cipher/plain.ts';
import type { PacketSealer } from './cipher/protection.ts';
import type { PaddingSource } from './padding.ts';

const MIN_PADDING_BYTES = 4;
/** Packets up to this size are joined before they are sealed: one cipher call is cheaper than three. */
const JOIN_BELOW_BYTES = 2048;

export class PacketWriter {
  readonly #stream: Writable;
  readonly #padding: PaddingSource;
  #sealer: PacketSealer = new PlainCipher();
  #sequence = 0;
  #packets = 0;
  #sealedBytes = 0;
  #corked = false;

  constructor(stream: Writable, padding: PaddingSource) {
    this.#stream = stream;
    this.#padding = padding;
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
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(packetLength);
    const padding = this.#padding.take(paddingBytes);
    const plain =
      packetLength <= JOIN_BELOW_BYTES ? [join(parts, packetLength, padding)] : split(parts, padding);
    this.#cork();
    for (const sealed of this.#sealer.seal(this.#sequence, length, plain)) this.#stream.write(sealed);
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#packets++;
    this.#sealedBytes += packetLength;
  }

  /** Everything written in one turn leaves in one system call. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#stream.uncork();
    });
  }
}

/** Padding length, payload and padding in one buffer. */
function join(parts: readonly Uint8Array[], packetLength: number, padding: Buffer): Buffer {
  const joined = Buffer.allocUnsafe(packetLength);
  joined[0] = padding.length;
  let offset = 1;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  joined.set(padding, offset);
  return joined;
}

/** The same without copying the bulk: only the small first part is joined with the padding length. */
function split(parts: readonly Uint8Array[], padding: Buffer): Uint8Array[] {
  const [first = Buffer.alloc(0), ...rest] = parts;
  const start = Buffer.allocUnsafe(1 + first.length);
  start[0] = padding.length;
  start.set(first, 1);
  return [start, ...rest, padding];
}
