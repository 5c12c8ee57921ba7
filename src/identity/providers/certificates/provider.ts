/** The `certificates` provider. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { CertificatesOptions } from './options.ts';

export function createCertificatesProvider(
  _options: CertificatesOptions,
  _surroundings: Surroundings,
): PersonProvider {
  throw new IdentityFault('CONFIGURATION_INVALID', 'The certificates provider is not built yet.');
}
