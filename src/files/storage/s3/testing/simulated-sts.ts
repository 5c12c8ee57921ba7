/** A small STS for tests: hands out keys for every role but those it is told to refuse. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

const HOST = '127.0.0.1';
const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** Life: `start` → use → dispose. */
export class SimulatedSts implements AsyncDisposable {
  readonly endpoint: string;
  /** The forms of all requests. */
  readonly requests: URLSearchParams[] = [];
  /** ARNs that nobody may assume. */
  readonly refused = new Set<string>();
  /** How long the keys are good for. */
  lifetimeMs = 3_600_000;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.endpoint = `http://${HOST}:${port}`;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<SimulatedSts> {
    const server = createServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, HOST, resolve);
    await promise;
    const address = server.address();
    return new SimulatedSts(server, typeof address === 'object' && address !== null ? address.port : 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const form = new URLSearchParams(Buffer.concat(pieces).toString());
    this.requests.push(form);
    const isRefused = this.refused.has(form.get('RoleArn') ?? '');
    response.writeHead(isRefused ? 403 : 200, { 'content-type': 'text/xml' });
    response.end(isRefused ? refusal() : this.#answer(form.get('Action') ?? ''));
  }

  #answer(action: string): string {
    const number = this.requests.length;
    const result =
      action === 'AssumeRole'
        ? `<Credentials><AccessKeyId>ASIA${number}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>` +
          `<SessionToken>token-${number}</SessionToken>` +
          `<Expiration>${new Date(Date.now() + this.lifetimeMs).toISOString()}</Expiration></Credentials>`
        : '<Account>000000000000</Account>';
    return `<${action}Response xmlns="${NAMESPACE}"><${action}Result>${result}</${action}Result></${action}Response>`;
  }
}

function refusal(): string {
  return (
    `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>AccessDenied</Code>` +
    '<Message>not authorized to perform: sts:AssumeRole</Message></Error><RequestId>STS1</RequestId></ErrorResponse>'
  );
}
