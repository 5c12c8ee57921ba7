/** The `cognito` provider. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { CognitoOptions } from './options.ts';

export function createCognitoProvider(_options: CognitoOptions, _surroundings: Surroundings): PersonProvider {
  throw new IdentityFault('CONFIGURATION_INVALID', 'The cognito provider is not built yet.');
}
