/** The `http` provider. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { HttpOptions } from './options.ts';

export function createHttpProvider(_options: HttpOptions, _surroundings: Surroundings): PersonProvider {
  throw new IdentityFault('CONFIGURATION_INVALID', 'The http provider is not built yet.');
}
