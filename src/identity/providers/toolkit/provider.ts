/** The `toolkit` provider. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { ToolkitOptions } from './options.ts';

export function createToolkitProvider(_options: ToolkitOptions, _surroundings: Surroundings): PersonProvider {
  throw new IdentityFault('CONFIGURATION_INVALID', 'The toolkit provider is not built yet.');
}
