/** MACs of packets, for ciphers that do not authenticate themselves. */

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { SshError } from '../error.ts';
import { Umac, type UmacTagBytes } from './umac.ts';

/** A MAC over the sequence number and the bytes it protects. */
export abstract class PacketMac {
  abstract readonly byteCount: number;

  abstract over(sequence: number, parts: readonly Uint8Array[]): Buffer;

  /** @throws SshError MAC_INVALID */
  check(sequence: number, bytes: Uint8Array, received: Uint8Array): void {
    if (!timingSafeEqual(this.over(sequence, [bytes]), received)) {
      throw new SshError('MAC_INVALID', 'a packet is corrupt');
    }
  }
}

export type HmacHash = 'sha1' | 'sha256' | 'sha512';

/** HMAC, with the sequence number in front of the bytes (RFC 4253 section 6.4). Key and MAC are as long as the hash. */
export class HmacPacketMac extends PacketMac {
  readonly byteCount: number;
  readonly #hash: HmacHash;
  readonly #key: KeyObject;
  readonly #sequence = Buffer.alloc(4);

  constructor(hash: HmacHash, key: Buffer) {
    super();
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
}

/** UMAC, with the sequence number as the nonce, in 8 bytes (OpenSSH). */
export class UmacPacketMac extends PacketMac {
  readonly byteCount: number;
  readonly #umac: Umac;
  readonly #nonce = Buffer.alloc(8);

  constructor(tagBytes: UmacTagBytes, key: Buffer) {
    super();
    this.byteCount = tagBytes;
    this.#umac = new Umac(key, tagBytes);
  }

  over(sequence: number, parts: readonly Uint8Array[]): Buffer {
    this.#nonce.writeUInt32BE(sequence, 4);
    return this.#umac.tag(this.#nonce, parts);
  }
}
