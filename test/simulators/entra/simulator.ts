/** A simulated tenant of Entra ID on a loopback port: the token endpoint, the device code flow, and Microsoft Graph beside it. */

import type { Exchange, Reply } from '../exchange.ts';
import type { Fault } from '../faults.ts';
import { SimulatedService } from '../service.ts';
import { Authority, type SimulatedClient } from './authority.ts';
import { DeviceCodes } from './device-codes.ts';
import { devicePage } from './device-page.ts';
import { aadsts, Failure, graphFailure } from './failures.ts';
import { Graph } from './graph.ts';
import { TokenSigner } from './tokens.ts';
import { Accounts, type SimulatedUser } from './users.ts';

const DEFAULT_PAGE_SIZE = 999;

export interface EntraSimulatorOptions {
  readonly tenantId: string;
  readonly client: SimulatedClient;
  readonly users: readonly SimulatedUser[];
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Most groups on a page. */
  readonly pageSize?: number;
  /** 0 takes a free one. */
  readonly port?: number;
}

type Handler = (exchange: Exchange, part: string) => Reply;

/** Life: construct → `start` → requests → `stop`. */
export class EntraSimulator {
  readonly #tenantId: string;
  readonly #service: SimulatedService;
  readonly #signer = new TokenSigner();
  readonly #accounts: Accounts;
  readonly #devices: DeviceCodes;
  readonly #authority: Authority;
  readonly #routes: readonly (readonly [method: string, path: RegExp, handler: Handler])[];

  constructor({ tenantId, client, users, now = Date.now, pageSize, port = 0 }: EntraSimulatorOptions) {
    const origin = () => this.#service.origin;
    const accounts = new Accounts(users);
    this.#tenantId = tenantId;
    this.#accounts = accounts;
    this.#devices = new DeviceCodes(now);
    this.#authority = new Authority({
      tenantId,
      client,
      accounts,
      signer: this.#signer,
      deviceCodes: this.#devices,
      now,
      origin,
    });
    const authority = this.#authority;
    const graph = new Graph({ authority, accounts, origin, pageSize: pageSize ?? DEFAULT_PAGE_SIZE });
    this.#routes = [
      [
        'POST',
        /^\/([^/]+)\/oauth2\/v2\.0\/token$/,
        this.#ofTenant((exchange, tenant) => authority.token(tenant, exchange)),
      ],
      [
        'POST',
        /^\/([^/]+)\/oauth2\/v2\.0\/devicecode$/,
        this.#ofTenant((exchange) => authority.deviceCode(exchange)),
      ],
      ['GET', /^\/([^/]+)\/discovery\/v2\.0\/keys$/, this.#ofTenant(() => json(this.#signer.keys()))],
      [
        'GET',
        /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/,
        this.#ofTenant((_, tenant) => this.#configuration(tenant)),
      ],
      ['GET', /^\/v1\.0\/(me|users\/[^/]+)$/, (exchange, who) => graph.user(nameIn(who), exchange)],
      [
        'GET',
        /^\/v1\.0\/(me|users\/[^/]+)\/transitiveMemberOf\/microsoft\.graph\.group$/,
        (exchange, who) => graph.groups(nameIn(who), exchange),
      ],
      ['GET', /^\/(devicelogin)$/, (exchange) => devicePage(exchange, this.#devices)],
      ['POST', /^\/(devicelogin)$/, (exchange) => devicePage(exchange, this.#devices)],
    ];
    this.#service = new SimulatedService({
      port,
      reply: (exchange) => this.#reply(exchange),
      violationOf: ({ method, headers }) =>
        method === 'POST' && headers['content-type'] !== 'application/x-www-form-urlencoded'
          ? 'no form'
          : undefined,
      passwords: () => this.#accounts.all.map(({ user }) => user.password),
    });
  }

  get origin(): string {
    return this.#service.origin;
  }

  /** For the option `authority`. */
  get authorityUrl(): string {
    return `${this.#service.origin}/${this.#tenantId}`;
  }

  /** Such as `POST /{tenant}/oauth2/v2.0/token 400`, without anything secret. */
  get requests(): readonly string[] {
    return this.#service.requests;
  }

  /** What the client did that it must not. */
  get violations(): readonly string[] {
    return this.#service.violations;
  }

  /** How often the application asked for a token in its own name. */
  get appTokenCount(): number {
    return this.#authority.appTokenCount;
  }

  failuresOf(name: string): number {
    return this.#accounts.byName(name)?.failureCount ?? 0;
  }

  /** The next request for a path that fits fails like this; several wait for their turn. */
  failNext(path: RegExp, fault: Fault): void {
    this.#service.failNext(path, fault);
  }

  rotateKeys(): void {
    this.#signer.rotate();
  }

  revokeAccessTokens(): void {
    this.#authority.revokeAccessTokens();
  }

  /** Somebody enters the code in a browser; without a name they decline. */
  decideDevice(userCode: string, name?: string): void {
    if (!this.#devices.decide(userCode, name)) throw new Error('there is no such user code');
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
      if (error instanceof Failure) return error.reply;
      return graphFailure(500, 'InternalServerError').reply;
    }
  }

  #route(exchange: Exchange): Reply {
    for (const [method, path, handler] of this.#routes) {
      const part = path.exec(exchange.url.pathname)?.[1];
      if (part !== undefined && method === exchange.method)
        return handler(exchange, decodeURIComponent(part));
    }
    throw graphFailure(404, 'NotFound');
  }

  /** The tenant by its id, and what stands for several. */
  #ofTenant(handler: Handler): Handler {
    const known = [this.#tenantId, 'contoso.example', 'organizations', 'common', 'consumers'];
    return (exchange, tenant) => {
      if (!known.includes(tenant)) throw aadsts(90002);
      return handler(exchange, tenant);
    };
  }

  #configuration(tenant: string): Reply {
    const isOne = tenant === this.#tenantId || tenant === 'contoso.example';
    const base = `${this.#service.origin}/${tenant}`;
    return json({
      issuer: `${this.#service.origin}/${isOne ? this.#tenantId : '{tenantid}'}/v2.0`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    });
  }
}

function json(value: unknown): Reply {
  return { status: 200, json: value };
}

/** `users/jdoe@contoso.example` is about that user. */
function nameIn(who: string): string {
  return who.startsWith('users/') ? who.slice('users/'.length) : who;
}
