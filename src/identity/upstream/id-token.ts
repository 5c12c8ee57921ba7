/**
 * Verifies id tokens of one issuer for one client (OpenID Connect Core, section 3.1.3.7), with keys that are fetched as rarely as
 * possible.
 */

import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { IdentityFault } from '../decision.ts';
import type { Secret } from '../secret.ts';
import type { HttpAnswer } from './http.ts';
import { untilAborted } from './until-aborted.ts';

/** Cognito, Entra ID and Okta sign with nothing else. */
const ALGORITHMS = ['RS256'];
/** Clocks differ. */
const CLOCK_TOLERANCE_SECONDS = 30;
/** Keys are fetched again after so long, so that a withdrawn one is not trusted for ever. */
const KEYS_LIFE_MS = 3_600_000;
/** For a key that is not known they are fetched again, but not for every token with an invented one. */
const REFETCH_AFTER_MS = 30_000;

const keySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

/** The least that the claims hold; vendors add to it. */
export const subjectClaims = z.looseObject({ sub: z.string().min(1) });

export interface IdTokenSettings<Claims extends typeof subjectClaims> {
  /** Name of the upstream in messages: `Okta`. */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  /** What the claims must hold beside issuer, audience and time. */
  readonly claims: Claims;
  /** Asks for the key set, once, within a time limit of its own. @throws Denied, IdentityFault */
  readonly fetchKeys: (signal: AbortSignal) => Promise<HttpAnswer>;
  readonly now: () => number;
}

type Keys = ReturnType<typeof createLocalJWKSet>;

export class IdTokenVerifier<Claims extends typeof subjectClaims> {
  readonly #settings: IdTokenSettings<Claims>;
  #keys: Keys | undefined;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<Keys> | undefined;

  constructor(settings: IdTokenSettings<Claims>) {
    this.#settings = settings;
  }

  /** The claims. @throws IdentityFault UPSTREAM_ANSWER_INVALID for a token that does not hold, and what fetching the keys throws */
  async verify(token: Secret, signal: AbortSignal): Promise<z.output<Claims>> {
    const isOld = this.#ageMs >= KEYS_LIFE_MS;
    const keys = isOld || this.#keys === undefined ? await this.#fetch(signal) : this.#keys;
    try {
      return await this.#claimsOf(token, keys);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || this.#ageMs < REFETCH_AFTER_MS)
        throw this.#faultOf(error);
    }
    const fetched = await this.#fetch(signal);
    try {
      return await this.#claimsOf(token, fetched);
    } catch (error) {
      throw this.#faultOf(error);
    }
  }

  /** Proves that the keys can be fetched. @throws Denied, IdentityFault */
  async check(signal: AbortSignal): Promise<void> {
    await this.#fetch(signal);
  }

  async #claimsOf(token: Secret, keys: Keys): Promise<z.output<Claims>> {
    const { issuer, clientId, claims, now } = this.#settings;
    const { payload } = await jwtVerify(token.reveal(), keys, {
      issuer,
      audience: clientId,
      algorithms: ALGORITHMS,
      currentDate: new Date(now()),
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['exp', 'iat'],
    });
    requireIssuedTo(clientId, payload);
    const parsed = claims.safeParse(payload);
    if (parsed.success) return parsed.data;
    const claim = String(parsed.error.issues[0]?.path[0] ?? '');
    throw new errors.JWTClaimValidationFailed('not as it has to be', payload, claim);
  }

  /** Logins at the same time wait for one answer; one that is given up does not end it for the others. */
  #fetch(signal: AbortSignal): Promise<Keys> {
    const { name } = this.#settings;
    this.#fetching ??= this.#fetchOnce().finally(() => {
      this.#fetching = undefined;
    });
    return untilAborted(this.#fetching, signal, `${name} was asked for its keys`);
  }

  async #fetchOnce(): Promise<Keys> {
    const { name, fetchKeys, now } = this.#settings;
    const { status, json } = await fetchKeys(new AbortController().signal);
    const parsed = keySet.safeParse(json);
    if (status !== 200 || !parsed.success)
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', `${name} publishes no keys.`);
    const keys = createLocalJWKSet(parsed.data);
    this.#keys = keys;
    this.#fetchedAtMs = now();
    return keys;
  }

  get #ageMs(): number {
    return this.#settings.now() - this.#fetchedAtMs;
  }

  /** Messages of the library quote claims; its codes and the name of a claim may be shown. */
  #faultOf(error: unknown): IdentityFault {
    const found = error instanceof errors.JOSEError ? error.code : 'not a token';
    const claim = error instanceof errors.JWTClaimValidationFailed ? ` ${error.claim}` : '';
    return new IdentityFault(
      'UPSTREAM_ANSWER_INVALID',
      `The id token of ${this.#settings.name} does not hold: ${found}${claim}.`,
    );
  }
}

/** A token for several audiences says to which of them it was given. */
function requireIssuedTo(clientId: string, payload: JWTPayload): void {
  const { aud, azp } = payload;
  const isForSeveral = Array.isArray(aud) && aud.length > 1;
  if (azp === clientId || (azp === undefined && !isForSeveral)) return;
  throw new errors.JWTClaimValidationFailed('given to another client', payload, 'azp');
}
