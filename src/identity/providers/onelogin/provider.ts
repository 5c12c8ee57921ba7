/** The `onelogin` provider. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { OneLoginOptions } from './options.ts';

export function createOneLoginProvider(
  _options: OneLoginOptions,
  _surroundings: Surroundings,
): PersonProvider {
  throw new IdentityFault('CONFIGURATION_INVALID', 'The onelogin provider is not built yet.');
}
