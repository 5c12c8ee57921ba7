/** Configuration of the IAM roles that identity providers may give to users. */

import { z } from 'zod';
import { isRoleArn } from '../../../identity/index.ts';
import { compilePolicy, PolicyError } from '../../../policy/index.ts';

const policy = z
  .looseObject({
    Version: z.enum(['2012-10-17', '2008-10-17']).describe('Version of the policy language.'),
    Statement: z
      .union([z.array(z.looseObject({})), z.looseObject({})], {
        error: 'must be a statement or a list of statements',
      })
      .describe('The statements, as in IAM.'),
  })
  .superRefine((document, context) => {
    const message = whyUnusable(document);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .describe(
    'IAM policy of the role, asked before every operation. A role without one may do everything that the storage holds.',
  );

/** A policy that is not understood would be enforced wrongly, so that nothing starts with it. */
function whyUnusable(document: unknown): string | undefined {
  try {
    compilePolicy(document);
    return undefined;
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
    throw error;
  }
}

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
