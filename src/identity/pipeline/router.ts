/** Chooses the providers of a login by the name the user typed, and goes through a chain of them. */

import { Denied, type IdentityFault } from '../decision.ts';
import type { Login } from '../providers/provider.ts';
import type { Credentials, Route, RouteStep } from './route.ts';
import { asFault } from './unexpected.ts';

/** How names are taken apart; absent where there is only one provider. */
export interface NameSyntax {
  readonly delimiter: string;
  readonly position: 'suffix' | 'prefix';
}

export interface ChainRules {
  readonly stopOn: 'known-user' | 'denial' | 'grant';
  readonly afterFault: 'stop' | 'next';
  readonly sharePasswords: boolean;
}

export interface RouterSettings {
  readonly routes: readonly Route[];
  readonly syntax?: NameSyntax;
  /** Names of the routes for users who name none, in order. */
  readonly unnamed: readonly string[];
  readonly chain: ChainRules;
}

/** The routes of one login, and the name without that of a provider. */
export interface Routing {
  readonly userName: string;
  readonly routes: readonly Route[];
}

export class Router {
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #syntax: NameSyntax | undefined;
  readonly #unnamed: readonly Route[];
  readonly #chain: ChainRules;

  constructor({ routes, syntax, unnamed, chain }: RouterSettings) {
    this.#routes = new Map(routes.map((route) => [route.name.toLowerCase(), route]));
    this.#syntax = syntax;
    this.#unnamed = unnamed.flatMap((name) => this.#routes.get(name.toLowerCase()) ?? []);
    this.#chain = chain;
  }

  /**
   * A name that names a provider leads to that one and to no other, whether there is one or not: the toolkit of AWS falls to a
   * default user of another provider.
   * @throws Denied PROVIDER_UNKNOWN
   */
  routingOf(typed: string): Routing {
    const parts = this.#split(typed);
    if (parts === undefined) {
      if (this.#unnamed.length === 0) throw new Denied('PROVIDER_UNKNOWN', 'The name names none.');
      return { userName: typed, routes: this.#unnamed };
    }
    const route = this.#routes.get(parts.provider.toLowerCase());
    if (route === undefined) throw new Denied('PROVIDER_UNKNOWN');
    return { userName: parts.userName, routes: [route] };
  }

  /** @throws Denied, IdentityFault */
  async step({ userName, routes }: Routing, login: Login, credentials: Credentials): Promise<RouteStep> {
    let denial: Denied | undefined;
    let fault: IdentityFault | undefined;
    let forgetStranger: (() => void) | undefined;
    for (const route of routes) {
      const admitted = admit(route, { ...login, userName }, credentials);
      if (admitted instanceof Denied) {
        denial ??= admitted;
        continue;
      }
      forgetStranger?.();
      const own = { ...login, userName: admitted };
      const step = await route.step(own, credentials).catch(asFault);
      if (!('outcome' in step)) fault ??= step;
      else if (step.outcome !== 'denied') return step;
      else denial = step.denial;
      if (login.signal.aborted || !this.#goesOn(step, credentials)) break;
      // Else the users of a later provider would be paused here for being unknown, however right their passwords are.
      const isStranger = 'outcome' in step && !step.isUserKnown;
      forgetStranger = isStranger ? () => route.forgetFailures(own) : undefined;
    }
    // Where one could not tell, the denials of the others are no answer.
    if (fault !== undefined) throw fault;
    throw denial ?? new Denied('PROVIDER_UNKNOWN');
  }

  /** The route that asked the user. @throws Denied STATE_INVALID where it is none of this login */
  only({ userName, routes }: Routing, name: string): Routing {
    const asking = routes.filter((route) => route.name === name);
    if (asking.length === 0) throw new Denied('STATE_INVALID', 'The provider that asked is not there.');
    return { userName, routes: asking };
  }

  /** All routes. */
  get routes(): readonly Route[] {
    return [...this.#routes.values()];
  }

  #split(typed: string): { readonly userName: string; readonly provider: string } | undefined {
    if (this.#syntax === undefined) return undefined;
    const { delimiter, position } = this.#syntax;
    const at = position === 'suffix' ? typed.lastIndexOf(delimiter) : typed.indexOf(delimiter);
    if (at === -1) return undefined;
    const [before, after] = [typed.slice(0, at), typed.slice(at + delimiter.length)];
    return position === 'suffix'
      ? { userName: before, provider: after }
      : { userName: after, provider: before };
  }

  #goesOn(
    step: Extract<RouteStep, { outcome: 'denied' }> | IdentityFault,
    credentials: Credentials,
  ): boolean {
    const { stopOn, afterFault, sharePasswords } = this.#chain;
    if (credentials.kind === 'password' && !sharePasswords) return false;
    if (!('outcome' in step)) return afterFault === 'next';
    if (stopOn === 'known-user') return !step.isUserKnown;
    return stopOn === 'grant';
  }
}

function admit(route: Route, login: Login, credentials: Credentials): string | Denied {
  try {
    return route.admit(login, credentials);
  } catch (error) {
    if (error instanceof Denied) return error;
    throw error;
  }
}
