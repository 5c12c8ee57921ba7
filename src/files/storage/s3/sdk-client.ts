/** Makes the AWS SDK's S3 client as the storage wants it: one attempt a call, no checksums but ours, no output. */

import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { type Connections, SILENT } from './connections.ts';

/** Fixed keys, or who can be asked for them. */
export type CredentialSource = NonNullable<S3ClientConfig['credentials']>;

export interface ClientOptions {
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly pathStyle: boolean;
  /** The SDK's default chain when absent. */
  readonly credentials?: CredentialSource | undefined;
  readonly connections: Connections;
}

/** The client is not destroyed: all it holds is the connections, which belong to the storage. */
export function makeClient(options: ClientOptions): S3Client {
  const { endpoint, region, pathStyle, credentials, connections } = options;
  return new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: pathStyle,
    ...(credentials === undefined ? {} : { credentials }),
    requestHandler: connections.handler,
    // Bodies are streams, which the SDK cannot send twice: `callWithRetries` makes them anew.
    maxAttempts: 1,
    // Its own would read every body twice, and several services refuse its trailing checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A round trip before every part, and half of the services never answer it.
    expectContinueHeader: false,
    logger: SILENT,
  });
}
