/** Id tokens of the simulated tenant, and the keys that sign them. */

import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const MODULUS_BITS = 2048;

export class TokenSigner {
  #kidNumber = 0;
  #privateKey: KeyObject | undefined;

  /** From now on another key signs; the old one is not published any more. */
  rotate(): KeyObject {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: MODULUS_BITS });
    this.#kidNumber += 1;
    this.#privateKey = privateKey;
    return privateKey;
  }

  /** The published key set. */
  keys(): object {
    const jwk = createPublicKey(this.#key).export({ format: 'jwk' });
    return { keys: [{ ...jwk, kid: this.#kid, use: 'sig' }] };
  }

  sign(claims: object): string {
    const key = this.#key;
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${encode({ alg: 'RS256', typ: 'JWT', kid: this.#kid })}.${encode(claims)}`;
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
  }

  /** Made at first use: it takes a moment. */
  get #key(): KeyObject {
    return this.#privateKey ?? this.rotate();
  }

  get #kid(): string {
    return `entra-${this.#kidNumber}`;
  }
}
