/** How built-in providers reach AWS services, or what speaks their protocol: region, endpoint, credentials, time limits. */

import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { z } from 'zod';

const CONNECT_TIMEOUT_MS = 3000;
const REQUEST_TIMEOUT_MS = 5000;
/** Connections to one service at once; a burst of logins beyond these waits within its deadline. */
const MAX_SOCKETS = 64;

/** The part of a provider's or a source's options that says where an AWS service is. */
export const awsOptions = {
  region: z.string().min(1).optional().describe('AWS region; by default the one of the function.'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Another endpoint than the one of AWS.'),
  credentials: z
    .strictObject({
      accessKeyId: z.string().min(1).describe('Access key id.'),
      secretAccessKey: z.string().min(1).describe('Secret access key.'),
      sessionToken: z.string().min(1).optional().describe('Session token, of temporary credentials.'),
    })
    .optional()
    .describe('Credentials; by default the usual chain: environment, profile, container, instance.'),
};

export type AwsOptions = z.output<z.ZodObject<typeof awsOptions>>;

/** Settings for a client of the AWS SDK. `attempts`: 1 where a repetition would count as another login attempt. */
export function awsClientSettings(options: AwsOptions, surroundings: { region: string; attempts: 1 | 2 }) {
  return {
    region: options.region ?? surroundings.region,
    credentials: credentialsOf(options),
    maxAttempts: surroundings.attempts,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // The one above ends with the head of the answer; a body that stops would be waited for without end.
      socketTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: MAX_SOCKETS },
      httpsAgent: { maxSockets: MAX_SOCKETS },
    }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
  };
}

function credentialsOf({ credentials }: AwsOptions) {
  if (credentials === undefined) return defaultProvider();
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
