/** What a key exchange method is, and the table of those we have. */

import type { ByteReader } from '../../wire/byte-reader.ts';
import { Curve25519 } from './curve25519.ts';
import { EcdhNist } from './ecdh-nist.ts';
import { MlKem768X25519 } from './mlkem768-x25519.ts';

/** One run of a method on the server's side. Methods with more rounds (group exchange) answer more than once. */
export interface KexRun {
  /** Number of the message that must come next. */
  readonly expects: number;
  /**
   * @param message the client's message behind its number
   * @throws SshError KEX_FAILED when the client's values are not acceptable
   */
  receive(message: ByteReader): KexStep | Promise<KexStep>;
}

export type KexStep =
  /** Send this and wait for the next message. */
  | { readonly kind: 'continue'; readonly reply: Buffer }
  | {
      readonly kind: 'agreed';
      /** Number of the reply that carries host key, `publicValue` and signature. */
      readonly replyNumber: number;
      /** The server's public value as it stands in the reply: a `string` or `mpint`, length included. */
      readonly publicValue: Buffer;
      /** The method's own fields of the exchange hash, between K_S and K, encoded. */
      readonly hashFields: Buffer;
      /** K, encoded as the exchange hash and the key derivation take it: `mpint`, or `string` for the hybrids. */
      readonly secret: Buffer;
    };

export interface KexMethod {
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  start(): KexRun;
}

export const KEX_METHODS: Readonly<Record<string, KexMethod>> = {
  'mlkem768x25519-sha256': { hash: 'sha256', start: () => new MlKem768X25519() },
  'curve25519-sha256': { hash: 'sha256', start: () => new Curve25519() },
  'curve25519-sha256@libssh.org': { hash: 'sha256', start: () => new Curve25519() },
  'ecdh-sha2-nistp256': { hash: 'sha256', start: () => new EcdhNist('prime256v1') },
  'ecdh-sha2-nistp384': { hash: 'sha384', start: () => new EcdhNist('secp384r1') },
  'ecdh-sha2-nistp521': { hash: 'sha512', start: () => new EcdhNist('secp521r1') },
};
