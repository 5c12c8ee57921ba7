/** A simulated Okta org on a loopback port: the Authentication API, the Users API and the OAuth endpoints. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { bodyOf, type Exchange, ok, type Reply } from '../exchange.ts';
import { commit, type Fault } from '../faults.ts';
import { Authentication } from './authentication.ts';
import { ClientChecks } from './client-checks.ts';
import { Directory } from './directory.ts';
import { errorBody, OAuthFailure, OKTA_ERRORS, OktaFailure } from './errors.ts';
import { OAuth, type OAuthClient } from './oauth.ts';
import { type RateLimitSettings, RateLimits } from './rate-limits.ts';
import { TokenSigner } from './tokens.ts';
import type { FactorsShape } from './transaction.ts';
import { Transcript } from './transcript.ts';
import { Accounts, type SimulatedUser } from './users.ts';

const DEFAULT_PAGE_SIZE = 200;
const LOOPBACK = '127.0.0.1';

export interface OktaSimulatorOptions {
  readonly users: readonly SimulatedUser[];
  /** Milliseconds since 1970; a fixed clock makes codes and expiry foreseeable. */
  readonly now?: () => number;
  readonly apiToken?: string;
  readonly clients?: readonly OAuthClient[];
  readonly rateLimits?: RateLimitSettings;
  readonly factorsShape?: FactorsShape;
  /** Most groups on a page. */
  readonly pageSize?: number;
  /** 0 takes a free one. */
  readonly port?: number;
}

type Handler = (exchange: Exchange, parts: readonly (string | undefined)[]) => Reply;

/** Life: construct → `start` → requests → `stop`. */
export class OktaSimulator {
  readonly transcript = new Transcript();
  readonly #server: Server;
  readonly #port: number;
  readonly #checks: ClientChecks;
  readonly #limits: RateLimits;
  readonly #signer: TokenSigner;
  readonly #oauth: OAuth;
  readonly #routes: readonly (readonly [method: string, path: RegExp, handler: Handler])[];
  readonly #faults: { readonly path: RegExp; readonly fault: Fault }[] = [];
  readonly #accounts: Accounts;
  #origin = '';

  constructor(options: OktaSimulatorOptions) {
    const { users, apiToken = '00simulatedApiToken', clients = [], port = 0 } = options;
    const now = options.now ?? Date.now;
    const origin = () => this.#origin;
    const accounts = new Accounts(users);
    const checks = new ClientChecks(users);
    const limits = new RateLimits(options.rateLimits ?? {}, now);
    const shape = options.factorsShape ?? 'factors';
    const authentication = new Authentication({ accounts, checks, limits, now, origin, apiToken, shape });
    this.#accounts = accounts;
    this.#port = port;
    this.#checks = checks;
    this.#limits = limits;
    this.#signer = new TokenSigner(now);
    this.#oauth = new OAuth({ accounts, authentication, signer: this.#signer, limits, clients, now, origin });
    const session = (sid: string) => this.#oauth.session(sid);
    const pageSize = options.pageSize ?? DEFAULT_PAGE_SIZE;
    this.#routes = routes(
      authentication,
      new Directory({ accounts, apiToken, origin, pageSize, session }),
      this.#oauth,
      this.#signer,
    );
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  /** Such as `http://127.0.0.1:34567`: the org URL. */
  get origin(): string {
    return this.#origin;
  }

  /** What the client did that it must not. */
  get violations(): readonly string[] {
    return this.#checks.violations;
  }

  /** Wrong passwords and codes of a user, which lock the account at some number. */
  failuresOf(login: string): number {
    return this.#accounts.byName(login)?.failureCount ?? 0;
  }

  /** The next request for a path that fits fails like this; several wait for their turn. */
  failNext(path: RegExp, fault: Fault): void {
    this.#faults.push({ path, fault });
  }

  /** Sign with another key from now on. */
  rotateKeys(): void {
    this.#signer.rotate();
  }

  /** Somebody answers a device flow; without a login they deny it. */
  decideDevice(userCode: string, login?: string): void {
    this.#oauth.decideDevice(userCode, login);
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
    const exchange: Exchange = {
      method: request.method ?? '',
      url,
      headers: request.headers,
      body: await bodyOf(request),
    };
    this.#checks.request(exchange);
    const reply = await this.#replyOrFail(exchange, response);
    if (reply === undefined) {
      this.transcript.add({ method: exchange.method, path: url.pathname, status: 0 }, undefined);
      return;
    }
    this.transcript.add({ method: exchange.method, path: url.pathname, status: reply.status }, reply.json);
    response.writeHead(reply.status, {
      'content-type': 'application/json',
      'x-okta-request-id': 'simulated',
      ...this.#limits.headers(),
      ...reply.headers,
    });
    response.end(reply.text ?? JSON.stringify(reply.json));
  }

  /** The call counts as one at once for as long as it takes, faults included. */
  async #replyOrFail(exchange: Exchange, response: ServerResponse): Promise<Reply | undefined> {
    try {
      try {
        this.#limits.begin();
      } catch (error) {
        return refusal(error);
      }
      const fault = this.#takeFault(exchange.url.pathname);
      if (fault === undefined) return this.#reply(exchange);
      return await commit(fault, response, async () => this.#reply(exchange));
    } finally {
      this.#limits.end();
    }
  }

  #takeFault(path: string): Fault | undefined {
    const index = this.#faults.findIndex((each) => each.path.test(path));
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0]?.fault;
  }

  #reply(exchange: Exchange): Reply {
    try {
      return this.#route(exchange);
    } catch (error) {
      return refusal(error);
    }
  }

  #route(exchange: Exchange): Reply {
    let isPathKnown = false;
    for (const [method, path, handler] of this.#routes) {
      const match = path.exec(exchange.url.pathname);
      if (match === null) continue;
      isPathKnown = true;
      if (method === exchange.method) return handler(exchange, match.slice(1).map(decodePart));
    }
    throw new OktaFailure(isPathKnown ? 'E0000022' : 'E0000007');
  }
}

function routes(authentication: Authentication, directory: Directory, oauth: OAuth, signer: TokenSigner) {
  const authn = '^/api/v1/authn';
  const server = '^/oauth2(?:/([^/]+))?/v1';
  const all: readonly (readonly [method: string, path: string, handler: Handler])[] = [
    ['POST', `${authn}$`, (exchange) => authentication.primary(exchange)],
    [
      'POST',
      `${authn}/factors/([^/]+)/verify$`,
      (exchange, [id = '']) => authentication.verify(id, exchange),
    ],
    [
      'POST',
      `${authn}/factors/([^/]+)/verify/resend$`,
      (exchange, [id = '']) => authentication.resend(id, exchange),
    ],
    ['POST', `${authn}/cancel$`, (exchange) => authentication.cancel(exchange)],
    ['POST', `${authn}/previous$`, (exchange) => authentication.previous(exchange)],
    ['POST', `${authn}/skip$`, (exchange) => authentication.skip(exchange)],
    ['POST', `${authn}/recovery/unlock$`, () => authentication.unlock()],
    ['GET', '^/api/v1/users/([^/]+)$', (exchange, [name = '']) => directory.user(name, exchange)],
    ['GET', '^/api/v1/users/([^/]+)/groups$', (exchange, [name = '']) => directory.groups(name, exchange)],
    ['POST', `${server}/token$`, (exchange, [name]) => oauth.token(name, exchange)],
    ['POST', `${server}/challenge$`, (exchange) => oauth.challenge(exchange)],
    ['POST', `${server}/primary-authenticate$`, (exchange) => oauth.primaryAuthenticate(exchange)],
    ['POST', `${server}/device/authorize$`, (exchange) => oauth.deviceAuthorize(exchange)],
    ['GET', `${server}/authorize$`, (exchange, [name]) => oauth.authorize(name, exchange)],
    ['GET', `${server}/keys$`, () => ok(signer.keys())],
    [
      'GET',
      '^(?:/oauth2/([^/]+))?/\\.well-known/openid-configuration$',
      (_, [name]) => oauth.configuration(name),
    ],
  ];
  return all.map(([method, path, handler]) => [method, new RegExp(path), handler] as const);
}

function refusal(error: unknown): Reply {
  if (error instanceof OktaFailure)
    return { status: OKTA_ERRORS[error.code][0], json: errorBody(error.code), headers: error.headers };
  if (error instanceof OAuthFailure) return { status: error.status, json: error.body };
  return { status: OKTA_ERRORS.E0000009[0], json: errorBody('E0000009') };
}

/** A group of a pattern that took part in no match is undefined at run time. */
function decodePart(part: string | undefined): string | undefined {
  return part === undefined ? undefined : decodeURIComponent(part);
}
