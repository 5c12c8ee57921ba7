/** A simulated OneLogin account on a loopback port: tokens, the Authentication API, and users. */

import type { Exchange, Reply } from '../exchange.ts';
import type { Fault } from '../faults.ts';
import { SimulatedService } from '../service.ts';
import { Authentication, Failure } from './authentication.ts';
import { type Account, Accounts, type SimulatedUser } from './users.ts';

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
  readonly #service: SimulatedService;
  readonly #accounts: Accounts;
  readonly #authentication: Authentication;

  constructor({ users, now = Date.now, port = 0, ...settings }: OneLoginSimulatorOptions) {
    this.#accounts = new Accounts(users);
    this.#authentication = new Authentication({
      ...settings,
      accounts: this.#accounts,
      now,
      origin: () => this.#service.origin,
    });
    this.#service = new SimulatedService({
      port,
      reply: (exchange) => this.#reply(exchange),
      violationOf: ({ method, headers }) =>
        method === 'POST' && headers['content-type'] !== 'application/json' ? 'no JSON' : undefined,
      passwords: () => this.#accounts.all.map(({ user }) => user.password),
    });
  }

  /** For the option `url`. */
  get origin(): string {
    return this.#service.origin;
  }

  /** Such as `POST /api/1/login/auth 401`, without anything secret. */
  get requests(): readonly string[] {
    return this.#service.requests;
  }

  /** What the client did that it must not. */
  get violations(): readonly string[] {
    return this.#service.violations;
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
    this.#service.failNext(path, fault);
  }

  start(): Promise<void> {
    return this.#service.start();
  }

  stop(): Promise<void> {
    return this.#service.stop();
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
