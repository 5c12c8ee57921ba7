/** The `okta` provider. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { OktaOptions } from './options.ts';

export function createOktaProvider(_options: OktaOptions, _surroundings: Surroundings): PersonProvider {
  throw new IdentityFault('CONFIGURATION_INVALID', 'The okta provider is not built yet.');
}
