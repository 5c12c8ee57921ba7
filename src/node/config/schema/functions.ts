/** Configuration of the identity-provider functions. */

import { z } from 'zod';
import {
  DEFAULT_MAX_INSTANCES,
  DEFAULT_MEMORY_MEGABYTES,
  parseFunctionArn,
} from '../../../identity/index.ts';

export const isFunctionArn = (text: string) => parseFunctionArn(text) !== undefined;

export const FUNCTION_ARN_HINT =
  'is not a function ARN: it looks like arn:aws:lambda:us-east-1:000000000000:function:name';

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: 'is not the name of an environment variable: letters, digits and _, not beginning with a digit',
  })
  .describe('NAME');

const lambdaFunction = z.strictObject({
  module: z
    .string()
    .min(1)
    .describe(
      'JavaScript or TypeScript module that exports `handler(event, context)`, as on AWS. Relative to this file.',
    ),
  environment: z
    .record(variableName, z.string())
    .default({})
    .describe("Environment variables of the function. It sees none of the server's own."),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(900)
    .default(10)
    .describe(
      'Longest time for one answer. The process of a function that takes longer is ended, the login refused.',
    ),
  memoryMegabytes: z
    .int()
    .min(64)
    .max(10_240)
    .default(DEFAULT_MEMORY_MEGABYTES)
    .describe("Limit of the function's JavaScript heap, for each instance."),
  maxInstances: z
    .int()
    .min(1)
    .max(1000)
    .default(DEFAULT_MAX_INSTANCES)
    .describe('Most processes of the function. An instance answers one login at a time, as on AWS.'),
});

export const functions = z
  .record(
    z.string().refine(isFunctionArn, { error: FUNCTION_ARN_HINT }).describe('function ARN'),
    lambdaFunction,
  )
  .default({})
  .describe(
    'Identity-provider functions that run here, by their Lambda ARN. Each runs in processes of its own.',
  );
