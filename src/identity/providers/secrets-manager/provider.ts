/** The `secrets-manager` provider. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { SecretsManagerOptions } from './options.ts';

export function createSecretsManagerProvider(
  _options: SecretsManagerOptions,
  _surroundings: Surroundings,
): PersonProvider {
  throw new IdentityFault('CONFIGURATION_INVALID', 'The secrets-manager provider is not built yet.');
}
