/** The `sql` provider. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { SqlOptions } from './options.ts';

export function createSqlProvider(_options: SqlOptions, _surroundings: Surroundings): PersonProvider {
  throw new IdentityFault('CONFIGURATION_INVALID', 'The sql provider is not built yet.');
}
