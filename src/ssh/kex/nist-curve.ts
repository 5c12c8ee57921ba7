/** The NIST curves on uncompressed points (RFC 5656 section 4). */

import { createPublicKey, diffieHellman, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { SshError } from '../error.ts';
import type { Curve } from './curve.ts';
import type { KexContext, SharedSecret } from './method.ts';

const UNCOMPRESSED = 0x04;

const generate = promisify(generateKeyPair);
const derive = promisify(diffieHellman);

class NistCurve implements Curve {
  /** 0x04, x, y. */
  readonly publicBytes: number;
  readonly #name: string;
  readonly #passesGate: boolean;

  constructor(name: string, coordinateBytes: number, options: { readonly passesGate: boolean }) {
    this.#name = name;
    this.publicBytes = 1 + 2 * coordinateBytes;
    this.#passesGate = options.passesGate;
  }

  agree(clientPublic: Buffer, { gate, signal }: KexContext): Promise<SharedSecret> {
    const point = this.#point(clientPublic);
    return this.#passesGate ? gate.run(signal, () => this.#agree(point, signal)) : this.#agree(point, signal);
  }

  async #agree(point: KeyObject, signal: AbortSignal): Promise<SharedSecret> {
    const pair = await generate('ec', { namedCurve: this.#name });
    signal.throwIfAborted();
    const secret = await derive({ privateKey: pair.privateKey, publicKey: point });
    return { ourPublic: pair.publicKey.export({ format: 'raw-public' }), secret };
  }

  #point(bytes: Buffer): KeyObject {
    // Node would take a compressed point; OpenSSH neither sends nor accepts one.
    if (bytes[0] !== UNCOMPRESSED) {
      throw new SshError('KEX_FAILED', 'the ECDH value of the client is not an uncompressed point');
    }
    try {
      return createPublicKey({
        key: bytes,
        format: 'raw-public',
        asymmetricKeyType: 'ec',
        namedCurve: this.#name,
      });
    } catch (cause) {
      throw new SshError('KEX_FAILED', 'the ECDH value of the client is not a point of the curve', { cause });
    }
  }
}

/** 0.2 ms an exchange. */
export const P256: Curve = new NistCurve('prime256v1', 32, { passesGate: false });
/** 1.5 ms: OpenSSL has no fast code for this one and the next. */
export const P384: Curve = new NistCurve('secp384r1', 48, { passesGate: true });
/** 3 ms. */
export const P521: Curve = new NistCurve('secp521r1', 66, { passesGate: true });
