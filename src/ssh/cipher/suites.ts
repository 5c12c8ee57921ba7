/** The ciphers and MACs that a proposal may name. */

import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { SshError } from '../error.ts';
import { CHACHA20_POLY1305_KEY_BYTES, ChaCha20Poly1305 } from './chacha20-poly1305.ts';
import { CtrEtmOpener, CtrEtmSealer, CtrOpener, CtrSealer } from './ctr.ts';
import { GcmCipher, type GcmName } from './gcm.ts';
import { type HmacHash, HmacPacketMac, type PacketMac, UmacPacketMac } from './packet-mac.ts';
import type { DirectionKeys, PacketOpener, PacketSealer } from './protection.ts';
import { UMAC_KEY_BYTES, type UmacTagBytes } from './umac.ts';

/** RFC 4344 section 3.2: 2^32 blocks under one AES key, 64 GiB. */
const AES_REKEY_BYTES = 64 * 1024 ** 3;
/** The same section's limit for ciphers with small blocks: 1 GiB. OpenSSH keeps it for ChaCha20. */
const CHACHA20_REKEY_BYTES = 1024 ** 3;

interface CipherSuite {
  readonly keyBytes: number;
  readonly ivBytes: number;
  /** An AEAD cipher: the MAC lists are not looked at. */
  readonly authenticates: boolean;
  /** What one key may protect before it is replaced. */
  readonly rekeyBytes: number;
  sealer(keys: DirectionKeys, mac: MacSuite | undefined): PacketSealer;
  opener(keys: DirectionKeys, mac: MacSuite | undefined): PacketOpener;
}

interface MacSuite {
  readonly keyBytes: number;
  /** Encrypt-then-MAC; otherwise encrypt-and-MAC. */
  readonly isEtm: boolean;
  make(key: Buffer): PacketMac;
}

/** RFC 6668, RFC 4253 section 6.4, OpenSSH's UMAC, and OpenSSH's encrypt-then-MAC forms of them. */
export const MACS: Readonly<Record<string, MacSuite>> = {
  'hmac-sha2-256-etm@openssh.com': hmac('sha256', 32, true),
  'hmac-sha2-512-etm@openssh.com': hmac('sha512', 64, true),
  'hmac-sha1-etm@openssh.com': hmac('sha1', 20, true),
  'umac-64-etm@openssh.com': umac(8, true),
  'umac-128-etm@openssh.com': umac(16, true),
  'hmac-sha2-256': hmac('sha256', 32, false),
  'hmac-sha2-512': hmac('sha512', 64, false),
  'hmac-sha1': hmac('sha1', 20, false),
  'umac-64@openssh.com': umac(8, false),
  'umac-128@openssh.com': umac(16, false),
};

export const CIPHERS: Readonly<Record<string, CipherSuite>> = {
  'aes128-gcm@openssh.com': gcm('aes-128-gcm', 16),
  'aes256-gcm@openssh.com': gcm('aes-256-gcm', 32),
  'aes128-ctr': ctr('aes-128-ctr', 16),
  'aes192-ctr': ctr('aes-192-ctr', 24),
  'aes256-ctr': ctr('aes-256-ctr', 32),
  'chacha20-poly1305@openssh.com': chacha20Poly1305(),
};

function hmac(hash: HmacHash, keyBytes: number, isEtm: boolean): MacSuite {
  return { keyBytes, isEtm, make: (key) => new HmacPacketMac(hash, key) };
}

function umac(tagBytes: UmacTagBytes, isEtm: boolean): MacSuite {
  return { keyBytes: UMAC_KEY_BYTES, isEtm, make: (key) => new UmacPacketMac(tagBytes, key) };
}

function gcm(name: GcmName, keyBytes: number): CipherSuite {
  const make = (keys: DirectionKeys): GcmCipher => new GcmCipher(name, keys.key, keys.iv);
  return {
    keyBytes,
    ivBytes: 12,
    authenticates: true,
    rekeyBytes: AES_REKEY_BYTES,
    sealer: make,
    opener: make,
  };
}

function chacha20Poly1305(): CipherSuite {
  const make = (keys: DirectionKeys): ChaCha20Poly1305 => new ChaCha20Poly1305(keys.key);
  return {
    keyBytes: CHACHA20_POLY1305_KEY_BYTES,
    ivBytes: 0,
    authenticates: true,
    rekeyBytes: CHACHA20_REKEY_BYTES,
    sealer: make,
    opener: make,
  };
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
    rekeyBytes: AES_REKEY_BYTES,
    sealer: (keys, mac) => {
      const stream = createCipheriv(name, createSecretKey(keys.key), keys.iv);
      const packetMac = known(mac).make(keys.macKey);
      return known(mac).isEtm ? new CtrEtmSealer(stream, packetMac) : new CtrSealer(stream, packetMac);
    },
    opener: (keys, mac) => {
      const stream = createDecipheriv(name, createSecretKey(keys.key), keys.iv);
      const packetMac = known(mac).make(keys.macKey);
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

/** Bytes in one direction after which this cipher's key is to be replaced. */
export function rekeyBytes(cipherName: string): number {
  return cipherSuite(cipherName).rekeyBytes;
}

/** @throws SshError INTERNAL */
function cipherSuite(name: string): CipherSuite {
  const cipher = CIPHERS[name];
  if (cipher === undefined) throw new SshError('INTERNAL', `unknown cipher ${name}`);
  return cipher;
}

/** @throws SshError INTERNAL for a name that is not in the tables: a proposal holds only known names. */
export function protection(cipherName: string, macName: string | undefined): Protection {
  const cipher = cipherSuite(cipherName);
  const mac = macName === undefined ? undefined : MACS[macName];
  return {
    ivBytes: cipher.ivBytes,
    keyBytes: cipher.keyBytes,
    macKeyBytes: mac?.keyBytes ?? 0,
    sealer: (keys) => cipher.sealer(keys, mac),
    opener: (keys) => cipher.opener(keys, mac),
  };
}
