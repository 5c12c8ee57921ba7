/** An HTTP method as "Implementing your API Gateway method" of origin text 002 describes it, written for its examples. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';

const HOST = '127.0.0.1';
const PATH = /^\/prod\/servers\/(s-[0-9a-f]{17})\/users\/([^/]+)\/config$/;

/** What is answered: a status that is not 200 for a number, a body that is no JSON for bytes, else the value as JSON. */
export type MethodAnswers = Readonly<Record<string, unknown>>;

export interface AskedOnce {
  readonly method: string;
  readonly serverId: string;
  readonly userName: string;
  readonly query: Readonly<Record<string, string>>;
  /** Of the headers `Password` and `PasswordBase64`, the latter decoded. */
  readonly passwords: readonly (string | undefined)[];
}

export class ExampleMethod implements AsyncDisposable {
  readonly asked: AskedOnce[] = [];
  /** Requests for something else. */
  readonly strays: string[] = [];
  readonly #answers: MethodAnswers;
  readonly #server: Server;
  #url = '';

  static async start(answers: MethodAnswers): Promise<ExampleMethod> {
    const method = new ExampleMethod(answers);
    method.#server.listen(0, HOST);
    await once(method.#server, 'listening');
    const address = method.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no address');
    method.#url = `http://${HOST}:${address.port}/prod`;
    return method;
  }

  private constructor(answers: MethodAnswers) {
    this.#answers = answers;
    this.#server = createServer((request, response) => {
      const { status, body } = this.#answer(request);
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  }

  get url(): string {
    return this.#url;
  }

  #answer(request: IncomingMessage): { readonly status: number; readonly body: string | Buffer } {
    const url = new URL(request.url ?? '/', this.#url);
    const [, serverId, name] = PATH.exec(url.pathname) ?? [];
    if (serverId === undefined || name === undefined) {
      this.strays.push(`${request.method} ${url.pathname}`);
      return { status: 404, body: '{}' };
    }
    const userName = decodeURIComponent(name);
    const { password, passwordbase64 } = request.headers;
    this.asked.push({
      method: request.method ?? '',
      serverId,
      userName,
      query: Object.fromEntries(url.searchParams),
      passwords: [password, passwordbase64].map(String).map((text, index) => {
        if (text === 'undefined') return undefined;
        return index === 0 ? text : Buffer.from(text, 'base64').toString('utf8');
      }),
    });
    const answer = this.#answers[userName] ?? {};
    if (typeof answer === 'number') return { status: answer, body: '{"message":"Internal server error"}' };
    return { status: 200, body: answer instanceof Buffer ? answer : JSON.stringify(answer) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
