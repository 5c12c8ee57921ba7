/** A simulated OneLogin account on a loopback port: tokens, the Authentication API, and users. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { bodyOf, type Exchange, type Reply } from '../exchange.ts';
import { commit, type Fault } from '../faults.ts';
import { Authentication, Failure } from './authentication.ts';
import { type Account, Accounts, type SimulatedUser } from './users.ts';

const LOOPBACK = '127.0.0.1';
/** Requests that are remembered; a simulator that is used as a tool for days drops the oldest. */
const MAX_REQUESTS = 1000;

export interface OneLoginSimulatorOptions {
  readonly users: readonly SimulatedUser[];
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subdomain: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** 0 takes a free one. */
  readonly port?: number;
}

/** Life: construct → `start` → requests → `stop`. */
export class OneLoginSimulator {
  readonly #port: number;
  readonly #server: Server;
  readonly #accounts: Accounts;
  readonly #authentication: Authentication;
  readonly #faults: { readonly path: RegExp; readonly fault: Fault }[] = [];
  readonly #requests: string[] = [];
  readonly #violations: string[] = [];
  #origin = '';

  constructor({ users, now = Date.now, port = 0, ...settings }: OneLoginSimulatorOptions) {
    this.#port = port;
    this.#accounts = new Accounts(users);
    this.#authentication = new Authentication({
      ...settings,
      accounts: this.#accounts,
      now,
      origin: () => this.#origin,
    });
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  /** For the option `url`. */
  get origin(): string {
    return this.#origin;
  }

  /** Such as `POST /api/1/login/auth 401`, without anything secret. */
  get requests(): readonly string[] {
    return this.#requests;
  }

  /** What the client did that it must not. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  get tokenCount(): number {
    return this.#authentication.tokenCount;
  }

  get pushCount(): number {
    return this.#authentication.pushCount;
  }

  failuresOf(name: string): number {
    return this.#accounts.byNameOrEmail(name)?.failureCount ?? 0;
  }

  revokeBearers(): void {
    this.#authentication.revokeBearers();
  }

  /** The next request for a path that fits fails like this; several wait for their turn. */
  failNext(path: RegExp, fault: Fault): void {
    this.#faults.push({ path, fault });
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, LOOPBACK);
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
    const makeReply = async () => this.#reply(exchange);
    const reply = fault === undefined ? await makeReply() : await commit(fault, response, makeReply);
    this.#requests.push(`${exchange.method} ${url.pathname} ${reply?.status ?? 0}`);
    if (this.#requests.length > MAX_REQUESTS) this.#requests.shift();
    if (reply === undefined) return;
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.text ?? JSON.stringify(reply.json));
  }

  #check({ url, method, headers }: Exchange): void {
    const shown = decodeURIComponent(url.href.replaceAll('+', ' '));
    if (this.#accounts.all.some(({ user }) => shown.includes(user.password)))
      this.#violations.push(`${method} ${url.pathname}: a password in the URL`);
    if (method === 'POST' && headers['content-type'] !== 'application/json')
      this.#violations.push(`${method} ${url.pathname}: no JSON`);
  }

  #takeFault(path: string): Fault | undefined {
    const index = this.#faults.findIndex((each) => each.path.test(path));
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0]?.fault;
  }

  #reply(exchange: Exchange): Reply {
    try {
      return this.#route(exchange);
    } catch (error) {
      return error instanceof Failure ? error.reply : new Failure(500, 'Internal error').reply;
    }
  }

  #route(exchange: Exchange): Reply {
    const { pathname } = exchange.url;
    switch (`${exchange.method} ${pathname}`) {
      case 'POST /auth/oauth2/v2/token':
        return this.#authentication.token(exchange);
      case 'POST /api/1/login/auth':
        return this.#authentication.logIn(exchange);
      case 'POST /api/1/login/verify_factor':
        return this.#authentication.verifyFactor(exchange);
      case 'GET /api/2/users':
        return this.#users(exchange);
    }
    const id = exchange.method === 'GET' ? /^\/api\/2\/users\/(\d+)$/.exec(pathname)?.[1] : undefined;
    if (id === undefined) throw new Failure(404, 'Not found');
    return this.#user(exchange, Number(id));
  }

  /** The filters know `*`, as OneLogin's do. */
  #users(exchange: Exchange): Reply {
    this.#authentication.requireBearer(exchange);
    const { searchParams } = exchange.url;
    const fits = (filter: string | null, value: string) => filter === null || patternOf(filter).test(value);
    const found = this.#accounts.all.filter(
      ({ user }) =>
        fits(searchParams.get('username'), user.username) && fits(searchParams.get('email'), user.email),
    );
    return { status: 200, json: found.map((account) => entryOf(account)) };
  }

  #user(exchange: Exchange, id: number): Reply {
    this.#authentication.requireBearer(exchange);
    const account = this.#accounts.all.find(({ user }) => user.id === id);
    if (account === undefined) throw new Failure(404, 'User not found');
    const { roleIds = [], customAttributes = {} } = account.user;
    return {
      status: 200,
      json: { ...entryOf(account), role_ids: roleIds, custom_attributes: customAttributes },
    };
  }
}

function entryOf({ user, status }: Account) {
  return { id: user.id, username: user.username, email: user.email, status };
}

function patternOf(filter: string): RegExp {
  const escaped = filter.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`, 'i');
}
