/** Configuration of a built-in provider: the same in drawbridge.yaml, for `identity serve` and on Lambda. */

import { z } from 'zod';
import { directoryOptions } from './directory/options.ts';
import { functionRulesOptions, providerRulesOptions, rulesOptions } from './pipeline/options.ts';
import { routerOptions } from './pipeline/router-options.ts';
import { profilesOptions } from './profiles/options.ts';
import { certificatesOptions } from './providers/certificates/options.ts';
import { cognitoOptions } from './providers/cognito/options.ts';
import { entraOptions } from './providers/entra/options.ts';
import { fileOptions } from './providers/file/options.ts';
import { httpOptions } from './providers/http/options.ts';
import { ldapOptions } from './providers/ldap/options.ts';
import { oidcOptions } from './providers/oidc/options.ts';
import { oktaOptions } from './providers/okta/options.ts';
import { oneLoginOptions } from './providers/onelogin/options.ts';
import { secretsManagerOptions } from './providers/secrets-manager/options.ts';
import { sqlOptions } from './providers/sql/options.ts';
import { toolkitOptions } from './providers/toolkit/options.ts';

/** With ids, so that a schema that holds them many times says what they are once. */
export const profiles = profilesOptions.meta({ id: 'profiles' });
export const rules = rulesOptions.meta({ id: 'rules' });
const providerRules = providerRulesOptions.meta({ id: 'providerRules' });
const functionRules = functionRulesOptions.meta({ id: 'functionRules' });

/** The options of each, by its name: the one list of them. */
const optionsOf = {
  okta: oktaOptions.meta({ id: 'options-of-okta' }),
  cognito: cognitoOptions.meta({ id: 'options-of-cognito' }),
  entra: entraOptions.meta({ id: 'options-of-entra' }),
  'secrets-manager': secretsManagerOptions.meta({ id: 'options-of-secrets-manager' }),
  ldap: ldapOptions.meta({ id: 'options-of-ldap' }),
  onelogin: oneLoginOptions.meta({ id: 'options-of-onelogin' }),
  oidc: oidcOptions.meta({ id: 'options-of-oidc' }),
  http: httpOptions.meta({ id: 'options-of-http' }),
  file: fileOptions.meta({ id: 'options-of-file' }),
  sql: sqlOptions.meta({ id: 'options-of-sql' }),
  certificates: certificatesOptions.meta({ id: 'options-of-certificates' }),
  toolkit: toolkitOptions.meta({ id: 'options-of-toolkit' }),
};

/** The kinds of providers that prove people, each with the same further members. */
function kindsWith<Further extends z.core.$ZodShape>(further: Further) {
  const kind = <Name extends keyof typeof optionsOf>(name: Name) =>
    z.strictObject({ provider: z.literal(name), options: optionsOf[name], profiles, ...further });
  return [
    kind('okta'),
    kind('cognito'),
    kind('entra'),
    kind('secrets-manager'),
    kind('ldap'),
    kind('onelogin'),
    kind('oidc'),
    kind('http'),
    kind('file'),
    kind('sql'),
    kind('certificates'),
    kind('toolkit'),
  ] as const;
}

/** One provider that proves people, as a function. */
export const singleProvider = z.discriminatedUnion('provider', kindsWith({ rules }));
export type SingleProvider = z.output<typeof singleProvider>;

/** One provider behind a router. */
const routedProvider = z
  .discriminatedUnion('provider', kindsWith({ rules: providerRules }))
  .meta({ id: 'routedProvider' });

const router = {
  provider: z.literal('router'),
  options: routerOptions(routedProvider).meta({ id: 'options-of-router' }),
  rules: functionRules,
};

/** Any built-in function; for drawbridge.yaml with the members that say how its process is run. */
export function builtInProviders<Further extends z.core.$ZodShape>(further: Further) {
  return z.discriminatedUnion('provider', [
    ...kindsWith({ rules, ...further }),
    z.strictObject({ ...router, ...further }),
  ]);
}

export const optionsOfDirectory = directoryOptions.meta({ id: 'options-of-directory' });

/** What is behind AWS_DIRECTORY_SERVICE, which drawbridge.yaml keeps under `directories`. */
const directory = z.strictObject({
  provider: z.literal('directory'),
  options: optionsOfDirectory,
  profiles,
  rules,
});

/** Any built-in function, as its process gets it. */
export const builtInProvider = z.discriminatedUnion('provider', [
  ...kindsWith({ rules }),
  z.strictObject(router),
  directory,
]);
export type BuiltInProvider = z.output<typeof builtInProvider>;
export type RouterProvider = Extract<BuiltInProvider, { provider: 'router' }>;

/** What a provider is made from, whatever its rules. */
export type ProviderChoice = ChoiceOf<Exclude<BuiltInProvider, RouterProvider>>;
type ChoiceOf<Configuration> = Configuration extends { provider: infer Name; options: infer Options }
  ? { readonly provider: Name; readonly options: Options }
  : never;
