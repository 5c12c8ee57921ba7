/** The packets before the first NEWKEYS: framed and not protected. */

import type { PacketOpener, PacketSealer } from './protection.ts';

export class PlainCipher implements PacketSealer, PacketOpener {
  readonly blockBytes = 8;
  readonly alignsLength = true;
  readonly trailerBytes = 0;
  readonly lengthBytes = 4;
  readonly lengthIsProtected = false;

  seal(_sequence: number, length: Buffer, parts: readonly Uint8Array[]): Buffer[] {
    return [Buffer.concat([length, ...parts])];
  }

  readLength(start: Buffer): number {
    return start.readUInt32BE(0);
  }

  open(_sequence: number, packet: Buffer): Buffer {
    return Buffer.from(packet.subarray(4));
  }
}
