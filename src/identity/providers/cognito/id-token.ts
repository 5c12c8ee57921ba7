/** Verifies the id token of a user pool (OpenID Connect Core 3.1.3.7) and reads its claims. */

import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose';
import { IdentityFault } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import { UpstreamHttp } from '../../upstream/http.ts';
import { untilAborted } from '../../upstream/until-aborted.ts';
import type { Pool } from './pool.ts';

/** Clocks of AWS and of hosts differ by seconds. */
const CLOCK_TOLERANCE_SECONDS = 30;
/** How long keys are used without asking again, and the pause between questions for an unknown one. */
const KEYS_MAX_AGE_MS = 10 * 60 * 1000;
const KEYS_COOLDOWN_MS = 30_000;
/** In messages. */
const WHAT = "Cognito's signing keys";

export class IdTokens {
  readonly #pool: Pool;
  readonly #clientId: string;
  readonly #now: () => number;
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;

  constructor(pool: Pool, clientId: string, { now }: Surroundings) {
    this.#pool = pool;
    this.#clientId = clientId;
    this.#now = now;
    const http = new UpstreamHttp({ name: WHAT, origin: pool.jwksUrl.origin });
    this.#keys = createRemoteJWKSet(pool.jwksUrl, {
      cacheMaxAge: KEYS_MAX_AGE_MS,
      cooldownDuration: KEYS_COOLDOWN_MS,
      [customFetch]: async (url, { signal }) => {
        const { status, text } = await http.call({ method: 'GET', url, signal });
        return new Response(text, { status });
      },
    });
  }

  /** Asks for the keys: whether the pool is there. @throws IdentityFault */
  async check(signal: AbortSignal): Promise<void> {
    try {
      await untilAborted(this.#keys.reload(), signal, WHAT);
    } catch (error) {
      throw faultOf(error);
    }
  }

  /** @throws IdentityFault UPSTREAM_ANSWER_INVALID for a token that is not of this pool, client and time */
  async claimsOf(token: Secret, signal: AbortSignal): Promise<JWTPayload> {
    try {
      const verified = jwtVerify(token.reveal(), this.#keys, {
        issuer: this.#pool.issuer,
        audience: this.#clientId,
        algorithms: ['RS256'],
        requiredClaims: ['sub', 'exp', 'cognito:username'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(this.#now()),
      });
      const { payload } = await untilAborted(verified, signal, WHAT);
      // An access token of the pool is signed by the same key.
      if (payload.token_use !== 'id') throw invalid('It is no id token.');
      return payload;
    } catch (error) {
      throw faultOf(error);
    }
  }
}

/** Texts of jose may quote claims; its codes (`ERR_JWT_EXPIRED`) may be shown. */
function faultOf(error: unknown): IdentityFault {
  if (error instanceof IdentityFault) return error;
  if (error instanceof errors.JWTClaimValidationFailed)
    return invalid(`The claim ${error.claim} is not the expected one.`);
  if (error instanceof errors.JOSEError) return invalid(`${error.code}.`);
  return invalid('It cannot be verified.');
}

function invalid(detail: string): IdentityFault {
  return new IdentityFault('UPSTREAM_ANSWER_INVALID', `Cognito's id token: ${detail}`);
}
