/** The part of Microsoft Graph that tells about users. */

import type { Exchange, Reply } from '../exchange.ts';
import type { Authority, Bearer } from './authority.ts';
import { graphFailure } from './failures.ts';
import type { Account, Accounts } from './users.ts';

export interface GraphSettings {
  readonly authority: Authority;
  readonly accounts: Accounts;
  readonly origin: () => string;
  /** Groups on a page; Graph itself gives as many as asked for, up to 999. */
  readonly pageSize: number;
}

export class Graph {
  readonly #settings: GraphSettings;

  constructor(settings: GraphSettings) {
    this.#settings = settings;
  }

  user(name: string, exchange: Exchange): Reply {
    const { user } = this.#accountFor(name, this.#bearer(exchange));
    const all = new Map<string, unknown>([
      ['id', user.id],
      ['userPrincipalName', user.userPrincipalName],
      ['accountEnabled', user.isDisabled !== true],
      ...Object.entries(user.properties ?? {}),
    ]);
    const selected = (exchange.url.searchParams.get('$select') ?? 'id').split(',');
    const json = Object.fromEntries(selected.map((property) => [property, all.get(property) ?? null]));
    return { status: 200, json };
  }

  groups(name: string, exchange: Exchange): Reply {
    const { user } = this.#accountFor(name, this.#bearer(exchange));
    const { pageSize, origin } = this.#settings;
    const skipped = Number(exchange.url.searchParams.get('$skiptoken') ?? 0);
    const all = user.groups ?? [];
    const next = new URL(exchange.url.href, origin());
    next.searchParams.set('$skiptoken', String(skipped + pageSize));
    return {
      status: 200,
      json: {
        value: all
          .slice(skipped, skipped + pageSize)
          .map(({ id, name: displayName }) => ({ id, displayName })),
        ...(skipped + pageSize < all.length ? { '@odata.nextLink': next.href } : {}),
      },
    };
  }

  #bearer({ headers }: Exchange): Bearer {
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    const bearer = token === undefined ? undefined : this.#settings.authority.bearerOf(token);
    if (bearer === undefined) throw graphFailure(401, 'InvalidAuthenticationToken');
    return bearer;
  }

  #accountFor(name: string, bearer: Bearer): Account {
    if (name === 'me') {
      if (bearer.kind === 'user') return bearer.account;
      throw graphFailure(400, 'BadRequest');
    }
    if (bearer.kind === 'user') throw graphFailure(403, 'Authorization_RequestDenied');
    const account = this.#settings.accounts.byName(name);
    if (account === undefined) throw graphFailure(404, 'Request_ResourceNotFound');
    return account;
  }
}
