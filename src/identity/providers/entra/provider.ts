/** The `entra` provider. */

import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import { EntraDeviceCode } from './device-code.ts';
import { Graph } from './graph.ts';
import type { EntraOptions } from './options.ts';
import { type EntraParts, EntraPassword } from './password.ts';
import { People } from './people.ts';
import { EntraTenant, idTokensOf } from './tenant.ts';

export function createEntraProvider(options: EntraOptions, { now }: Surroundings): PersonProvider {
  const tenant = new EntraTenant(options);
  const graph = new Graph(options, tenant, now);
  const people = new People({ options, idTokens: idTokensOf(tenant, now), graph });
  const parts: EntraParts = {
    options,
    tenant,
    people,
    check: async (signal) => {
      await tenant.check(signal);
      if (options.readDirectory) await graph.check(signal);
    },
  };
  return options.flow === 'password' ? new EntraPassword(parts) : new EntraDeviceCode(parts, now);
}
