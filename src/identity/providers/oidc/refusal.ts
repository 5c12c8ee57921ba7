/** What the errors of OAuth (RFC 6749 section 5.2 and its successors) mean for a login. */

import { type DenialCode, Denied, type FaultCode, IdentityFault } from '../../decision.ts';

/** An error in an answer. `words` are for people, and change. */
export interface OAuthError {
  readonly error: string;
  readonly words: string | undefined;
}

/** What was asked for: the same `invalid_grant` is a wrong password, or a code that is wrong or too old. */
export type GrantKind = 'password' | 'device' | 'link' | 'setup';

const INVALID_GRANT: Readonly<Record<GrantKind, DenialCode>> = {
  password: 'BAD_CREDENTIALS',
  device: 'MFA_TIMED_OUT',
  link: 'BAD_CODE',
  setup: 'BAD_CREDENTIALS',
};

const MEANINGS: ReadonlyMap<string, { readonly denial: DenialCode } | { readonly fault: FaultCode }> =
  new Map<string, { readonly denial: DenialCode } | { readonly fault: FaultCode }>([
    ['expired_token', { denial: 'MFA_TIMED_OUT' }],
    ['mfa_required', { denial: 'MFA_REQUIRED' }],
    ['interaction_required', { denial: 'MFA_REQUIRED' }],
    ['login_required', { denial: 'MFA_REQUIRED' }],
    ['account_selection_required', { denial: 'MFA_REQUIRED' }],
    ['slow_down', { denial: 'THROTTLED' }],
    ['consent_required', { fault: 'CONFIGURATION_INVALID' }],
    ['invalid_client', { fault: 'CONFIGURATION_INVALID' }],
    ['unauthorized_client', { fault: 'CONFIGURATION_INVALID' }],
    ['unsupported_grant_type', { fault: 'CONFIGURATION_INVALID' }],
    ['invalid_scope', { fault: 'CONFIGURATION_INVALID' }],
    ['invalid_request', { fault: 'CONFIGURATION_INVALID' }],
  ]);

/** Texts of Keycloak; whatever they say, the login is refused. */
const DISABLED = /account disabled|user (?:is )?disabled/i;
const UNFINISHED = /not fully set up/i;

export function refusalOf({ error, words = '' }: OAuthError, kind: GrantKind): Denied | IdentityFault {
  const detail = `The identity provider answers ${/^[a-z_]{1,64}$/.test(error) ? error : 'an unknown error'}.`;
  if (error === 'access_denied')
    return new Denied(kind === 'password' ? 'CONDITIONAL_ACCESS' : 'MFA_REJECTED', detail);
  if (error === 'invalid_grant') return new Denied(invalidGrant(words, kind), detail);
  const meaning = MEANINGS.get(error);
  if (meaning === undefined) return new IdentityFault('UPSTREAM_FAILED', detail);
  return 'denial' in meaning ? new Denied(meaning.denial, detail) : new IdentityFault(meaning.fault, detail);
}

function invalidGrant(words: string, kind: GrantKind): DenialCode {
  if (DISABLED.test(words)) return 'ACCOUNT_DISABLED';
  return UNFINISHED.test(words) ? 'PASSWORD_EXPIRED' : INVALID_GRANT[kind];
}
