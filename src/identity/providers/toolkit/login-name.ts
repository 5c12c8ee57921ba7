/** Takes the name of a login apart into user and identity provider, as the toolkit does. */

import { Denied } from '../../decision.ts';

/** What the name of a user may be once it stands alone: it becomes a part of paths and keys. */
const USER = /^\w[\w@.-]{0,99}$/;
const PROVIDER = /^[\w@.-]{1,100}$/;
const PROVIDER_LAST: readonly string[] = ['@', '@@'];

export interface ToolkitName {
  readonly user: string;
  /** Absent where the user named none. */
  readonly provider?: string;
}

/**
 * Names compare without case, as items have them in lower case. The last delimiter counts where the provider comes last, the first
 * one where it comes first. `$default$` cannot be typed: it has a character that no name has.
 * @throws Denied NAME_REFUSED
 */
export function toolkitName(typed: string, delimiter: string): ToolkitName {
  const name = typed.toLowerCase();
  const isProviderLast = PROVIDER_LAST.includes(delimiter);
  const at = isProviderLast ? name.lastIndexOf(delimiter) : name.indexOf(delimiter);
  if (at === -1) return checked({ user: name });
  const before = name.slice(0, at);
  const after = name.slice(at + delimiter.length);
  return checked(isProviderLast ? { user: before, provider: after } : { user: after, provider: before });
}

function checked(name: ToolkitName): ToolkitName {
  if (!USER.test(name.user)) throw new Denied('NAME_REFUSED', 'The part for the user is none.');
  if (name.provider !== undefined && !PROVIDER.test(name.provider))
    throw new Denied('NAME_REFUSED', 'The part for the provider is none.');
  return name;
}
