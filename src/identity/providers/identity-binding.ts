/** Whether the person that a token speaks of is the user of the login. */

import { z } from 'zod';
import { Denied } from '../decision.ts';
import type { SignInNameOptions } from './options.ts';
import type { Login } from './provider.ts';
import { signInNameOf } from './sign-in-name.ts';

export type Claims = Readonly<Record<string, unknown>>;

export const identityBinding = {
  identityClaim: z
    .string()
    .min(1)
    .default('preferred_username')
    .describe(
      'The claim that names the user of the login, after `signInDomain` was appended to their name. `email` counts only where ' +
        '`email_verified` is true.',
    ),
  identityMatch: z
    .enum(['ignore-case', 'exact', 'none'])
    .default('ignore-case')
    .describe(
      'How the claim and the name compare. `none`, for passwords only: whoever the identity provider says the password is of, such ' +
        'as with e-mail addresses as other names.',
    ),
};

export type IdentityBindingOptions = z.output<z.ZodObject<typeof identityBinding>> & SignInNameOptions;

/**
 * Without this anybody with an account could approve the login of anybody else.
 * @throws Denied IDENTITY_MISMATCH
 */
export function requireIdentity(claims: Claims, { userName }: Login, options: IdentityBindingOptions): void {
  const { identityClaim, identityMatch } = options;
  if (identityMatch === 'none') return;
  const value = claims[identityClaim];
  if (typeof value !== 'string' || value === '')
    throw new Denied('IDENTITY_MISMATCH', `The token has no ${identityClaim}.`);
  if (identityClaim === 'email' && claims.email_verified !== true)
    throw new Denied('IDENTITY_MISMATCH', 'The e-mail address is not verified.');
  const fold = identityMatch === 'exact' ? (text: string) => text : asciiLowerCase;
  if (fold(value) !== fold(signInNameOf(userName, options))) throw new Denied('IDENTITY_MISMATCH');
}

/** Who may write any address into their profile must not be known or mapped by it. */
export function verifiedClaims(claims: Claims): Claims {
  if (claims.email_verified === true) return claims;
  const { email: _unverified, ...others } = claims;
  return others;
}

/** Names of logins are ASCII; with all of Unicode the Kelvin sign would become a k. */
export function asciiLowerCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
