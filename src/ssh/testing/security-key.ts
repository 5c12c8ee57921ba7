/** A FIDO2 security key in software: signs with any flags a test wants. */

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { publicKeyFromKeyObject } from '../public-key.ts';
import { securityKeyMessage } from '../security-key.ts';
import { encodeSignature, type SignatureAlgorithm } from '../signature.ts';

export type SecurityKeyType = 'sk-ssh-ed25519@openssh.com' | 'sk-ecdsa-sha2-nistp256@openssh.com';

export const TOUCHED = 0x01;
export const VERIFIED = 0x04;

export class SoftSecurityKey {
  readonly type: SecurityKeyType;
  /** The public key as it stands on the wire. */
  readonly blob: Buffer;
  readonly #application: string;
  readonly #privateKey: KeyObject;
  #counter = 0;

  constructor(type: SecurityKeyType, application = 'ssh:') {
    const pair =
      type === 'sk-ssh-ed25519@openssh.com'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const plain = publicKeyFromKeyObject(pair.publicKey);
    const fields = plain.blob.subarray(4 + plain.type.length);
    this.type = type;
    this.blob = Buffer.from(new ByteWriter().string(type).bytes(fields).string(application).finish());
    this.#application = application;
    this.#privateKey = pair.privateKey;
  }

  /** The whole signature blob, flags and counter behind it. */
  sign(message: Buffer, flags = TOUCHED): Buffer {
    this.#counter++;
    const signed = securityKeyMessage(this.#application, { raw: flags, counter: this.#counter }, message);
    const isEd25519 = this.type === 'sk-ssh-ed25519@openssh.com';
    const algorithm: SignatureAlgorithm = {
      name: this.type,
      keyType: this.type,
      hash: isEd25519 ? null : 'sha256',
      scalarBytes: isEd25519 ? 0 : 32,
    };
    const raw = sign(algorithm.hash, signed, { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    return new ByteWriter()
      .bytes(encodeSignature(algorithm, raw))
      .uint8(flags)
      .uint32(this.#counter)
      .finish();
  }
}
