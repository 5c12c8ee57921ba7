/** The packets before the first NEWKEYS: framed and not protected. */

import type { PacketOpener, PacketSealer } from './protection.ts';

export class PlainCipher implements PacketSealer, PacketOpener {
  readonly blockBytes = 8;
  readonly alignsLength = true;
  readonly trailerBytes = 0;
  readonly lengthBytes = 4;
  readonly lengthKey = 'none';

  seal(_sequence: number, packet: Buffer): Buffer[] {
    return [Buffer.from(packet)];
  }

  readLength(_sequence: number, start: Buffer): number {
    return start.readUInt32BE(0);
  }

  open(_sequence: number, packet: Buffer): Buffer {
    return Buffer.from(packet.subarray(4));
  }
}
