/** An HTTP server whose every answer the test writes (tests only). */

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What is answered; a text is sent as it is. `silent` sends nothing, or only the head, or half of the body. */
export interface ScriptedAnswer {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly silent?: 'at once' | 'after the head' | 'within the body';
}

export class ScriptedServer implements AsyncDisposable {
  readonly requests: ScriptedRequest[] = [];
  answer: (request: ScriptedRequest) => ScriptedAnswer;
  readonly #server: Server;

  static async start(answer: (request: ScriptedRequest) => ScriptedAnswer): Promise<ScriptedServer> {
    const server = new ScriptedServer(answer);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  private constructor(answer: (request: ScriptedRequest) => ScriptedAnswer) {
    this.answer = answer;
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const url = new URL(request.url ?? '/', 'http://localhost');
        const seen = {
          method: request.method ?? '',
          path: url.pathname,
          query: url.searchParams,
          headers: request.headers,
          body: Buffer.concat(parts).toString('utf8'),
        };
        this.requests.push(seen);
        const { status = 200, json, text, headers = {}, silent } = this.answer(seen);
        if (silent === 'at once') return;
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        if (silent === 'after the head') response.flushHeaders();
        else if (silent === 'within the body') response.write('{"half":');
        else response.end(text ?? JSON.stringify(json ?? null));
      });
    });
  }

  get origin(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${isAddress(address) ? address.port : 0}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
