/** The forms of the name of a login that filters and bind names are made of. */

import { Denied } from '../../decision.ts';
import { signInNameOf } from '../sign-in-name.ts';
import { escapeDnValue, escapeFilterValue, fillTemplate } from './escape.ts';
import type { LdapSettings } from './settings.ts';

/** In `{username}@domain` and `DOMAIN\{username}` nothing can be escaped. */
const PLAIN_NAME = /^[\p{L}\p{N}_@.-]+$/u;

/** A filter that finds the user. */
export function userFilterOf(settings: LdapSettings, userName: string): string {
  return fillTemplate(settings.userFilter, formsOf(settings, userName), escapeFilterValue);
}

/** What a user binds as, and whether that is the distinguished name of their entry. @throws Denied NAME_REFUSED */
export function bindNameOf(
  settings: LdapSettings,
  userName: string,
): { readonly name: string; readonly isDn: boolean } {
  const { bindName = '' } = settings;
  const isDn = bindName.includes('=');
  if (!isDn && !PLAIN_NAME.test(userName)) throw new Denied('NAME_REFUSED');
  return { isDn, name: fillTemplate(bindName, formsOf(settings, userName), isDn ? escapeDnValue : String) };
}

function formsOf(settings: LdapSettings, userName: string) {
  const [localPart = ''] = userName.split('@');
  return { username: userName, signInName: signInNameOf(userName, settings), localPart };
}
