/** Id tokens of the simulated authorization servers, and the keys that sign them. */

import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Account } from './users.ts';

const LIFE_SECONDS = 3600;
const MODULUS_BITS = 2048;

interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

export interface IdTokenRequest {
  readonly account: Account;
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly nonce?: string;
}

export class TokenSigner {
  readonly #now: () => number;
  #keys: readonly SigningKey[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** From now on another key signs; the old one is not published any more. */
  rotate(): void {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: MODULUS_BITS });
    this.#keys = [{ kid: `sim${this.#keyNumber() + 1}`, privateKey }];
  }

  /** The published key set. */
  keys(): object {
    this.#ensure();
    return {
      keys: this.#keys.map(({ kid, privateKey }) => ({
        ...createPublicKey(privateKey).export({ format: 'jwk' }),
        kid,
        use: 'sig',
        alg: 'RS256',
      })),
    };
  }

  idToken({ account, issuer, clientId, scopes, nonce }: IdTokenRequest): string {
    const { user, profile } = account;
    const nowSeconds = Math.floor(this.#now() / 1000);
    return this.#sign({
      sub: user.id,
      iss: issuer,
      aud: clientId,
      iat: nowSeconds,
      exp: nowSeconds + LIFE_SECONDS,
      auth_time: nowSeconds,
      ...(nonce === undefined ? {} : { nonce }),
      ...(scopes.includes('profile')
        ? { ...user.profile, preferred_username: user.login, name: profile.firstName }
        : {}),
      ...(scopes.includes('email') ? { email: user.login } : {}),
      ...(scopes.includes('groups') ? { groups: (user.groups ?? []).map(({ name }) => name) } : {}),
    });
  }

  #sign(claims: object): string {
    const { kid, privateKey } = this.#ensure();
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${encode({ alg: 'RS256', kid })}.${encode(claims)}`;
    return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
  }

  /** Made at first use: it takes a moment. */
  #ensure(): SigningKey {
    if (this.#keys.length === 0) this.rotate();
    const [key] = this.#keys;
    if (key === undefined) throw new Error('no key');
    return key;
  }

  #keyNumber(): number {
    return Number(this.#keys[0]?.kid.slice('sim'.length) ?? 0);
  }
}
