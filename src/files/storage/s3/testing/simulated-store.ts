/** An object store on a simulated S3, both ended with the test that asked for them. */

import type { TestContext } from 'node:test';
import { Connections } from '../connections.ts';
import type { CopyLimits } from '../copying.ts';
import { makeClient } from '../sdk-client.ts';
import { SdkObjectStore } from '../sdk-object-store.ts';
import { SimulatedS3, type SimulatedS3Options } from './simulated-s3.ts';

/** Short, because tests wait for it. */
const REQUEST_TIMEOUT_MS = 2_000;

export interface SimulatedStoreOptions extends SimulatedS3Options {
  readonly requestTimeoutMs?: number;
  readonly copyLimits?: CopyLimits;
}

export interface SimulatedStore {
  readonly service: SimulatedS3;
  readonly store: SdkObjectStore;
}

export async function simulatedStore(
  context: TestContext,
  options: SimulatedStoreOptions = {},
): Promise<SimulatedStore> {
  const service = await SimulatedS3.start(options);
  const connections = new Connections();
  context.after(async () => {
    connections.close();
    await service[Symbol.asyncDispose]();
  });
  const client = makeClient({
    endpoint: service.endpoint,
    region: 'us-east-1',
    pathStyle: true,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
    connections,
  });
  const requestTimeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const { copyLimits } = options;
  const limits = copyLimits === undefined ? {} : { copyLimits };
  const store = new SdkObjectStore({ client, bucket: service.bucket, requestTimeoutMs, ...limits });
  return { service, store };
}
