/** What the errors of Secrets Manager mean for a login, beside those of every AWS service. */

import { IdentityFault } from '../../decision.ts';
import { awsFault } from '../../upstream/aws-service.ts';

/** Only the operator can end these. */
const CONFIGURATION_ERRORS: ReadonlySet<string> = new Set(['DecryptionFailure', 'InvalidParameterException']);

/** The name that AWS gives an error. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

export function secretsFault(error: unknown, service: string): IdentityFault {
  const name = errorName(error);
  if (!CONFIGURATION_ERRORS.has(name)) return awsFault(error, service);
  return new IdentityFault('CONFIGURATION_INVALID', `${service}: ${name}.`);
}
