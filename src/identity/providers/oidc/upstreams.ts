/** Lets the OpenID library speak through our HTTP calls: with deadlines, bounded answers, a breaker, and no redirects. */

import type { CustomFetch } from 'openid-client';
import { Denied, IdentityFault } from '../../decision.ts';
import { UpstreamHttp } from '../../upstream/http.ts';
import { isSecure } from '../../upstream/secure-url.ts';

/** Endpoints of one identity provider are on one host, or on a few as with Google. */
const MAX_ORIGINS = 8;
/** A Response with these must have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205]);

export class Upstreams {
  readonly #timeoutMs: number;
  readonly #byOrigin = new Map<string, UpstreamHttp>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** For the calls of one login. It throws Denied THROTTLED and IdentityFault, which the library wraps. */
  fetchUntil(signal: AbortSignal): CustomFetch {
    return async (url, { method, headers, body }) => {
      const answer = await this.#upstream(url).call({
        method: method === 'POST' ? 'POST' : 'GET',
        url,
        headers: withoutAgent(headers),
        ...(body instanceof URLSearchParams ? { form: Object.fromEntries(body) } : {}),
        signal,
      });
      const { status, text } = answer;
      if (status === 429) throw new Denied('THROTTLED', 'The identity provider answers with status 429.');
      // Challenges are left out: the library would look at them only, and not at the error in the body.
      const contentType = answer.headers.get('content-type') ?? '';
      return new Response(BODILESS.has(status) ? null : text, {
        status,
        headers: { 'content-type': contentType },
      });
    };
  }

  #upstream(url: string): UpstreamHttp {
    const origin = URL.parse(url)?.origin;
    if (origin === undefined || !isSecure(url))
      throw new IdentityFault(
        'UPSTREAM_ANSWER_INVALID',
        'An endpoint of the identity provider is not secure.',
      );
    const known = this.#byOrigin.get(origin);
    if (known !== undefined) return known;
    if (this.#byOrigin.size >= MAX_ORIGINS)
      throw new IdentityFault(
        'UPSTREAM_ANSWER_INVALID',
        'The identity provider has endpoints on too many hosts.',
      );
    const upstream = new UpstreamHttp({ name: 'The identity provider', origin, timeoutMs: this.#timeoutMs });
    this.#byOrigin.set(origin, upstream);
    return upstream;
  }
}

function withoutAgent(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'user-agent'));
}
