/** The `okta` provider. */

import { IdentityFault } from '../../decision.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import { OktaAuthentication } from './authentication.ts';
import { DirectAuthentication } from './direct-authentication.ts';
import type { OktaOptions } from './options.ts';
import { OktaOrg } from './org.ts';
import { People } from './people.ts';

/** @throws IdentityFault CONFIGURATION_INVALID */
export function createOktaProvider(options: OktaOptions, surroundings: Surroundings): PersonProvider {
  const org = new OktaOrg(options, surroundings.now);
  const people = new People(org, options);
  if (options.api === 'authn') return new OktaAuthentication({ options, org, people, surroundings });
  const { clientId } = options;
  if (clientId === undefined)
    throw new IdentityFault('CONFIGURATION_INVALID', 'Direct authentication needs a clientId.');
  return new DirectAuthentication({ options: { ...options, clientId }, org, people, surroundings });
}
