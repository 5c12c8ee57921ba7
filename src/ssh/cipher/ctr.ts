/** aes128-ctr, aes192-ctr and aes256-ctr: one key stream across all packets, and a MAC in one of two places. */

import type { Cipheriv, Decipheriv } from 'node:crypto';
import type { PacketMac } from './packet-mac.ts';
import type { PacketOpener, PacketSealer } from './protection.ts';

const BLOCK_BYTES = 16;

/** What the four forms share. */
class CtrPackets<Stream extends Cipheriv | Decipheriv> {
  readonly blockBytes = BLOCK_BYTES;
  readonly trailerBytes: number;
  protected readonly stream: Stream;
  protected readonly mac: PacketMac;

  constructor(stream: Stream, mac: PacketMac) {
    this.stream = stream;
    this.mac = mac;
    this.trailerBytes = mac.byteCount;
  }
}

/** Encrypt-then-MAC: the length is clear, and the MAC is over what is on the wire. */
export class CtrEtmSealer extends CtrPackets<Cipheriv> implements PacketSealer {
  readonly alignsLength = false;

  seal(sequence: number, packet: Buffer): Buffer[] {
    const length = Buffer.from(packet.subarray(0, 4));
    const ciphertext = this.stream.update(packet.subarray(4));
    return [length, ciphertext, this.mac.over(sequence, [length, ciphertext])];
  }
}

export class CtrEtmOpener extends CtrPackets<Decipheriv> implements PacketOpener {
  readonly alignsLength = false;
  readonly lengthBytes = 4;
  readonly lengthKey = 'none';

  readLength(_sequence: number, start: Buffer): number {
    return start.readUInt32BE(0);
  }

  open(sequence: number, packet: Buffer): Buffer {
    const end = packet.length - this.trailerBytes;
    this.mac.check(sequence, packet.subarray(0, end), packet.subarray(end));
    return this.stream.update(packet.subarray(4, end));
  }
}

/** Encrypt-and-MAC (RFC 4253 section 6.4): the length is encrypted too, and the MAC is over the plain packet. */
export class CtrSealer extends CtrPackets<Cipheriv> implements PacketSealer {
  readonly alignsLength = true;

  seal(sequence: number, packet: Buffer): Buffer[] {
    return [this.stream.update(packet), this.mac.over(sequence, [packet])];
  }
}

/** Its first block is opened to learn the length, so a corrupt length shows before the MAC was looked at. */
export class CtrOpener extends CtrPackets<Decipheriv> implements PacketOpener {
  readonly alignsLength = true;
  readonly lengthBytes = BLOCK_BYTES;
  readonly lengthKey = 'packet';
  #firstBlock: Buffer = Buffer.alloc(0);

  readLength(_sequence: number, start: Buffer): number {
    this.#firstBlock = this.stream.update(start);
    return this.#firstBlock.readUInt32BE(0);
  }

  open(sequence: number, packet: Buffer): Buffer {
    const end = packet.length - this.trailerBytes;
    const rest = this.stream.update(packet.subarray(BLOCK_BYTES, end));
    const plain = Buffer.concat([this.#firstBlock, rest]);
    this.mac.check(sequence, plain, packet.subarray(end));
    return plain.subarray(4);
  }
}
