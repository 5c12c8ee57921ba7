/** The ciphers and MACs that a proposal may name. */

import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { SshError } from '../error.ts';
import { CtrEtmOpener, CtrEtmSealer, CtrOpener, CtrSealer } from './ctr.ts';
import { GcmCipher, type GcmName } from './gcm.ts';
import { PacketMac } from './packet-mac.ts';
import type { DirectionKeys, PacketOpener, PacketSealer } from './protection.ts';

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
