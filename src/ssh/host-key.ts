/** The server's own keys: made, read, shown and signed with. */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
} from 'node:crypto';
import { promisify } from 'node:util';
import { ByteWriter } from '../wire/byte-writer.ts';
import {
  encryptedKey,
  isOpenSshPrivateKey,
  PrivateKeyError,
  parseOpenSshPrivateKey,
} from './openssh-private-key.ts';
import { type PublicKey, PublicKeyError, publicKeyFromKeyObject } from './public-key.ts';
import { encodeSignature, RSA_SHA1, type SignatureAlgorithm, signatureAlgorithm } from './signature.ts';

export type HostKeyType = 'ed25519' | 'ecdsa-p256' | 'rsa-3072';

/** What RSA keys sign with, best first (RFC 8332); the last one with SHA-1, for old policies. */
export const RSA_ALGORITHMS: readonly string[] = ['rsa-sha2-512', 'rsa-sha2-256', RSA_SHA1.name];

const generate = promisify(generateKeyPair);

/** One host key with the algorithms it can serve. */
export class HostKey {
  readonly publicKey: PublicKey;
  /** Names for the KEXINIT host key list that this key can sign for. */
  readonly algorithms: readonly string[];
  readonly #privateKey: KeyObject;

  /** @throws TypeError when the key is of a type SSH has no algorithm for */
  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    this.publicKey = publicKeyFromKeyObject(createPublicKey(privateKey));
    this.algorithms = this.publicKey.type === 'ssh-rsa' ? RSA_ALGORITHMS : [this.publicKey.type];
  }

  /**
   * Reads a private key without a passphrase: OpenSSH's own format, or PEM (PKCS #8, PKCS #1, SEC 1).
   * @throws PrivateKeyError naming what is wrong
   */
  static fromPem(pem: string): HostKey {
    const privateKey = isOpenSshPrivateKey(pem) ? parseOpenSshPrivateKey(pem) : parsePem(pem);
    try {
      return new HostKey(privateKey);
    } catch (cause) {
      const reason = cause instanceof PublicKeyError ? cause.message : 'SSH has no type for this key';
      throw new PrivateKeyError('PRIVATE_KEY_INVALID', reason, { cause });
    }
  }

  /** Makes a new key, as PKCS #8 PEM. */
  static async generatePem(type: HostKeyType): Promise<string> {
    const { privateKey } = await generateByType(type);
    return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  }

  /** `SHA256:` and base64 without padding, as `ssh-keygen -l` prints it. */
  get fingerprint(): string {
    return fingerprint(this.publicKey.blob);
  }

  /** The signature blob over `message`. RSA runs on the thread pool: it costs more than the rest of a handshake. */
  async sign(algorithmName: string, message: Buffer): Promise<Buffer> {
    const algorithm = signatureAlgorithm(algorithmName);
    if (algorithm === undefined || !this.algorithms.includes(algorithmName)) {
      throw new TypeError(`this host key cannot sign for ${algorithmName}`);
    }
    const signature = await this.#rawSignature(algorithm, message);
    return encodeSignature(algorithm, signature);
  }

  #rawSignature(algorithm: SignatureAlgorithm, message: Buffer): Promise<Buffer> | Buffer {
    const key = { key: this.#privateKey, dsaEncoding: 'ieee-p1363' } as const;
    if (algorithm.keyType !== 'ssh-rsa') return sign(algorithm.hash, message, key);
    return new Promise((resolve, reject) => {
      sign(algorithm.hash, message, key, (error, signature) => (error ? reject(error) : resolve(signature)));
    });
  }
}

function parsePem(pem: string): KeyObject {
  // Said before the library tries: it would ask for a passphrase in words of its own.
  if (/\bENCRYPTED\b/.test(pem)) throw encryptedKey();
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new PrivateKeyError('PRIVATE_KEY_INVALID', 'this is not a private key in PEM or OpenSSH form', {
      cause,
    });
  }
}

/** `SHA256:` and the base64 of the blob's hash, without padding. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The reply of a key exchange: number, K_S, the method's public value, signature. */
export function encodeKexReply(
  replyNumber: number,
  blob: Buffer,
  publicValue: Buffer,
  signature: Buffer,
): Buffer {
  return new ByteWriter(4096).uint8(replyNumber).string(blob).bytes(publicValue).string(signature).finish();
}

function generateByType(type: HostKeyType): Promise<{ privateKey: KeyObject }> {
  switch (type) {
    case 'ed25519':
      return generate('ed25519');
    case 'ecdsa-p256':
      return generate('ec', { namedCurve: 'prime256v1' });
    case 'rsa-3072':
      return generate('rsa', { modulusLength: 3072 });
  }
}
