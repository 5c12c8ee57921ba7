/** HMACs of packets, for ciphers that do not authenticate themselves. */

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { SshError } from '../error.ts';

/** HMAC over the sequence number and the bytes it protects (RFC 4253 section 6.4). */
export class PacketMac {
  readonly byteCount: number;
  readonly #hash: string;
  readonly #key: KeyObject;
  readonly #sequence = Buffer.alloc(4);

  constructor(hash: 'sha256' | 'sha512', key: Buffer) {
    this.byteCount = key.length;
    this.#hash = hash;
    this.#key = createSecretKey(key);
  }

  over(sequence: number, parts: readonly Uint8Array[]): Buffer {
    this.#sequence.writeUInt32BE(sequence);
    const hmac = createHmac(this.#hash, this.#key).update(this.#sequence);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  }

  /** @throws SshError MAC_INVALID */
  check(sequence: number, bytes: Uint8Array, received: Uint8Array): void {
    if (!timingSafeEqual(this.over(sequence, [bytes]), received)) {
      throw new SshError('MAC_INVALID', 'a packet is corrupt');
    }
  }
}
