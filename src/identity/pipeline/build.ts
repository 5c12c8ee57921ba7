/** Makes the router and the routes of a function from its configuration. */

import type { BuiltInProvider, ProviderChoice } from '../configuration.ts';
import { IdentityFault } from '../decision.ts';
import type { ProfilesOptions } from '../profiles/options.ts';
import type { PersonProvider } from '../providers/provider.ts';
import type { Surroundings } from '../surroundings.ts';
import type { ProviderRules } from './options.ts';
import { type ProfileFinder, Route } from './route.ts';
import { type ChainRules, Router } from './router.ts';

/** What the pipeline is built of; tests put in their own. */
export interface Makers {
  /** @throws IdentityFault CONFIGURATION_INVALID */
  provider(configuration: ProviderChoice, surroundings: Surroundings): Promise<PersonProvider>;
  /** @throws IdentityFault CONFIGURATION_INVALID */
  profiles(options: ProfilesOptions, surroundings: Surroundings, name: string): Promise<ProfileFinder>;
}

/** Loads what is in use only: on Lambda each SDK costs time at a cold start. */
export const BUILT_IN_MAKERS: Makers = {
  provider: async (configuration, surroundings) =>
    (await import('../providers/registry.ts')).createProvider(configuration, surroundings),
  profiles: async (options, surroundings, name) =>
    (await import('../profiles/profiles.ts')).createProfiles(options, surroundings, name),
};

/** For a function without a router. */
const NO_CHAIN: ChainRules = { stopOn: 'denial', afterFault: 'stop', sharePasswords: false };

type RouteConfiguration = ProviderChoice & {
  readonly rules: ProviderRules;
  readonly profiles: ProfilesOptions;
};

/** Nothing is connected yet. @throws IdentityFault CONFIGURATION_INVALID */
export async function buildRouter(
  configuration: BuiltInProvider,
  surroundings: Surroundings,
  makers: Makers,
): Promise<Router> {
  if (configuration.provider !== 'router') {
    const route = await buildRoute(configuration.provider, configuration, surroundings, makers);
    return new Router({ routes: [route], unnamed: [route.name], chain: NO_CHAIN });
  }
  const { providers, chain, default: only, ...rest } = configuration.options;
  const routes = await Promise.all(
    Object.entries(providers).map(([name, each]) => buildRoute(name, each, surroundings, makers)),
  );
  const unnamed = chain ?? (only === undefined ? [] : [only]);
  return new Router({ routes, syntax: rest, unnamed, chain: rest });
}

async function buildRoute(
  name: string,
  configuration: RouteConfiguration,
  surroundings: Surroundings,
  makers: Makers,
): Promise<Route> {
  const { rules } = configuration;
  const [provider, profiles] = await Promise.all([
    makers.provider(configuration, surroundings),
    makers.profiles(configuration.profiles, surroundings, name),
  ]);
  try {
    return new Route({ name, rules, provider, profiles, surroundings });
  } catch (cause) {
    throw new IdentityFault('CONFIGURATION_INVALID', `The rules of ${name}.`, { cause });
  }
}
