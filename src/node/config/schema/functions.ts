/** Configuration of the identity-provider functions. */

import { z } from 'zod';
import { builtInProviders } from '../../../identity/configuration.ts';
import {
  DEFAULT_MAX_INSTANCES,
  DEFAULT_MEMORY_MEGABYTES,
  parseFunctionArn,
} from '../../../identity/index.ts';
import { awsOptions } from '../../../identity/upstream/aws.ts';

export const isFunctionArn = (text: string) => parseFunctionArn(text) !== undefined;

export const FUNCTION_ARN_HINT =
  'is not a function ARN: it looks like arn:aws:lambda:us-east-1:000000000000:function:name';

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: 'is not the name of an environment variable: letters, digits and _, not beginning with a digit',
  })
  .describe('NAME');

const environment = z
  .record(variableName, z.string())
  .default({})
  .describe("Environment variables of the function. It sees none of the server's own.");

const timeoutSeconds = z
  .int()
  .min(1)
  .max(900)
  .default(10)
  .describe(
    'Longest time for one answer. A function that takes longer has failed, and the login is refused; the process of a module or a ' +
      'command is ended.',
  );

const memoryMegabytes = z
  .int()
  .min(64)
  .max(10_240)
  .default(DEFAULT_MEMORY_MEGABYTES)
  .describe("Limit of the function's JavaScript heap, for each instance.");

const maxInstances = z
  .int()
  .min(1)
  .max(1000)
  .default(DEFAULT_MAX_INSTANCES)
  .describe('Most processes of the function. An instance answers one login at a time, as on AWS.');

const moduleFunction = z.strictObject({
  module: z
    .string()
    .min(1)
    .describe(
      'JavaScript or TypeScript module that exports `handler(event, context)`, as on AWS. Relative to this file.',
    ),
  environment,
  timeoutSeconds,
  memoryMegabytes,
  maxInstances,
});

const commandFunction = z.strictObject({
  command: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'Program and arguments of a runtime that speaks the Lambda Runtime API, such as `[python3, -m, awslambdaric, ' +
        'handler.lambda_handler]`. Started without a shell.',
    ),
  folder: z
    .string()
    .min(1)
    .default('.')
    .describe('Working folder of the command, its LAMBDA_TASK_ROOT. Relative to this file.'),
  environment,
  timeoutSeconds,
  maxInstances,
});

/** What names one of the other kinds must not stand here: else a mistake in such a function is taken for a key too many. */
const noOtherKind = {
  module: z.never().optional(),
  command: z.never().optional(),
  provider: z.never().optional(),
};

const remoteFunction = z
  .strictObject({
    ...noOtherKind,
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Endpoint of the Lambda service, where it is not the one of AWS.'),
    credentials: awsOptions.credentials,
    timeoutSeconds,
  })
  .transform(({ module: _module, command: _command, provider: _provider, ...remote }) => remote);

/** How the process of a built-in provider is run. */
export const builtInProcess = { environment, timeoutSeconds, memoryMegabytes };

export const functions = z
  .record(
    z.string().refine(isFunctionArn, { error: FUNCTION_ARN_HINT }).describe('function ARN'),
    z.union([moduleFunction, commandFunction, builtInProviders(builtInProcess), remoteFunction]),
  )
  .default({})
  .describe(
    'Identity-provider functions by their Lambda ARN: a `module` or a `command` that runs here, a built-in `provider`, or ' +
      'neither: a function on AWS.',
  );
