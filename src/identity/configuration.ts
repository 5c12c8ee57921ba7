/** Configuration of a built-in provider: the same in drawbridge.yaml, for `identity serve` and on Lambda. */

import { z } from 'zod';
import { rulesOptions } from './pipeline/options.ts';
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

const common = { profiles, rules };

/** The kinds of built-in providers, each with the same further members: the one list of them. */
function providersWith<Further extends z.core.$ZodShape>(further: Further) {
  const kind = <Name extends string, Options extends z.ZodType>(name: Name, options: Options) =>
    z.strictObject({ provider: z.literal(name), options, ...common, ...further });
  return z.discriminatedUnion('provider', [
    kind('okta', oktaOptions),
    kind('cognito', cognitoOptions),
    kind('entra', entraOptions),
    kind('secrets-manager', secretsManagerOptions),
    kind('ldap', ldapOptions),
    kind('onelogin', oneLoginOptions),
    kind('oidc', oidcOptions),
    kind('http', httpOptions),
    kind('file', fileOptions),
    kind('sql', sqlOptions),
    kind('certificates', certificatesOptions),
    kind('toolkit', toolkitOptions),
  ]);
}

/** One provider that proves people. */
export const singleProvider = providersWith({});

export type SingleProvider = z.output<typeof singleProvider>;

/** The same for drawbridge.yaml, with the members that say how its process is run. */
export function builtInProviders<Further extends z.core.$ZodShape>(further: Further) {
  return providersWith(further);
}
