/** What it means that a directory refuses a search. */

import { IdentityFault } from '../../decision.ts';
import { RESULT, ResultError } from './connection.ts';

const REASONS: Readonly<Record<number, string>> = {
  [RESULT.operationsError]: 'it wants a bind before a search',
  [RESULT.strongerAuthRequired]: 'it wants TLS',
  [RESULT.referral]: 'it has not the base that is searched, and referrals are not followed',
  [RESULT.confidentialityRequired]: 'it wants TLS',
  [RESULT.noSuchObject]: 'the base that is searched does not exist, or not for us',
  [RESULT.inappropriateAuthentication]: 'it wants another bind',
  [RESULT.insufficientAccessRights]: 'we may not search',
};

/** The fault that a refused search is; any other error as it came. */
export function faultOf(error: unknown): unknown {
  if (!(error instanceof ResultError)) return error;
  const { code } = error;
  if (isOutageResult(code))
    return new IdentityFault('UPSTREAM_UNREACHABLE', `The directory answers with result ${code}.`);
  const reason = REASONS[code];
  return reason === undefined
    ? new IdentityFault('UPSTREAM_FAILED', `The directory answers to a search with result ${code}.`)
    : new IdentityFault(
        'CONFIGURATION_INVALID',
        `The directory refuses a search: ${reason} (result ${code}).`,
      );
}

/** What a server says that is starting, stopping or overloaded: another one may do better. */
export function isOutageResult(code: number): boolean {
  return code === RESULT.busy || code === RESULT.unavailable;
}
