/** Configuration of the router: several providers behind one function. */

import { z } from 'zod';

/** What names of providers and delimiters are made of: they have to fit into a user name. */
const PROVIDER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/;
const DELIMITER = /^[@._-]{1,3}$/;

/** `provider`: the schema of one provider with its options, rules and profiles. */
export function routerOptions<Provider extends z.ZodType>(provider: Provider) {
  return z
    .strictObject({
      delimiter: z
        .string()
        .regex(DELIMITER, { error: 'is not one to three of @ . _ -' })
        .default('@@')
        .describe(
          'Between the name of the user and of the provider: `jdoe@@corp`. With `@` every name with an `@` names a provider.',
        ),
      position: z
        .enum(['suffix', 'prefix'])
        .default('suffix')
        .describe('Where the name of the provider stands: `jdoe@@corp` or `corp@@jdoe`.'),
      providers: z
        .record(z.string().regex(PROVIDER_NAME).describe('name'), provider)
        .refine((providers) => Object.keys(providers).length > 0, { error: 'holds no provider' })
        .refine(haveDistinctNames, { error: 'holds names that differ in case only' })
        .describe('The providers by name. Each has options, rules and profiles of its own.'),
      default: z.string().optional().describe('Provider of users who name none.'),
      chain: z
        .array(z.string())
        .min(1)
        .optional()
        .describe(
          'Providers that are asked one after the other for users who name none, in place of `default`. Those whose rules are not for a ' +
            'login are passed over.',
        ),
      stopOn: z
        .enum(['known-user', 'denial', 'grant'])
        .default('known-user')
        .describe(
          'Where a chain ends. `known-user`: with the first provider that does not say that the user is unknown; one that does not tell ' +
            'unknown users from wrong passwords ends it too. `denial`: with the first that is asked. `grant`: with the first that lets the ' +
            'user in or asks something.',
        ),
      afterFault: z
        .enum(['stop', 'next'])
        .default('stop')
        .describe('Whether a chain goes on after a provider that cannot tell, such as one out of reach.'),
      sharePasswords: z
        .boolean()
        .default(false)
        .describe(
          'Whether a password that one provider of the chain has seen is given to the next. Without it a login with a password ends with ' +
            'the first provider that is asked.',
        ),
    })
    .superRefine(({ providers, default: only, chain }, context) => {
      if (only !== undefined && chain !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['chain'],
          message: 'stands beside default: only one of them can be',
        });
      for (const name of [...(only === undefined ? [] : [only]), ...(chain ?? [])]) {
        if (Object.hasOwn(providers, name)) continue;
        const path = [only === undefined ? 'chain' : 'default'];
        context.addIssue({ code: 'custom', path, message: 'names a provider that is not in providers' });
      }
    });
}

/** User names are typed by people: `jdoe@@Corp` means `corp`. */
function haveDistinctNames(providers: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(providers);
  return new Set(names.map((name) => name.toLowerCase())).size === names.length;
}
