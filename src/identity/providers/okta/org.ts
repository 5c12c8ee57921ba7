/** One Okta org over HTTP: our own credentials, its rate limit, and the links of its answers that may be followed. */

import { createHmac } from 'node:crypto';
import { IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import { type HttpAnswer, type HttpCall, UpstreamHttp } from '../../upstream/http.ts';
import type { Login } from '../provider.ts';
import type { OktaOptions } from './options.ts';
import { RateLimitPause } from './rate-limit-pause.ts';

/** Longest `context.deviceToken`. */
const DEVICE_TOKEN_CHARACTERS = 32;
const MS_PER_SECOND = 1000;

/** What Okta is told about the client, where it trusts us to. */
export interface TrustedContext {
  readonly headers: Readonly<Record<string, string>>;
  readonly deviceToken: string;
}

export class OktaOrg {
  readonly origin: string;
  readonly #http: UpstreamHttp;
  readonly #pause: RateLimitPause;
  readonly #apiToken: Secret | undefined;
  readonly #isTrustedProxy: boolean;

  constructor(
    {
      orgUrl,
      apiToken,
      trustedProxy,
      timeoutSeconds,
    }: Pick<OktaOptions, 'orgUrl' | 'apiToken' | 'trustedProxy' | 'timeoutSeconds'>,
    now: () => number,
  ) {
    this.origin = new URL(orgUrl).origin;
    this.#http = new UpstreamHttp({
      name: 'Okta',
      origin: this.origin,
      timeoutMs: timeoutSeconds * MS_PER_SECOND,
      headers: { 'accept-language': 'en' },
    });
    this.#pause = new RateLimitPause(now);
    this.#apiToken = apiToken === undefined ? undefined : new Secret(apiToken);
    this.#isTrustedProxy = trustedProxy;
  }

  get hasApiToken(): boolean {
    return this.#apiToken !== undefined;
  }

  /** One call, never repeated. @throws Denied THROTTLED during a pause; IdentityFault */
  async call(call: HttpCall): Promise<HttpAnswer> {
    this.#pause.check();
    const answer = await this.#http.call(call);
    if (answer.status === 429) this.#pause.note(answer.headers);
    return answer;
  }

  /** With the API token. */
  async get(url: string, signal: AbortSignal): Promise<HttpAnswer> {
    return this.call({ method: 'GET', url, headers: this.#authorization(), signal });
  }

  /**
   * Where a link of a transaction leads, as a path. It carries a state token, so it must stay in the API that gave the token.
   * @throws IdentityFault UPSTREAM_ANSWER_INVALID
   */
  transactionPath(href: string): string {
    const url = URL.parse(href, this.origin);
    if (url === null || url.origin !== this.origin || !url.pathname.startsWith('/api/v1/authn/'))
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'A link of Okta leads elsewhere.');
    return `${url.pathname}${url.search}`;
  }

  /** Only from a trusted application does Okta take these; without, they would be noise or an offence. */
  trustedContext({ serverId, sourceIp }: Login, signInName: string): TrustedContext | undefined {
    const token = this.#apiToken;
    if (!this.#isTrustedProxy || token === undefined) return undefined;
    // Stable, so that a policy knows the device again, and not to be guessed by who knows the name.
    const deviceToken = createHmac('sha256', token.reveal())
      .update(`${serverId}\0${signInName.toLowerCase()}`)
      .digest('hex')
      .slice(0, DEVICE_TOKEN_CHARACTERS);
    const forwarded = sourceIp === '' ? {} : { 'x-forwarded-for': sourceIp };
    return { headers: { ...this.#authorization(), ...forwarded }, deviceToken };
  }

  #authorization(): Readonly<Record<string, string>> {
    return this.#apiToken === undefined ? {} : { authorization: `SSWS ${this.#apiToken.reveal()}` };
  }
}
