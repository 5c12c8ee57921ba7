/** Calls to one AWS service through the SDK: its errors as faults, and a pause for a service that keeps failing. */

import { Denied, type FaultCode, IdentityFault } from '../decision.ts';
import { Breaker } from './breaker.ts';

const OUTAGES: readonly FaultCode[] = ['UPSTREAM_TIMED_OUT', 'UPSTREAM_UNREACHABLE', 'UPSTREAM_FAILED'];

/** What every AWS service answers where our own account, role or settings are wrong. */
const CONFIGURATION_ERRORS = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'NoSuchBucket',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/** Turns what the SDK threw into an error of ours. */
export type AwsVerdict = (error: unknown, service: string) => Denied | IdentityFault;

export class AwsService {
  readonly #name: string;
  readonly #breaker: Breaker;

  /** `name` stands in messages: `Cognito`. `now`: the clock of the breaker, for tests. */
  constructor(name: string, now?: () => number) {
    this.#name = name;
    this.#breaker = new Breaker({
      isOutage,
      suspended: () => new IdentityFault('UPSTREAM_SUSPENDED', `${name} has been failing.`),
      ...(now === undefined ? {} : { now }),
    });
  }

  /**
   * Does the work once; `verdict` says what its errors mean. `signal` is the login's.
   * @throws what `verdict` says; IdentityFault UPSTREAM_TIMED_OUT, UPSTREAM_SUSPENDED
   */
  async call<Result>(
    work: () => Promise<Result>,
    signal: AbortSignal,
    verdict: AwsVerdict = awsFault,
  ): Promise<Result> {
    return this.#breaker.run(() => this.#attempt(work, signal, verdict), signal);
  }

  async #attempt<Result>(
    work: () => Promise<Result>,
    signal: AbortSignal,
    verdict: AwsVerdict,
  ): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw new IdentityFault('UPSTREAM_TIMED_OUT', `${this.#name}.`);
      if (error instanceof Denied || error instanceof IdentityFault) throw error;
      throw verdict(error, this.#name);
    }
  }
}

/** Only names of errors go on: messages of a service may quote what was sent. */
export function awsFault(error: unknown, service: string): IdentityFault {
  const name = error instanceof Error ? error.name : 'an unknown error';
  const detail = `${service}: ${name.slice(0, 64)}.`;
  if (name === 'TimeoutError' || name === 'AbortError')
    return new IdentityFault('UPSTREAM_TIMED_OUT', detail);
  if (CONFIGURATION_ERRORS.has(name)) return new IdentityFault('CONFIGURATION_INVALID', detail);
  const systemCode = systemCodeOf(error);
  if (systemCode !== undefined)
    return new IdentityFault('UPSTREAM_UNREACHABLE', `${service}: ${systemCode}.`);
  return new IdentityFault('UPSTREAM_FAILED', detail);
}

/** `ECONNREFUSED` and its like; the SDK's own errors have no `code` in this form. */
function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^E[A-Z0-9_]{2,40}$/.test(error.code) ? error.code : undefined;
}

function isOutage(error: unknown): boolean {
  return error instanceof IdentityFault && OUTAGES.includes(error.code);
}
