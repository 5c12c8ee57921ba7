/** What a key exchange method is, and the table of those we have. */

import type { ByteReader } from '../../wire/byte-reader.ts';
import type { Curve } from './curve.ts';
import { DiffieHellman } from './diffie-hellman.ts';
import { Ecdh } from './ecdh.ts';
import type { KexGate } from './gate.ts';
import { GroupExchange } from './group-exchange.ts';
import { Hybrid, type HybridParts } from './hybrid.ts';
import { ML_KEM_768, ML_KEM_1024 } from './ml-kem.ts';
import { GROUP_14, GROUP_16, GROUP_18, type ModpGroup } from './modp-group.ts';
import { P256, P384, P521 } from './nist-curve.ts';
import { X25519 } from './x25519.ts';

/** One run of a method on the server's side. Methods with more rounds (group exchange) answer more than once. */
export interface KexRun {
  /** Number of the message that must come next. */
  readonly expects: number;
  /**
   * @param message the client's message behind its number
   * @throws SshError KEX_FAILED when the client's values are not acceptable, KEX_BUSY when the process has too much to do
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

/** What a run needs of its connection. */
export interface KexContext {
  /** Expensive work passes here. */
  readonly gate: KexGate;
  /** Aborts when the connection is over. */
  readonly signal: AbortSignal;
  /** Names of the methods that the server offers on this connection. */
  readonly offered: readonly string[];
}

/** What both sides know after a Diffie-Hellman, before any encoding. */
export interface SharedSecret {
  readonly ourPublic: Buffer;
  readonly secret: Buffer;
}

export type KexHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

export interface KexMethod {
  /** For the exchange hash and the key derivation. */
  readonly hash: KexHash;
  start(context: KexContext): KexRun;
}

export const KEX_METHODS: Readonly<Record<string, KexMethod>> = {
  'mlkem768x25519-sha256': hybrid({ mlKem: ML_KEM_768, curve: X25519, hash: 'sha256' }),
  'mlkem768nistp256-sha256': hybrid({ mlKem: ML_KEM_768, curve: P256, hash: 'sha256' }),
  'mlkem1024nistp384-sha384': hybrid({ mlKem: ML_KEM_1024, curve: P384, hash: 'sha384' }),
  'curve25519-sha256': ecdh(X25519, 'sha256'),
  'curve25519-sha256@libssh.org': ecdh(X25519, 'sha256'),
  'ecdh-sha2-nistp256': ecdh(P256, 'sha256'),
  'ecdh-sha2-nistp384': ecdh(P384, 'sha384'),
  'ecdh-sha2-nistp521': ecdh(P521, 'sha512'),
  'diffie-hellman-group-exchange-sha256': {
    hash: 'sha256',
    start: (context) => new GroupExchange(context),
  },
  'diffie-hellman-group18-sha512': diffieHellman(GROUP_18, 'sha512'),
  'diffie-hellman-group16-sha512': diffieHellman(GROUP_16, 'sha512'),
  'diffie-hellman-group14-sha256': diffieHellman(GROUP_14, 'sha256'),
  'diffie-hellman-group14-sha1': diffieHellman(GROUP_14, 'sha1'),
};

function hybrid(parts: HybridParts): KexMethod {
  return { hash: parts.hash, start: (context) => new Hybrid(parts, context) };
}

function ecdh(curve: Curve, hash: KexHash): KexMethod {
  return { hash, start: (context) => new Ecdh(curve, context) };
}

function diffieHellman(group: ModpGroup, hash: KexHash): KexMethod {
  return { hash, start: (context) => new DiffieHellman(group, context) };
}
