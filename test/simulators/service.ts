/** What every simulated service is made of: a loopback port, faults on demand, and a record of what was asked. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { bodyOf, type Exchange, type Reply } from './exchange.ts';
import { commit, type Fault } from './faults.ts';

const LOOPBACK = '127.0.0.1';
/** Requests that are remembered; a simulator that is used as a tool for days drops the oldest. */
const MAX_REQUESTS = 1000;

export interface ServiceOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** The answer to a request. */
  readonly reply: (exchange: Exchange) => Reply;
  /** What the client did that it must not, if anything; a password in a URL is found without it. */
  readonly violationOf: (exchange: Exchange) => string | undefined;
  /** Passwords of the users, which no URL may hold. */
  readonly passwords: () => readonly string[];
}

/** Life: construct → `start` → requests → `stop`. */
export class SimulatedService {
  readonly #options: ServiceOptions;
  readonly #server: Server;
  readonly #faults: { readonly path: RegExp; readonly fault: Fault }[] = [];
  readonly #requests: string[] = [];
  readonly #violations: string[] = [];
  #origin = '';

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  get origin(): string {
    return this.#origin;
  }

  /** Such as `POST /token 401`, without anything secret. */
  get requests(): readonly string[] {
    return this.#requests;
  }

  /** What the client did that it must not. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /** The next request for a path that fits fails like this; several wait for their turn. */
  failNext(path: RegExp, fault: Fault): void {
    this.#faults.push({ path, fault });
  }

  async start(): Promise<void> {
    this.#server.listen(this.#options.port, LOOPBACK);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no address');
    this.#origin = `http://${LOOPBACK}:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.#origin);
    const body = await bodyOf(request);
    const exchange: Exchange = { method: request.method ?? '', url, headers: request.headers, body };
    this.#check(exchange);
    const fault = this.#takeFault(url.pathname);
    const makeReply = async () => this.#options.reply(exchange);
    const reply = fault === undefined ? await makeReply() : await commit(fault, response, makeReply);
    this.#requests.push(`${exchange.method} ${url.pathname} ${reply?.status ?? 0}`);
    if (this.#requests.length > MAX_REQUESTS) this.#requests.shift();
    if (reply === undefined) return;
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.text ?? JSON.stringify(reply.json));
  }

  #check(exchange: Exchange): void {
    const { method, url } = exchange;
    const shown = decodeURIComponent(url.href.replaceAll('+', ' '));
    const isTold = this.#options.passwords().some((password) => shown.includes(password));
    const violations = [isTold ? 'a password in the URL' : undefined, this.#options.violationOf(exchange)];
    for (const violation of violations)
      if (violation !== undefined) this.#violations.push(`${method} ${url.pathname}: ${violation}`);
  }

  #takeFault(path: string): Fault | undefined {
    const index = this.#faults.findIndex((each) => each.path.test(path));
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0]?.fault;
  }
}
