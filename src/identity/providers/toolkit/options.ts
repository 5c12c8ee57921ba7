/** Options of the `toolkit` provider. */

import { z } from 'zod';
import { awsOptions } from '../../upstream/aws.ts';

const tableName = z.string().regex(/^[A-Za-z0-9_.:/-]{3,1024}$/);

export const toolkitOptions = z.strictObject({
  usersTable: tableName.describe('Name or ARN of the table of users.'),
  providersTable: tableName.describe('Name or ARN of the table of identity providers.'),
  delimiter: z
    .string()
    .min(1)
    .max(8)
    .default('@@')
    .describe(
      'Between the user and the identity provider: with `@@` and `@` the provider comes last, with all others first.',
    ),
  defaultUsers: z
    .enum(['without-provider', 'same-provider'])
    .default('without-provider')
    .describe(
      '`without-provider`: the item of the user `$default$` is for unknown names without a provider. `same-provider`: also for names ' +
        'with a provider, where that item is of this very provider.',
    ),
  keyLogins: z
    .enum(['ask-provider', 'as-marked'])
    .default('ask-provider')
    .describe(
      '`ask-provider`: a key login asks the identity provider about the account wherever it can tell. `as-marked`: only where the item ' +
        'has `public_key_support`.',
    ),
  accountId: z
    .string()
    .regex(/^[0-9]{12}$/)
    .optional()
    .describe('AWS account for `{{AWS_ACCOUNT}}`.'),
  ...awsOptions,
});

export type ToolkitOptions = z.output<typeof toolkitOptions>;
