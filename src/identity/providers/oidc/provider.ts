/** The `oidc` provider. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import { OidcDevice } from './device.ts';
import { OidcLink } from './link.ts';
import type { OidcOptions } from './options.ts';
import { OidcPassword } from './password-flow.ts';

/** @throws IdentityFault CONFIGURATION_INVALID */
export function createOidcProvider(options: OidcOptions, { now }: Surroundings): PersonProvider {
  switch (options.flow) {
    case 'password':
      return new OidcPassword(options, now);
    case 'device':
      return new OidcDevice(options, now);
    case 'link': {
      const { redirectUri } = options;
      if (redirectUri === undefined)
        throw new IdentityFault('CONFIGURATION_INVALID', 'The flow link needs a redirectUri.');
      return new OidcLink({ ...options, redirectUri }, now);
    }
  }
}
