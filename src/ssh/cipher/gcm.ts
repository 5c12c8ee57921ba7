/** aes128-gcm@openssh.com and aes256-gcm@openssh.com. */

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { SshError } from '../error.ts';
import type { PacketOpener, PacketSealer } from './protection.ts';

const GCM_TAG_BYTES = 16;

/** The nonce of aes-gcm@openssh.com: four fixed bytes, then a 64-bit counter that starts where the KDF put it. */
class GcmNonce {
  readonly bytes: Buffer;

  constructor(initial: Buffer) {
    // Memory of its own: a slice of the common pool would pin its slab, 24 KiB for each idle connection.
    this.bytes = Buffer.alloc(initial.length);
    this.bytes.set(initial);
  }

  advance(): void {
    const low = (this.bytes.readUInt32BE(8) + 1) >>> 0;
    this.bytes.writeUInt32BE(low, 8);
    if (low === 0) this.bytes.writeUInt32BE((this.bytes.readUInt32BE(4) + 1) >>> 0, 4);
  }
}

export type GcmName = 'aes-128-gcm' | 'aes-256-gcm';

/** One direction: the clear length is the associated data. */
export class GcmCipher implements PacketSealer, PacketOpener {
  readonly blockBytes = 16;
  readonly alignsLength = false;
  readonly trailerBytes = GCM_TAG_BYTES;
  readonly lengthBytes = 4;
  readonly lengthKey = 'none';
  readonly #name: GcmName;
  readonly #key: KeyObject;
  readonly #nonce: GcmNonce;

  constructor(name: GcmName, key: Buffer, iv: Buffer) {
    this.#name = name;
    // A KeyObject made once: a raw key costs 3 to 4 times as much for each small packet (performance.md).
    this.#key = createSecretKey(key);
    this.#nonce = new GcmNonce(iv);
  }

  seal(_sequence: number, packet: Buffer): Buffer[] {
    const cipher = createCipheriv(this.#name, this.#key, this.#nonce.bytes);
    this.#nonce.advance();
    const length = Buffer.from(packet.subarray(0, 4));
    cipher.setAAD(length);
    const ciphertext = cipher.update(packet.subarray(4));
    cipher.final();
    return [length, ciphertext, cipher.getAuthTag()];
  }

  readLength(_sequence: number, start: Buffer): number {
    return start.readUInt32BE(0);
  }

  open(_sequence: number, packet: Buffer): Buffer {
    const decipher = createDecipheriv(this.#name, this.#key, this.#nonce.bytes, {
      authTagLength: GCM_TAG_BYTES,
    });
    this.#nonce.advance();
    const end = packet.length - GCM_TAG_BYTES;
    decipher.setAAD(packet.subarray(0, 4));
    decipher.setAuthTag(packet.subarray(end));
    const plain = decipher.update(packet.subarray(4, end));
    try {
      decipher.final();
    } catch (cause) {
      throw new SshError('MAC_INVALID', 'a packet is corrupt', { cause });
    }
    return plain;
  }
}
