/** What the SSH layer asks of whoever knows the users. */

import type { PublicKey } from './public-key.ts';

/** RFC 4252 method names that can be offered. */
export type AuthMethod = 'password' | 'publickey';

export type AuthVerdict<Identity> =
  /** Proven. The only way to an open session. */
  | { readonly outcome: 'accepted'; readonly identity: Identity }
  /** This step is done, others are missing (partial success, RFC 4252 section 5.1). */
  | { readonly outcome: 'continue'; readonly methods: readonly AuthMethod[] }
  | { readonly outcome: 'refused'; readonly methods: readonly AuthMethod[] };

export interface AuthAttempt {
  readonly userName: string;
  /** Aborts when the connection ends or the login time is over. */
  readonly signal: AbortSignal;
}

/** Why the SSH layer refused by itself, without asking whether the user may log in. */
export type LayerRefusal =
  | 'METHOD_NOT_OFFERED'
  | 'PASSWORD_EMPTY'
  | 'PASSWORD_NOT_UTF8'
  | 'PASSWORD_CHANGE_UNSUPPORTED'
  | 'KEY_UNUSABLE'
  | 'SIGNATURE_INVALID'
  | 'AUTHENTICATOR_FAILED';

/**
 * One for each connection; asked one thing at a time. Anything but an explicit `accepted` is a refusal, a rejection too.
 * Keys are bytes here: the SSH layer has parsed them and verifies the signatures itself.
 */
export interface Authenticator<Identity> {
  /** The methods to offer first. Must not depend on whether the user exists. */
  readonly methods: readonly AuthMethod[];
  password(attempt: AuthAttempt & { readonly password: string }): Promise<AuthVerdict<Identity>>;
  /** Whether a signature by this key would be looked at. Says nothing about who the user is. */
  acceptsKey(attempt: AuthAttempt & { readonly key: PublicKey }): Promise<boolean>;
  /** The user has signed this session with this key, and the signature is verified. */
  keyProven(attempt: AuthAttempt & { readonly key: PublicKey }): Promise<AuthVerdict<Identity>>;
  /** Told of refusals that were none of its own, so that they can be recorded. `cause`: what it threw. */
  refusedByLayer?(attempt: AuthAttempt, method: AuthMethod, refusal: LayerRefusal, cause?: unknown): void;
}
