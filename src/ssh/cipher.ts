/** Packet protection: the ciphers and MACs a policy may name, and the keyed objects that seal and open packets. */

import {
  type Cipheriv,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type Decipheriv,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import { SshError } from './error.ts';

/** The wire layout shared by both directions of one cipher and MAC. */
export interface PacketLayout {
  /** What (padding length, payload, padding) is a multiple of. */
  readonly blockBytes: number;
  /** Whether the four length bytes count towards the alignment. */
  readonly alignsLength: boolean;
  /** Tag or MAC behind the packet. */
  readonly trailerBytes: number;
}

/** Protects outgoing packets. */
export interface PacketSealer extends PacketLayout {
  /**
   * @param length the four length bytes
   * @param parts padding length, payload and padding, in order
   * @returns the packet's bytes in order, none of them sharing memory with `parts`
   */
  seal(sequence: number, length: Buffer, parts: readonly Uint8Array[]): Buffer[];
}

/** Opens incoming packets. */
export interface PacketOpener extends PacketLayout {
  /** Bytes that must be there before the length can be known. */
  readonly lengthBytes: number;
  /** The length is encrypted, so an impossible one means a corrupt packet. */
  readonly lengthIsProtected: boolean;
  /** The packet length field. Called once for each packet, before `open`. */
  readLength(start: Buffer): number;
  /**
   * @param packet from the length field to the end of the trailer
   * @returns padding length, payload and padding, in memory of its own. @throws SshError MAC_INVALID
   */
  open(sequence: number, packet: Buffer): Buffer;
}

/** Before the first NEWKEYS: no protection. */
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

const GCM_TAG_BYTES = 16;

/** The nonce of aes-gcm@openssh.com: four fixed bytes, then a 64-bit counter that starts where the KDF put it. */
class GcmNonce {
  readonly bytes: Buffer;

  constructor(initial: Buffer) {
    this.bytes = Buffer.from(initial);
  }

  advance(): void {
    const low = (this.bytes.readUInt32BE(8) + 1) >>> 0;
    this.bytes.writeUInt32BE(low, 8);
    if (low === 0) this.bytes.writeUInt32BE((this.bytes.readUInt32BE(4) + 1) >>> 0, 4);
  }
}

type GcmName = 'aes-128-gcm' | 'aes-256-gcm';

/** aes128-gcm@openssh.com and aes256-gcm@openssh.com: the clear length is the associated data. */
class GcmCipher implements PacketSealer, PacketOpener {
  readonly blockBytes = 16;
  readonly alignsLength = false;
  readonly trailerBytes = GCM_TAG_BYTES;
  readonly lengthBytes = 4;
  readonly lengthIsProtected = false;
  readonly #name: GcmName;
  readonly #key: KeyObject;
  readonly #nonce: GcmNonce;

  constructor(name: GcmName, key: Buffer, iv: Buffer) {
    this.#name = name;
    // A KeyObject made once: a raw key costs 3 to 4 times as much for each small packet (performance.md).
    this.#key = createSecretKey(key);
    this.#nonce = new GcmNonce(iv);
  }

  seal(_sequence: number, length: Buffer, parts: readonly Uint8Array[]): Buffer[] {
    const cipher = createCipheriv(this.#name, this.#key, this.#nonce.bytes);
    this.#nonce.advance();
    cipher.setAAD(length);
    const sealed = [length, ...parts.map((part) => cipher.update(part))];
    cipher.final();
    sealed.push(cipher.getAuthTag());
    return sealed;
  }

  readLength(start: Buffer): number {
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

/** HMAC over the sequence number and the bytes it protects (RFC 4253 section 6.4). */
class PacketMac {
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

const CTR_BLOCK_BYTES = 16;

/** aes*-ctr with an encrypt-then-MAC HMAC: clear length, one key stream across all packets. */
class CtrEtmSealer implements PacketSealer {
  readonly blockBytes = CTR_BLOCK_BYTES;
  readonly alignsLength = false;
  readonly trailerBytes: number;
  readonly #stream: Cipheriv;
  readonly #mac: PacketMac;

  constructor(stream: Cipheriv, mac: PacketMac) {
    this.#stream = stream;
    this.#mac = mac;
    this.trailerBytes = mac.byteCount;
  }

  seal(sequence: number, length: Buffer, parts: readonly Uint8Array[]): Buffer[] {
    const sealed = [length, ...parts.map((part) => this.#stream.update(part))];
    sealed.push(this.#mac.over(sequence, sealed));
    return sealed;
  }
}

class CtrEtmOpener implements PacketOpener {
  readonly blockBytes = CTR_BLOCK_BYTES;
  readonly alignsLength = false;
  readonly trailerBytes: number;
  readonly lengthBytes = 4;
  readonly lengthIsProtected = false;
  readonly #stream: Decipheriv;
  readonly #mac: PacketMac;

  constructor(stream: Decipheriv, mac: PacketMac) {
    this.#stream = stream;
    this.#mac = mac;
    this.trailerBytes = mac.byteCount;
  }

  readLength(start: Buffer): number {
    return start.readUInt32BE(0);
  }

  open(sequence: number, packet: Buffer): Buffer {
    const end = packet.length - this.trailerBytes;
    this.#mac.check(sequence, packet.subarray(0, end), packet.subarray(end));
    return this.#stream.update(packet.subarray(4, end));
  }
}

/** aes*-ctr with the original encrypt-and-MAC: the length is encrypted too, and the MAC is over the plain packet. */
class CtrSealer implements PacketSealer {
  readonly blockBytes = CTR_BLOCK_BYTES;
  readonly alignsLength = true;
  readonly trailerBytes: number;
  readonly #stream: Cipheriv;
  readonly #mac: PacketMac;

  constructor(stream: Cipheriv, mac: PacketMac) {
    this.#stream = stream;
    this.#mac = mac;
    this.trailerBytes = mac.byteCount;
  }

  seal(sequence: number, length: Buffer, parts: readonly Uint8Array[]): Buffer[] {
    const plain = [length, ...parts];
    return [...plain.map((part) => this.#stream.update(part)), this.#mac.over(sequence, plain)];
  }
}

/** Its first block is opened to learn the length, so a corrupt length shows before the MAC was looked at. */
class CtrOpener implements PacketOpener {
  readonly blockBytes = CTR_BLOCK_BYTES;
  readonly alignsLength = true;
  readonly trailerBytes: number;
  readonly lengthBytes = CTR_BLOCK_BYTES;
  readonly lengthIsProtected = true;
  readonly #stream: Decipheriv;
  readonly #mac: PacketMac;
  #firstBlock: Buffer = Buffer.alloc(0);

  constructor(stream: Decipheriv, mac: PacketMac) {
    this.#stream = stream;
    this.#mac = mac;
    this.trailerBytes = mac.byteCount;
  }

  readLength(start: Buffer): number {
    this.#firstBlock = this.#stream.update(start);
    return this.#firstBlock.readUInt32BE(0);
  }

  open(sequence: number, packet: Buffer): Buffer {
    const end = packet.length - this.trailerBytes;
    const rest = this.#stream.update(packet.subarray(CTR_BLOCK_BYTES, end));
    const plain = Buffer.concat([this.#firstBlock, rest]);
    this.#mac.check(sequence, plain, packet.subarray(end));
    return plain.subarray(4);
  }
}

/** Key material for one direction, in the lengths its cipher and MAC ask for. */
export interface DirectionKeys {
  readonly iv: Buffer;
  readonly key: Buffer;
  readonly macKey: Buffer;
}

interface CipherSuite {
  readonly keyBytes: number;
  readonly ivBytes: number;
  /** An AEAD cipher: the MAC lists are not looked at. */
  readonly authenticates: boolean;
  sealer(keys: DirectionKeys, mac: MacSuite | undefined): PacketSealer;
  opener(keys: DirectionKeys, mac: MacSuite | undefined): PacketOpener;
}

interface MacSuite {
  readonly keyBytes: number;
  readonly hash: 'sha256' | 'sha512';
  /** Encrypt-then-MAC; otherwise encrypt-and-MAC. */
  readonly isEtm: boolean;
}

/** hmac-sha2-256 (32 bytes) and hmac-sha2-512 (64 bytes) (RFC 6668), and OpenSSH's encrypt-then-MAC forms. */
export const MACS: Readonly<Record<string, MacSuite>> = {
  'hmac-sha2-256-etm@openssh.com': { keyBytes: 32, hash: 'sha256', isEtm: true },
  'hmac-sha2-512-etm@openssh.com': { keyBytes: 64, hash: 'sha512', isEtm: true },
  'hmac-sha2-256': { keyBytes: 32, hash: 'sha256', isEtm: false },
  'hmac-sha2-512': { keyBytes: 64, hash: 'sha512', isEtm: false },
};

export const CIPHERS: Readonly<Record<string, CipherSuite>> = {
  'aes128-gcm@openssh.com': gcm('aes-128-gcm', 16),
  'aes256-gcm@openssh.com': gcm('aes-256-gcm', 32),
  'aes128-ctr': ctr('aes-128-ctr', 16),
  'aes192-ctr': ctr('aes-192-ctr', 24),
  'aes256-ctr': ctr('aes-256-ctr', 32),
};

function gcm(name: GcmName, keyBytes: number): CipherSuite {
  const make = (keys: DirectionKeys): GcmCipher => new GcmCipher(name, keys.key, keys.iv);
  return { keyBytes, ivBytes: 12, authenticates: true, sealer: make, opener: make };
}

function ctr(name: string, keyBytes: number): CipherSuite {
  const known = (mac: MacSuite | undefined): MacSuite => {
    if (mac === undefined) throw new SshError('INTERNAL', `${name} was chosen without a MAC`);
    return mac;
  };
  return {
    keyBytes,
    ivBytes: 16,
    authenticates: false,
    sealer: (keys, mac) => {
      const stream = createCipheriv(name, createSecretKey(keys.key), keys.iv);
      const packetMac = new PacketMac(known(mac).hash, keys.macKey);
      return known(mac).isEtm ? new CtrEtmSealer(stream, packetMac) : new CtrSealer(stream, packetMac);
    },
    opener: (keys, mac) => {
      const stream = createDecipheriv(name, createSecretKey(keys.key), keys.iv);
      const packetMac = new PacketMac(known(mac).hash, keys.macKey);
      return known(mac).isEtm ? new CtrEtmOpener(stream, packetMac) : new CtrOpener(stream, packetMac);
    },
  };
}

/** A negotiated cipher and MAC for one direction, before it has keys. */
export interface Protection {
  readonly ivBytes: number;
  readonly keyBytes: number;
  readonly macKeyBytes: number;
  sealer(keys: DirectionKeys): PacketSealer;
  opener(keys: DirectionKeys): PacketOpener;
}

/** Whether the MAC lists matter for this cipher. */
export function needsMac(cipherName: string): boolean {
  return CIPHERS[cipherName]?.authenticates !== true;
}

/** @throws SshError INTERNAL for a name that is not in the tables: a proposal holds only known names. */
export function protection(cipherName: string, macName: string | undefined): Protection {
  const cipher = CIPHERS[cipherName];
  const mac = macName === undefined ? undefined : MACS[macName];
  if (cipher === undefined) throw new SshError('INTERNAL', `unknown cipher ${cipherName}`);
  return {
    ivBytes: cipher.ivBytes,
    keyBytes: cipher.keyBytes,
    macKeyBytes: mac?.keyBytes ?? 0,
    sealer: (keys) => cipher.sealer(keys, mac),
    opener: (keys) => cipher.opener(keys, mac),
  };
}
