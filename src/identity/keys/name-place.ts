/** Puts the name of a user into a template for a path. */

import { Denied } from '../decision.ts';
import { USER_NAME_PLACE } from './options.ts';

/**
 * The pipeline lets no such name pass; here it would lead to somebody else's keys.
 * `encode` makes the name fit for where it stands.
 * @throws Denied NAME_REFUSED for a name that is no single segment of a path
 */
export function withUserName(
  template: string,
  userName: string,
  encode: (name: string) => string = (name) => name,
): string {
  if (!/^[\w][\w@.+-]*$/.test(userName)) throw new Denied('NAME_REFUSED', 'It is not fit for a path.');
  return template.replaceAll(USER_NAME_PLACE, () => encode(userName));
}
