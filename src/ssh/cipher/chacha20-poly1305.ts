/** chacha20-poly1305@openssh.com (draft-ietf-sshm-chacha20-poly1305). */

import { type Cipheriv, createCipheriv, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { SshError } from '../error.ts';
import { POLY1305_KEY_BYTES, POLY1305_TAG_BYTES, poly1305 } from './poly1305.ts';
import type { PacketOpener, PacketSealer } from './protection.ts';

const KEY_BYTES = 32;
/** Two keys: the first for the packet, the second for its length. */
export const CHACHA20_POLY1305_KEY_BYTES = 2 * KEY_BYTES;
/** The first block of a packet's key stream gives the key of its Poly1305; the body begins with the second one. */
const FIRST_BLOCK = Buffer.alloc(64);

/**
 * One direction. The nonce is the sequence number, so a number is never used twice with one key: keys change long before
 * 2^32 packets, and a strict key exchange resets the numbers only with new keys.
 */
export class ChaCha20Poly1305 implements PacketSealer, PacketOpener {
  readonly blockBytes = 8;
  readonly alignsLength = false;
  readonly trailerBytes = POLY1305_TAG_BYTES;
  readonly lengthBytes = 4;
  readonly lengthKey = 'own';
  readonly #packetKey: KeyObject;
  readonly #lengthKey: KeyObject;
  /** OpenSSL's form: a block counter of 8 bytes, here zero, then the nonce. */
  readonly #iv = Buffer.alloc(16);

  constructor(key: Buffer) {
    this.#packetKey = createSecretKey(key.subarray(0, KEY_BYTES));
    this.#lengthKey = createSecretKey(key.subarray(KEY_BYTES, 2 * KEY_BYTES));
  }

  seal(sequence: number, packet: Buffer): Buffer[] {
    const length = this.#stream(this.#lengthKey, sequence).update(packet.subarray(0, 4));
    const stream = this.#stream(this.#packetKey, sequence);
    const macKey = macKeyOf(stream);
    const ciphertext = stream.update(packet.subarray(4));
    return [length, ciphertext, poly1305(macKey, [length, ciphertext])];
  }

  /** Not authenticated yet: good for knowing how much to wait for, and for nothing else. */
  readLength(sequence: number, start: Buffer): number {
    return this.#stream(this.#lengthKey, sequence).update(start).readUInt32BE(0);
  }

  open(sequence: number, packet: Buffer): Buffer {
    const end = packet.length - POLY1305_TAG_BYTES;
    const stream = this.#stream(this.#packetKey, sequence);
    const tag = poly1305(macKeyOf(stream), [packet.subarray(0, end)]);
    // Before a byte of the body is decrypted.
    if (!timingSafeEqual(tag, packet.subarray(end))) throw new SshError('MAC_INVALID', 'a packet is corrupt');
    return stream.update(packet.subarray(4, end));
  }

  #stream(key: KeyObject, sequence: number): Cipheriv {
    this.#iv.writeUInt32BE(sequence, 12);
    return createCipheriv('chacha20', key, this.#iv);
  }
}

function macKeyOf(stream: Cipheriv): Buffer {
  return stream.update(FIRST_BLOCK).subarray(0, POLY1305_KEY_BYTES);
}
