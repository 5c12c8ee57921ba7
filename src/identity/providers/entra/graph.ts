/** Microsoft Graph: the state of an account, its properties and its groups. */

import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import { type HttpAnswer, UpstreamHttp } from '../../upstream/http.ts';
import type { Group, Login } from '../provider.ts';
import type { EntraOptions } from './options.ts';
import type { EntraTenant } from './tenant.ts';

/** Most on a page that Graph gives. */
const GROUPS_PER_PAGE = 999;
/** Beyond 10,000 groups nobody knows any more what a user may reach. */
const MAX_GROUP_PAGES = 11;
/** A token is renewed so long before its end; whatever its end, it is not kept longer than the limit. */
const RENEWAL_MARGIN_MS = 60_000;
const MAX_TOKEN_LIFE_MS = 3_600_000;
const MS_PER_SECOND = 1000;
const MEMBERSHIPS = `transitiveMemberOf/microsoft.graph.group?$select=id,displayName&$top=${GROUPS_PER_PAGE}`;

const user = z.looseObject({
  id: z.string().min(1),
  userPrincipalName: z.string().min(1),
  accountEnabled: z.boolean(),
  userType: z.string().nullish(),
});
export type GraphUser = z.output<typeof user>;

const groupPage = z.looseObject({
  value: z.array(z.looseObject({ id: z.string().min(1), displayName: z.string().nullish() })),
  '@odata.nextLink': z.string().nullish(),
});

type GraphOptions = Pick<EntraOptions, 'graphUrl' | 'timeoutSeconds' | 'attributes'>;

export class Graph {
  readonly #http: UpstreamHttp;
  readonly #tenant: EntraTenant;
  readonly #now: () => number;
  readonly #origin: string;
  readonly #properties: string;
  #appToken: Secret | undefined;
  #appTokenUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: GraphOptions, tenant: EntraTenant, now: () => number) {
    const { graphUrl, timeoutSeconds, attributes } = options;
    this.#origin = new URL(graphUrl).origin;
    this.#tenant = tenant;
    this.#now = now;
    this.#properties = ['id', 'userPrincipalName', 'accountEnabled', 'userType', ...attributes].join(',');
    this.#http = new UpstreamHttp({
      name: 'Microsoft Graph',
      origin: this.#origin,
      timeoutMs: timeoutSeconds * MS_PER_SECOND,
    });
  }

  /** Somebody whose account is enabled. @throws Denied USER_UNKNOWN, ACCOUNT_DISABLED; IdentityFault */
  async user({ trace, signal }: Login, nameOrId: string): Promise<GraphUser> {
    const url = `/v1.0/users/${encodeURIComponent(nameOrId)}?$select=${this.#properties}`;
    const found = await trace.measure(
      'entra: user',
      async () => read(user, await this.#asApp(url, signal)),
      ({ accountEnabled }) => (accountEnabled ? 'enabled' : 'disabled'),
    );
    if (!found.accountEnabled) throw new Denied('ACCOUNT_DISABLED');
    return found;
  }

  /** Groups of a user, those in groups too, asked for in our own name. @throws Denied, IdentityFault */
  groupsOf(login: Login, id: string): Promise<readonly Group[]> {
    const first = `/v1.0/users/${encodeURIComponent(id)}/${MEMBERSHIPS}`;
    return measured(login, () => allGroups(first, (url) => this.#asApp(url, login.signal)));
  }

  /** The same in the name of the user. */
  ownGroups(login: Login, token: Secret): Promise<readonly Group[]> {
    const get = (url: string) => this.#get(url, token, login.signal);
    return measured(login, () => allGroups(`/v1.0/me/${MEMBERSHIPS}`, get));
  }

  /** Proves that the application gets a token. @throws Denied THROTTLED, IdentityFault */
  async check(signal: AbortSignal): Promise<void> {
    await this.#token(signal);
  }

  async #asApp(url: string, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.#get(url, await this.#token(signal), signal);
    // Revoked before its end: the next login begins with a new one.
    if (answer.status === 401) this.#appToken = undefined;
    return answer;
  }

  async #token(signal: AbortSignal): Promise<Secret> {
    if (this.#appToken !== undefined && this.#now() < this.#appTokenUntilMs) return this.#appToken;
    const { token, lifeSeconds } = await this.#tenant.appToken(`${this.#origin}/.default`, signal);
    const lifeMs = Math.min(lifeSeconds * MS_PER_SECOND - RENEWAL_MARGIN_MS, MAX_TOKEN_LIFE_MS);
    this.#appToken = token;
    this.#appTokenUntilMs = this.#now() + lifeMs;
    return token;
  }

  #get(url: string, token: Secret, signal: AbortSignal): Promise<HttpAnswer> {
    const headers = { authorization: `Bearer ${token.reveal()}` };
    return this.#http.call({ method: 'GET', url, headers, signal });
  }
}

async function allGroups(
  first: string,
  get: (url: string) => Promise<HttpAnswer>,
): Promise<readonly Group[]> {
  const all: Group[] = [];
  let url: string | undefined = first;
  for (let page = 0; url !== undefined; page += 1) {
    if (page >= MAX_GROUP_PAGES)
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Microsoft Graph: too many groups.');
    const answer: z.output<typeof groupPage> = read(groupPage, await get(url));
    for (const { id, displayName } of answer.value) all.push({ id, name: displayName ?? id });
    url = answer['@odata.nextLink'] ?? undefined;
  }
  return all;
}

function measured({ trace }: Login, work: () => Promise<readonly Group[]>): Promise<readonly Group[]> {
  return trace.measure('entra: groups', work, ({ length }) => `${length} groups`);
}

function read<Shape extends z.ZodType>(shape: Shape, { status, json }: HttpAnswer): z.output<Shape> {
  if (status === 404) throw new Denied('USER_UNKNOWN');
  if (status === 429) throw new Denied('THROTTLED', 'Microsoft Graph answers with status 429.');
  if (status === 401 || status === 403)
    throw new IdentityFault(
      'CONFIGURATION_INVALID',
      `Microsoft Graph answers with status ${status}; check permissions.`,
    );
  const parsed = shape.safeParse(json);
  if (status !== 200 || !parsed.success)
    throw new IdentityFault('UPSTREAM_ANSWER_INVALID', `Microsoft Graph answers with status ${status}.`);
  return parsed.data;
}
