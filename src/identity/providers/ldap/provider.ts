/** The `ldap` provider. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { LdapOptions } from './options.ts';

export function createLdapProvider(_options: LdapOptions, _surroundings: Surroundings): PersonProvider {
  throw new IdentityFault('CONFIGURATION_INVALID', 'The ldap provider is not built yet.');
}
