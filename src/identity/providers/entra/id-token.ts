/** Verifies id tokens of one tenant, with keys that are fetched as rarely as possible. */

import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { IdentityFault } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import type { EntraTenant } from './tenant.ts';

/** Entra ID signs with nothing else. */
const ALGORITHMS = ['RS256'];
const CLOCK_TOLERANCE_SECONDS = 30;
/** Keys are fetched again after so long, so that a withdrawn one is not trusted for ever. */
const KEYS_LIFE_MS = 3_600_000;
/** For a key that is not known they are fetched again, but not for every token with an invented one. */
const REFETCH_AFTER_MS = 30_000;

const keySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

type Keys = ReturnType<typeof createLocalJWKSet>;

/** The claims, with the two that say who and where. */
export type EntraClaims = JWTPayload & { readonly oid: string; readonly tid: string };

export class IdTokens {
  readonly #tenant: EntraTenant;
  readonly #now: () => number;
  #keys: Keys | undefined;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;

  constructor(tenant: EntraTenant, now: () => number) {
    this.#tenant = tenant;
    this.#now = now;
  }

  /** @throws IdentityFault UPSTREAM_ANSWER_INVALID, and what fetching the keys throws */
  async verify(token: Secret, signal: AbortSignal): Promise<EntraClaims> {
    const keys = await this.#currentKeys(signal);
    try {
      return await this.#claims(token, keys);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || this.#ageMs < REFETCH_AFTER_MS)
        throw invalid(error);
    }
    const fetched = await this.#fetchKeys(signal);
    try {
      return await this.#claims(token, fetched);
    } catch (error) {
      throw invalid(error);
    }
  }

  async #claims(token: Secret, keys: Keys): Promise<EntraClaims> {
    const { issuer, clientId, tenantId } = this.#tenant;
    const { payload } = await jwtVerify(token.reveal(), keys, {
      issuer,
      audience: clientId,
      algorithms: ALGORITHMS,
      currentDate: new Date(this.#now()),
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['oid', 'tid', 'exp', 'iat'],
    });
    const { oid, tid } = payload;
    // An application of several tenants takes users of all of them.
    if (typeof tid !== 'string' || tid.toLowerCase() !== tenantId)
      throw new errors.JWTClaimValidationFailed('of another tenant', payload, 'tid');
    if (typeof oid !== 'string' || oid === '')
      throw new errors.JWTClaimValidationFailed('no object id', payload, 'oid');
    return { ...payload, oid, tid };
  }

  async #currentKeys(signal: AbortSignal): Promise<Keys> {
    if (this.#keys === undefined || this.#ageMs >= KEYS_LIFE_MS) return this.#fetchKeys(signal);
    return this.#keys;
  }

  async #fetchKeys(signal: AbortSignal): Promise<Keys> {
    const { status, json } = await this.#tenant.keys(signal);
    const parsed = keySet.safeParse(json);
    if (status !== 200 || !parsed.success)
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Entra ID publishes no keys for the tenant.');
    this.#keys = createLocalJWKSet(parsed.data);
    this.#fetchedAtMs = this.#now();
    return this.#keys;
  }

  get #ageMs(): number {
    return this.#now() - this.#fetchedAtMs;
  }
}

/** Messages of the library quote claims; its codes and the name of the claim may be shown. */
function invalid(error: unknown): IdentityFault {
  const found = error instanceof errors.JOSEError ? error.code : 'not a token';
  const claim = error instanceof errors.JWTClaimValidationFailed ? ` ${error.claim}` : '';
  return new IdentityFault(
    'UPSTREAM_ANSWER_INVALID',
    `The id token of Entra ID does not hold: ${found}${claim}.`,
  );
}
