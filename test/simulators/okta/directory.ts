/** The Users API, as far as a login needs it: one user, and the pages of their groups. */

import { type Exchange, ok, type Reply } from '../exchange.ts';
import { OktaFailure } from './errors.ts';
import type { Account, Accounts } from './users.ts';

const DEFAULT_PAGE_SIZE = 200;

export interface DirectoryParts {
  readonly accounts: Accounts;
  readonly apiToken: string;
  readonly origin: () => string;
  /** Most groups on a page, whatever `limit` says. */
  readonly pageSize: number;
  /** Whose session a cookie is. */
  readonly session: (sid: string) => Account | undefined;
}

export class Directory {
  readonly #parts: DirectoryParts;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  /** `GET /api/v1/users/{id, login or short name}`; `me` is the owner of the token or of the session. */
  user(name: string, exchange: Exchange): Reply {
    const { user, status, profile } = this.#find(name, exchange);
    return ok({
      id: user.id,
      status,
      created: '2029-01-01T00:00:00.000Z',
      lastUpdated: '2029-06-01T00:00:00.000Z',
      type: { id: 'oty1' },
      profile,
      credentials: { provider: { type: 'OKTA', name: 'OKTA' } },
      _links: { self: { href: `${this.#parts.origin()}/api/v1/users/${user.id}` } },
    });
  }

  /** `GET /api/v1/users/{id}/groups`, paged with `Link` headers. */
  groups(name: string, exchange: Exchange): Reply {
    const { user } = this.#find(name, exchange);
    const { searchParams } = exchange.url;
    const limit = Math.min(Number(searchParams.get('limit') ?? DEFAULT_PAGE_SIZE), this.#parts.pageSize);
    const start = Number(searchParams.get('after') ?? 0);
    const groups = user.groups ?? [];
    const self = `${this.#parts.origin()}${exchange.url.pathname}`;
    const links = [`<${self}?after=${start}&limit=${limit}>; rel="self"`];
    if (start + limit < groups.length)
      links.push(`<${self}?after=${start + limit}&limit=${limit}>; rel="next"`);
    return {
      status: 200,
      headers: { link: links.join(', ') },
      json: groups.slice(start, start + limit).map(({ id, name: groupName }) => ({
        id,
        type: 'OKTA_GROUP',
        objectClass: ['okta:user_group'],
        profile: { name: groupName, description: '' },
      })),
    };
  }

  #find(name: string, exchange: Exchange): Account {
    const asking = this.#asking(exchange);
    if (name === 'me') return asking;
    const found = this.#parts.accounts.byId(name) ?? this.#parts.accounts.byName(name);
    if (found === undefined) throw new OktaFailure('E0000007');
    return found;
  }

  #asking({ headers }: Exchange): Account {
    const sid = /(?:^|;\s*)sid=([^;]+)/.exec(headers.cookie ?? '')?.[1];
    const account =
      headers.authorization === `SSWS ${this.#parts.apiToken}`
        ? this.#parts.accounts.owner
        : this.#parts.session(sid ?? '');
    if (account === undefined) throw new OktaFailure(sid === undefined ? 'E0000011' : 'E0000005');
    return account;
  }
}
