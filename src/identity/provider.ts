/** How a login asks an identity provider, whatever carries the question: a local process, AWS Lambda or HTTP. */

import type { Decision } from './decision.ts';
import type { RefusalCode } from './refusal.ts';
import type { IdentityRequest } from './request.ts';

export type IdentityErrorCode = Extract<RefusalCode, `FUNCTION_${string}` | `ANSWER_${string}` | 'ABORTED'>;

/** The provider gave no answer. The message is for the log: bounded, and without the password of the request. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface AuthenticateOptions {
  readonly signal: AbortSignal;
  /** Told why, before the answer, where the provider is one of ours; others only grant or do not. */
  readonly onDecision?: (decision: Decision) => void;
}

/**
 * One identity provider.
 *
 * Life: construct (no side effects) → `check` → `authenticate` any number of times, side by side → `close`.
 */
export interface IdentityProvider {
  /** Proves that the provider can be asked. @throws IdentityError with the cause */
  check(): Promise<void>;
  /**
   * Asks once and never again: a one-time code in a password must not be used up by a retry. Resolves to the raw answer,
   * which proves nothing before `parseIdentityResponse` accepted it.
   *
   * @throws IdentityError and nothing else; ABORTED as soon as `signal` aborts
   */
  authenticate(request: IdentityRequest, options: AuthenticateOptions): Promise<unknown>;
  /** Ends everything; open questions fail with ABORTED. Never rejects. */
  close(): Promise<void>;
}
