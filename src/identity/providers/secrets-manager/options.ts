/** Options of the `secrets-manager` provider, and of secrets as profiles. */

import { z } from 'zod';
import { storedCredentials } from '../../records/stored-credentials-options.ts';
import { awsOptions } from '../../upstream/aws.ts';

/** The characters of a secret's name, and the two variables. */
const NAME_TEMPLATE = /^(?:[A-Za-z0-9/_+=.@-]|\{serverId\}|\{userName\})+$/;

/** Where the records are. */
export const secretsStoreOptions = {
  ...awsOptions,
  secretNames: z
    .array(
      z
        .string()
        .regex(NAME_TEMPLATE, 'a name of a secret with {userName} and perhaps {serverId}')
        .includes('{userName}'),
    )
    .min(1)
    .max(4)
    .default(['aws/transfer/{serverId}/{userName}'])
    .describe('Names of secrets. The next one is tried where Secrets Manager knows no secret of that name.'),
  cacheSeconds: z
    .number()
    .min(0)
    .max(30)
    .default(0)
    .describe('How long a secret is remembered. Whoever is removed can log in for as long.'),
  missingCacheSeconds: z
    .number()
    .min(0)
    .max(5)
    .default(0)
    .describe(
      'How long it is remembered that there is no secret. Whoever is added cannot log in for as long.',
    ),
};

export type SecretsStoreOptions = z.output<z.ZodObject<typeof secretsStoreOptions>>;

export const secretsManagerOptions = z.strictObject({
  ...secretsStoreOptions,
  ...storedCredentials,
  previousPasswordMinutes: z
    .number()
    .min(0)
    .max(1440)
    .default(0)
    .describe(
      'How long after a change of the secret its previous password (`AWSPREVIOUS`) is taken too. Guessers have two passwords to guess then.',
    ),
});

export type SecretsManagerOptions = z.output<typeof secretsManagerOptions>;
