/** An object store on a simulated S3, both ended with the test that asked for them. */

import type { TestContext } from 'node:test';
import { Connections } from '../connections.ts';
import { makeClient } from '../sdk-client.ts';
import { SdkObjectStore } from '../sdk-object-store.ts';
import { SimulatedS3, type SimulatedS3Options } from './simulated-s3.ts';

/** Short, because tests wait for it. */
const REQUEST_TIMEOUT_MS = 2_000;

export interface SimulatedStore {
  readonly service: SimulatedS3;
  readonly store: SdkObjectStore;
}

export async function simulatedStore(
  context: TestContext,
  options: SimulatedS3Options & { readonly requestTimeoutMs?: number } = {},
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
  return { service, store: new SdkObjectStore({ client, bucket: service.bucket, requestTimeoutMs }) };
}
