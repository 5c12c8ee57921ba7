/** The `oidc` provider. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { OidcOptions } from './options.ts';

export function createOidcProvider(_options: OidcOptions, _surroundings: Surroundings): PersonProvider {
  throw new IdentityFault('CONFIGURATION_INVALID', 'The oidc provider is not built yet.');
}
