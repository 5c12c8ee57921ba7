/** Calls to AWS Lambda through its SDK: one attempt, a bounded answer. */

import { pipeline, Readable, Transform } from 'node:stream';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { IdentityError } from '../provider.ts';
import { type Credentials, signingCredentials } from './credentials.ts';
import { MAX_ANSWER_BYTES } from './function-protocol.ts';
import { MAX_CALLS } from './remote-calls.ts';

const CONNECT_TIMEOUT_MS = 3000;

export interface LambdaClientSettings {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: Credentials;
}

export interface Invoked {
  /** JSON, unless the function failed in a strange way. */
  readonly payload: string;
  /** Whether the payload is the error of the function. */
  readonly isError: boolean;
}

export class LambdaCalls {
  readonly #client: LambdaClient;

  constructor({ region, endpoint, credentials }: LambdaClientSettings) {
    this.#client = new LambdaClient({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials: signingCredentials(credentials) }),
      // A code in a password is used up by the first attempt, so that a second one would refuse whom the first let in.
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({
        connectionTimeout: CONNECT_TIMEOUT_MS,
        httpAgent: { maxSockets: MAX_CALLS },
        httpsAgent: { maxSockets: MAX_CALLS },
      }),
    });
    this.#client.middlewareStack.add(
      (next) => async (call) => {
        const result = await next(call);
        return { ...result, response: bounded(result.response) };
      },
      // Next to the network, where the body is still a stream.
      { name: 'boundedAnswer', step: 'deserialize', priority: 'low' },
    );
  }

  /** Invokes and waits for the answer. @throws what the SDK throws; IdentityError ANSWER_TOO_LARGE */
  async invoke(functionArn: string, event: object, signal: AbortSignal): Promise<Invoked> {
    const { Payload, FunctionError } = await this.#client.send(
      new InvokeCommand({ FunctionName: functionArn, Payload: Buffer.from(JSON.stringify(event)) }),
      { abortSignal: signal },
    );
    const payload = Buffer.from(Payload ?? []).toString('utf8');
    return { payload, isError: FunctionError !== undefined };
  }

  /** Proves that the function exists and may be invoked, and does not invoke it. @throws what the SDK throws */
  async dryRun(functionArn: string, signal: AbortSignal): Promise<void> {
    await this.#client.send(new InvokeCommand({ FunctionName: functionArn, InvocationType: 'DryRun' }), {
      abortSignal: signal,
    });
  }

  close(): void {
    this.#client.destroy();
  }
}

/** Lambda itself never sends more; what stands at an endpoint of one's own might. */
function bounded(response: unknown): unknown {
  if (typeof response !== 'object' || response === null || !('body' in response)) return response;
  const { body } = response;
  if (!(body instanceof Readable)) return response;
  let byteCount = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      byteCount += chunk.length;
      if (byteCount <= MAX_ANSWER_BYTES) done(null, chunk);
      else done(new IdentityError('ANSWER_TOO_LARGE', `the answer has more than ${MAX_ANSWER_BYTES} bytes`));
    },
  });
  // An answer that breaks off, or is given up, must end for its reader too; the reader learns the error.
  pipeline(body, limit, () => {});
  response.body = limit;
  return response;
}
