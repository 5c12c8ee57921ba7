/** Cuts the incoming byte stream into packets and opens them (RFC 4253 section 6). */

import { PlainCipher } from './cipher/plain.ts';
import type { PacketOpener } from './cipher/protection.ts';
import { SshError } from './error.ts';

/** Smallest packet_length: padding length, one byte of payload, padding. */
const MIN_PACKET_LENGTH = 5;
const MIN_PADDING_BYTES = 4;
/** Largest packet_length before the client is authenticated: RFC 4253 section 6.1 asks for 35000. */
const MAX_UNAUTHENTICATED_PACKET_LENGTH = 35_000;
/** Largest packet_length afterwards; OpenSSH and Go have the same bound. */
export const MAX_PACKET_LENGTH = 256 * 1024;

/** Pieces are joined up to this size: a peer that sends single bytes must not make us keep an object for each. */
const JOIN_BELOW_BYTES = 4096;

/**
 * Where the moment of a refusal must not be seen, it comes when this much of the packet, or of what follows it, was read:
 * more than any packet has.
 */
const REFUSED_AT_BYTES = 4 + MAX_PACKET_LENGTH + 64;

const NOTHING = Buffer.alloc(0);

/**
 * Memory for packets that arrive in pieces. One serves many connections: a packet is gathered, opened into memory of its
 * own and forgotten within one turn.
 */
export class Scratch {
  #memory: Buffer = NOTHING;

  take(byteCount: number): Buffer {
    if (this.#memory.length < byteCount) this.#memory = Buffer.allocUnsafeSlow(byteCount);
    return this.#memory.subarray(0, byteCount);
  }
}

/** Holds no more than what was received: a length field alone allocates nothing. */
export class PacketReader {
  maxPacketLength = MAX_UNAUTHENTICATED_PACKET_LENGTH;
  readonly #scratch: Scratch;
  #opener: PacketOpener = new PlainCipher();
  #sequence = 0;
  #packets = 0;
  #openedBytes = 0;
  /** Received and not consumed, oldest first. */
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** packet_length of the packet that is being waited for; 0 while it is not known. */
  #expected = 0;
  /** A refusal that is not shown yet, and what was read since the refused packet began. */
  #hidden: { readonly error: unknown; readBytes: number } | undefined;

  constructor(scratch: Scratch) {
    this.#scratch = scratch;
  }

  /** Sequence number of the packet that `next` returned last. */
  get lastSequence(): number {
    return (this.#sequence - 1) >>> 0;
  }

  get bufferedBytes(): number {
    return this.#buffered;
  }

  /** Packets opened since the last change of keys. */
  get packetsSinceRekey(): number {
    return this.#packets;
  }

  /** Bytes opened since the last change of keys. */
  get bytesSinceRekey(): number {
    return this.#openedBytes;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#buffered += chunk.length;
    const last = this.#chunks.at(-1);
    if (last === undefined || last.length + chunk.length > JOIN_BELOW_BYTES) this.#chunks.push(chunk);
    else this.#chunks[this.#chunks.length - 1] = joined(last, chunk);
  }

  /** Takes new keys into use: what follows NEWKEYS is opened with them. */
  rekey(opener: PacketOpener, options: { readonly resetSequence: boolean }): void {
    this.#opener = opener;
    this.#packets = 0;
    this.#openedBytes = 0;
    if (options.resetSequence) this.#sequence = 0;
  }

  /**
   * The payload of the next whole packet, in memory of its own.
   * @throws SshError PACKET_INVALID, MAC_INVALID
   */
  next(): Buffer | undefined {
    if (this.#hidden !== undefined) return this.#discard(this.#hidden);
    let plain: Buffer | undefined;
    try {
      plain = this.#openNext();
    } catch (error) {
      if (this.#opener.lengthKey !== 'packet') throw error;
      this.#hidden = { error, readBytes: 0 };
      return this.#discard(this.#hidden);
    }
    return plain === undefined ? undefined : withoutPadding(plain);
  }

  /** Padding length, payload and padding of the next whole packet. */
  #openNext(): Buffer | undefined {
    const opener = this.#opener;
    if (this.#expected === 0) {
      if (this.#buffered < opener.lengthBytes) return undefined;
      const length = opener.readLength(this.#sequence, this.#peek(opener.lengthBytes));
      this.#expected = this.#checkedLength(length);
    }
    const total = 4 + this.#expected + opener.trailerBytes;
    if (this.#buffered < total) return undefined;
    const plain = opener.open(this.#sequence, this.#peek(total));
    this.#drop(total);
    this.#expected = 0;
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#packets++;
    this.#openedBytes += total;
    return plain;
  }

  /**
   * Reads on as if the packet were one of the longest: who tampers with an encrypted length must not learn from the byte
   * at which we give up what it came to. One who stops sending is cut off by the time limits of the login and of
   * idleness, as in the middle of any packet, so that time tells no more.
   */
  #discard(hidden: { readonly error: unknown; readBytes: number }): undefined {
    hidden.readBytes += this.#buffered;
    this.#drop(this.#buffered);
    if (hidden.readBytes >= REFUSED_AT_BYTES) throw hidden.error;
    return undefined;
  }

  #checkedLength(length: number): number {
    const { blockBytes, alignsLength, lengthKey } = this.#opener;
    const isInBounds = length >= MIN_PACKET_LENGTH && length <= this.maxPacketLength;
    if (isInBounds && (length + (alignsLength ? 4 : 0)) % blockBytes === 0) return length;
    // Said as for a wrong MAC: the answer must not tell what the encrypted length looked like.
    if (lengthKey !== 'none') throw new SshError('MAC_INVALID', 'a packet is corrupt');
    throw new SshError(
      'PACKET_INVALID',
      `packet length ${length} is out of bounds or not a multiple of the block size`,
    );
  }

  /** The first bytes in one piece: a view where they arrived together, else gathered in the scratch memory. */
  #peek(byteCount: number): Buffer {
    const first = this.#chunks[0] ?? NOTHING;
    if (first.length >= byteCount) return first.subarray(0, byteCount);
    const gathered = this.#scratch.take(byteCount);
    let filled = 0;
    for (const chunk of this.#chunks) {
      filled += chunk.copy(gathered, filled, 0, byteCount - filled);
      if (filled === byteCount) break;
    }
    return gathered;
  }

  #drop(byteCount: number): void {
    this.#buffered -= byteCount;
    let whole = 0;
    for (const chunk of this.#chunks) {
      if (chunk.length > byteCount) {
        this.#chunks[whole] = chunk.subarray(byteCount);
        break;
      }
      byteCount -= chunk.length;
      whole++;
      if (byteCount === 0) break;
    }
    if (whole > 0) this.#chunks.splice(0, whole);
  }
}

/** In memory of their own: a slice of the common pool would pin all of its slab. */
function joined(first: Buffer, second: Buffer): Buffer {
  const both = Buffer.allocUnsafeSlow(first.length + second.length);
  both.set(first, 0);
  both.set(second, first.length);
  return both;
}

function withoutPadding(plain: Buffer): Buffer {
  const paddingBytes = plain[0] ?? 0;
  if (paddingBytes < MIN_PADDING_BYTES || paddingBytes + 1 >= plain.length) {
    throw new SshError('PACKET_INVALID', 'packet padding is out of bounds');
  }
  return plain.subarray(1, plain.length - paddingBytes);
}
