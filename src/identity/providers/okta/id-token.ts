/** Verifies id tokens of an authorization server of Okta, with keys that are fetched as rarely as possible. */

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { IdentityFault } from '../../decision.ts';
import type { OktaOrg } from './org.ts';

/** Okta signs with nothing else. */
const ALGORITHMS = ['RS256'];
const CLOCK_TOLERANCE_SECONDS = 30;
/** Keys are fetched again after so long, so that a withdrawn one is not trusted for ever. */
const KEYS_LIFE_MS = 3_600_000;
/** For a key that is not known they are fetched again, but not for every token with an invented one. */
const REFETCH_AFTER_MS = 30_000;

const keySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

export interface IdTokenSettings {
  readonly org: OktaOrg;
  readonly issuer: string;
  readonly clientId: string;
  readonly keysPath: string;
  readonly now: () => number;
}

type Keys = ReturnType<typeof createLocalJWKSet>;

export class IdTokens {
  readonly #settings: IdTokenSettings;
  #keys: Keys | undefined;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;

  constructor(settings: IdTokenSettings) {
    this.#settings = settings;
  }

  /** The claims. @throws IdentityFault UPSTREAM_ANSWER_INVALID, and what fetching the keys throws */
  async verify(token: string, signal: AbortSignal): Promise<JWTPayload & { readonly sub: string }> {
    const keys = await this.#currentKeys(signal);
    try {
      return await this.#claims(token, keys);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || this.#ageMs < REFETCH_AFTER_MS)
        throw invalid(error);
    }
    try {
      return await this.#claims(token, await this.#fetchKeys(signal));
    } catch (error) {
      throw error instanceof IdentityFault ? error : invalid(error);
    }
  }

  async #claims(token: string, keys: Keys): Promise<JWTPayload & { readonly sub: string }> {
    const { issuer, clientId, now } = this.#settings;
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: clientId,
      algorithms: ALGORITHMS,
      currentDate: new Date(now()),
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['sub', 'exp', 'iat'],
    });
    const { sub } = payload;
    if (sub === undefined || sub === '') throw new errors.JWTInvalid('no subject');
    return { ...payload, sub };
  }

  async #currentKeys(signal: AbortSignal): Promise<Keys> {
    if (this.#keys === undefined || this.#ageMs >= KEYS_LIFE_MS) return this.#fetchKeys(signal);
    return this.#keys;
  }

  async #fetchKeys(signal: AbortSignal): Promise<Keys> {
    const { org, keysPath, now } = this.#settings;
    const { status, json } = await org.call({ method: 'GET', url: keysPath, signal });
    const parsed = keySet.safeParse(json);
    if (status !== 200 || !parsed.success)
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta: no key set of the authorization server.');
    const set: JSONWebKeySet = parsed.data;
    this.#keys = createLocalJWKSet(set);
    this.#fetchedAtMs = now();
    return this.#keys;
  }

  get #ageMs(): number {
    return this.#settings.now() - this.#fetchedAtMs;
  }
}

/** Messages of the library name a claim or a check, never the token. */
function invalid(error: unknown): IdentityFault {
  const found = error instanceof errors.JOSEError ? error.code : 'not a token';
  return new IdentityFault('UPSTREAM_ANSWER_INVALID', `The id token of Okta does not hold: ${found}.`);
}
