/** What the errors of Secrets Manager mean for a login. */

import { type FaultCode, IdentityFault } from '../../decision.ts';

/** Errors that nobody but the operator can end. */
const CONFIGURATION_ERRORS: ReadonlySet<string> = new Set([
  // Also the answer for a name that is outside of what the policy allows, whether or not there is such a secret.
  'AccessDeniedException',
  'CredentialsProviderError',
  'DecryptionFailure',
  'ExpiredTokenException',
  'InvalidParameterException',
  'InvalidSignatureException',
  'UnrecognizedClientException',
]);
const CONNECTION_ERRORS = /^(?:ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EPIPE)$/;

/** The name that AWS gives an error. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

/** Names are told, messages are not: they hold the name of the secret. */
export function faultOf(error: unknown, signal: AbortSignal): IdentityFault {
  const name = errorName(error);
  return new IdentityFault(codeOf(error, name, signal), `Secrets Manager: ${name}.`);
}

function codeOf(error: unknown, name: string, signal: AbortSignal): FaultCode {
  if (signal.aborted || name === 'TimeoutError' || name === 'AbortError') return 'UPSTREAM_TIMED_OUT';
  if (CONFIGURATION_ERRORS.has(name)) return 'CONFIGURATION_INVALID';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return CONNECTION_ERRORS.test(code) ? 'UPSTREAM_UNREACHABLE' : 'UPSTREAM_FAILED';
}
