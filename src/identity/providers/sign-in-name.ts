/** Turns the name of a login into the one that the identity provider knows. */

import type { SignInNameOptions } from './options.ts';

/** `jdoe` becomes `jdoe@example.com`, by the rule of the options; a name that has the domain already stays. */
export function signInNameOf(
  userName: string,
  { signInDomain, signInDomainRule }: SignInNameOptions,
): string {
  if (signInDomain === undefined || signInDomainRule === 'never') return userName;
  if (signInDomainRule === 'if-missing' && userName.includes('@')) return userName;
  const suffix = `@${signInDomain}`;
  return userName.toLowerCase().endsWith(suffix.toLowerCase()) ? userName : `${userName}${suffix}`;
}
