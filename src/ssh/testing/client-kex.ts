/** The client's half of the key exchange methods, for tests. */

import {
  createECDH,
  createHash,
  createPublicKey,
  decapsulate,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { ByteWriter } from '../../wire/byte-writer.ts';

export interface ClientKex {
  readonly hash: string;
  /** The client's public value. */
  readonly publicValue: Buffer;
  /** K, encoded, from the server's public value. */
  secret(serverPublic: Buffer): Buffer;
}

const X25519_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

function raw(key: KeyObject, byteCount: number): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(-byteCount);
}

function x25519(): { publicValue: Buffer; agree(peer: Buffer): Buffer } {
  const pair = generateKeyPairSync('x25519');
  return {
    publicValue: raw(pair.publicKey, 32),
    agree: (peer) => {
      const key = createPublicKey({ key: Buffer.concat([X25519_PREFIX, peer]), format: 'der', type: 'spki' });
      return diffieHellman({ privateKey: pair.privateKey, publicKey: key });
    },
  };
}

function curve25519(): ClientKex {
  const { publicValue, agree } = x25519();
  return { hash: 'sha256', publicValue, secret: (peer) => new ByteWriter().mpint(agree(peer)).finish() };
}

function nist(curve: string, hash: string): ClientKex {
  const ecdh = createECDH(curve);
  const publicValue = ecdh.generateKeys();
  return { hash, publicValue, secret: (peer) => new ByteWriter().mpint(ecdh.computeSecret(peer)).finish() };
}

function mlkem768(): ClientKex {
  const pair = generateKeyPairSync('ml-kem-768');
  const { publicValue, agree } = x25519();
  return {
    hash: 'sha256',
    publicValue: Buffer.concat([raw(pair.publicKey, 1184), publicValue]),
    secret: (peer) => {
      const shared = decapsulate(pair.privateKey, peer.subarray(0, 1088));
      const combined = createHash('sha256')
        .update(shared)
        .update(agree(peer.subarray(1088)))
        .digest();
      return new ByteWriter().string(combined).finish();
    },
  };
}

export const CLIENT_KEX: Readonly<Record<string, () => ClientKex>> = {
  'mlkem768x25519-sha256': mlkem768,
  'curve25519-sha256': curve25519,
  'curve25519-sha256@libssh.org': curve25519,
  'ecdh-sha2-nistp256': () => nist('prime256v1', 'sha256'),
  'ecdh-sha2-nistp384': () => nist('secp384r1', 'sha384'),
  'ecdh-sha2-nistp521': () => nist('secp521r1', 'sha512'),
};
