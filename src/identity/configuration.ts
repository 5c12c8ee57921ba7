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

const common = { profiles: profilesOptions, rules: rulesOptions };

/** The members of each provider's configuration, by its name: the one list of built-in providers. */
const kinds = {
  okta: { provider: z.literal('okta'), options: oktaOptions, ...common },
  cognito: { provider: z.literal('cognito'), options: cognitoOptions, ...common },
  entra: { provider: z.literal('entra'), options: entraOptions, ...common },
  'secrets-manager': { provider: z.literal('secrets-manager'), options: secretsManagerOptions, ...common },
  ldap: { provider: z.literal('ldap'), options: ldapOptions, ...common },
  onelogin: { provider: z.literal('onelogin'), options: oneLoginOptions, ...common },
  oidc: { provider: z.literal('oidc'), options: oidcOptions, ...common },
  http: { provider: z.literal('http'), options: httpOptions, ...common },
  file: { provider: z.literal('file'), options: fileOptions, ...common },
  sql: { provider: z.literal('sql'), options: sqlOptions, ...common },
  certificates: { provider: z.literal('certificates'), options: certificatesOptions, ...common },
  toolkit: { provider: z.literal('toolkit'), options: toolkitOptions, ...common },
};

/** One provider that proves people. */
export const singleProvider = z.discriminatedUnion('provider', [
  z.strictObject(kinds.okta),
  z.strictObject(kinds.cognito),
  z.strictObject(kinds.entra),
  z.strictObject(kinds['secrets-manager']),
  z.strictObject(kinds.ldap),
  z.strictObject(kinds.onelogin),
  z.strictObject(kinds.oidc),
  z.strictObject(kinds.http),
  z.strictObject(kinds.file),
  z.strictObject(kinds.sql),
  z.strictObject(kinds.certificates),
  z.strictObject(kinds.toolkit),
]);

export type SingleProvider = z.output<typeof singleProvider>;
