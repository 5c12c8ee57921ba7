/** The part of the Lambda service that invokes functions, with a handler in this process behind it (tests only). */

import { createServer, type Server } from 'node:http';
import type { LambdaContext } from '../lambda-handler.ts';

const TIMEOUT_MS = 10_000;

export type InvokedHandler = (event: unknown, context: LambdaContext) => Promise<unknown>;

export class InvokeEndpoint implements AsyncDisposable {
  readonly #server: Server;

  constructor(handler: InvokedHandler) {
    this.#server = createServer(async (request, response) => {
      const body = (await request.toArray()).join('');
      if (request.headers['x-amz-invocation-type'] === 'DryRun') {
        response.writeHead(204).end();
        return;
      }
      const endMs = performance.now() + TIMEOUT_MS;
      const context = {
        awsRequestId: 'request',
        getRemainingTimeInMillis: () => Math.round(endMs - performance.now()),
      };
      try {
        response.end(JSON.stringify(await handler(JSON.parse(body), context)));
      } catch (error) {
        const { name, message } = error instanceof Error ? error : new Error('unknown');
        response.setHeader('X-Amz-Function-Error', 'Unhandled');
        response.end(JSON.stringify({ errorType: name, errorMessage: message }));
      }
    });
  }

  /** Resolves to the URL of the endpoint. */
  listen(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#server.listen(0, '127.0.0.1', () => {
      const address = this.#server.address();
      if (typeof address === 'object' && address !== null) resolve(`http://127.0.0.1:${address.port}`);
    });
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
