/** What the answer to the bind of a user means: proof, a denial with its reason, or that nobody can tell. */

import { type DenialCode, Denied, IdentityFault } from '../../decision.ts';
import { type BindResult, RESULT } from './connection.ts';

/**
 * What Active Directory adds to result 49, as in `AcceptSecurityContext error, data 52e`. Most of them come only when the
 * password was right: they are for the log and never for the client.
 */
const SUB_CODES: Readonly<Record<string, DenialCode>> = {
  '525': 'USER_UNKNOWN',
  '52e': 'BAD_CREDENTIALS',
  '52f': 'CONDITIONAL_ACCESS',
  '530': 'TIME_REFUSED',
  '531': 'CONDITIONAL_ACCESS',
  '532': 'PASSWORD_EXPIRED',
  '533': 'ACCOUNT_DISABLED',
  '701': 'ACCOUNT_EXPIRED',
  '773': 'PASSWORD_EXPIRED',
  '775': 'ACCOUNT_LOCKED',
};
const SUB_CODE = /\bdata ([0-9a-f]{1,8})\b/i;

/** Errors of draft-behera-ldap-password-policy-10, section 6.2. */
const POLICY_ERRORS: Readonly<Record<number, DenialCode>> = {
  0: 'PASSWORD_EXPIRED',
  1: 'ACCOUNT_LOCKED',
  2: 'PASSWORD_EXPIRED',
};

/** How 389 Directory Server, under FreeIPA, words result 53 for `nsAccountLock`. */
const INACTIVATED = /inactivated/i;

const DENIALS: Readonly<Record<number, DenialCode>> = {
  // 389 Directory Server answers so to a user who failed too often.
  [RESULT.constraintViolation]: 'ACCOUNT_LOCKED',
  [RESULT.noSuchObject]: 'USER_UNKNOWN',
  // The entry has no password.
  [RESULT.inappropriateAuthentication]: 'PASSWORD_UNUSABLE',
  // authentik answers so where a policy of the application says no.
  [RESULT.insufficientAccessRights]: 'CONDITIONAL_ACCESS',
  [RESULT.unwillingToPerform]: 'CONDITIONAL_ACCESS',
};

/** Returns where the password was proven. @throws Denied, IdentityFault */
export function judgeBind({ code, diagnostic, policyError }: BindResult): void {
  const byPolicy = policyError === undefined ? undefined : POLICY_ERRORS[policyError];
  if (byPolicy !== undefined) throw new Denied(byPolicy, `(result ${code}, password policy ${policyError})`);
  if (code === RESULT.success) return;
  if (code === RESULT.invalidCredentials) throw invalidCredentials(diagnostic);
  if (code === RESULT.unwillingToPerform && INACTIVATED.test(diagnostic))
    throw new Denied('ACCOUNT_DISABLED');
  const denial = DENIALS[code];
  if (denial !== undefined) throw new Denied(denial, `(result ${code})`);
  if (code === RESULT.strongerAuthRequired || code === RESULT.confidentialityRequired)
    throw new IdentityFault('CONFIGURATION_INVALID', `The directory wants TLS for binds (result ${code}).`);
  throw new IdentityFault('UPSTREAM_FAILED', `The directory answers to a bind with result ${code}.`);
}

function invalidCredentials(diagnostic: string): Denied {
  const subCode = SUB_CODE.exec(diagnostic)?.[1]?.toLowerCase();
  const denial = subCode === undefined ? undefined : SUB_CODES[subCode];
  if (denial === undefined) return new Denied('BAD_CREDENTIALS');
  return new Denied(denial, `(data ${subCode})`);
}
