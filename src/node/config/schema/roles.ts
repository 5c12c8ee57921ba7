/** Configuration of the IAM roles that identity providers may give to users. */

import { z } from 'zod';
import { isRoleArn } from '../../../identity/index.ts';

const policy = z
  .looseObject({
    Version: z.enum(['2012-10-17', '2008-10-17']).describe('Version of the policy language.'),
    Statement: z
      .union([z.array(z.looseObject({})), z.looseObject({})], {
        error: 'must be a statement or a list of statements',
      })
      .describe('The statements, as in IAM.'),
  })
  .describe(
    'IAM policy of the role. A role without one may do everything that the storage holds. This version cannot enforce ' +
      'policies yet: it checks the shape, and refuses logins with a role that has one.',
  );

const role = z.strictObject({ policy: policy.optional() });

const roleArn = z
  .string()
  .refine(isRoleArn, {
    error: 'is not a role ARN: it looks like arn:aws:iam::000000000000:role/name',
  })
  .describe('role ARN');

export const roles = z
  .record(roleArn, role)
  .default({})
  .describe(
    'The roles an identity provider may answer with, by ARN. A role that is not listed is refused at login.',
  );
