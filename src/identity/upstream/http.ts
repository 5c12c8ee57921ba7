/** Calls to identity providers over HTTP: one deadline, a bounded body, no redirects, and no secret in any error. */

import { IdentityFault } from '../decision.ts';
import { Breaker } from './breaker.ts';

/** Longest answer in bytes; the largest legitimate ones are pages of groups. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Longest wait for one answer; the deadline of the login may be sooner. */
const DEFAULT_TIMEOUT_MS = 5000;

export interface HttpSettings {
  /** Name of the upstream in messages: `Okta`. */
  readonly name: string;
  /** Only this origin is ever called: a link in an answer must not carry a token elsewhere. */
  readonly origin: string;
  readonly timeoutMs?: number;
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Clock of the breaker; for tests. */
  readonly now?: () => number;
}

export interface HttpCall {
  readonly method: 'GET' | 'POST';
  /** Absolute and of the origin, or beginning with `/`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A form (RFC 6749) or a value sent as JSON. */
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown;
}

/** One upstream. The breaker opens on time-outs, connection errors and 5xx; never on a wrong password. */
export class UpstreamHttp {
  readonly #settings: HttpSettings;
  readonly #breaker: Breaker;

  constructor(settings: HttpSettings) {
    const { name, now } = settings;
    this.#settings = settings;
    this.#breaker = new Breaker({
      isOutage,
      suspended: () => new IdentityFault('UPSTREAM_SUSPENDED', `${name} has been failing.`),
      ...(now === undefined ? {} : { now }),
    });
  }

  /**
   * One call, never repeated. Any status below 500 is an answer, for the caller to judge.
   * @throws IdentityFault UPSTREAM_TIMED_OUT, UPSTREAM_UNREACHABLE, UPSTREAM_FAILED (5xx, redirect, too large), UPSTREAM_ANSWER_INVALID (a
   * link to another host), UPSTREAM_SUSPENDED
   */
  async call(call: HttpCall): Promise<HttpAnswer> {
    // Before the breaker: a link that is not followed says nothing about whether the upstream answers.
    const url = this.#urlOf(call.url);
    return this.#breaker.run(() => this.#send(call, url), call.signal);
  }

  async #send(call: HttpCall, url: URL): Promise<HttpAnswer> {
    const { name, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#settings;
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const response = await fetch(url, {
        method: call.method,
        headers: {
          accept: 'application/json',
          'user-agent': 'drawbridge',
          ...this.#settings.headers,
          ...call.headers,
          ...contentType(call),
        },
        body: bodyOf(call),
        // A redirect would carry the password to wherever it points.
        redirect: 'manual',
        signal,
      });
      return await this.#read(response);
    } catch (cause) {
      if (cause instanceof IdentityFault) throw cause;
      if (signal.aborted)
        throw new IdentityFault('UPSTREAM_TIMED_OUT', `${name} was asked for ${url.pathname}.`);
      throw new IdentityFault('UPSTREAM_UNREACHABLE', `${name}: ${connectionError(cause)}.`);
    }
  }

  async #read(response: Response): Promise<HttpAnswer> {
    const { name } = this.#settings;
    const text = await boundedText(response, name);
    if (response.status >= 500)
      throw new IdentityFault('UPSTREAM_FAILED', `${name}: status ${response.status}.`);
    if (response.status >= 300 && response.status < 400)
      throw new IdentityFault('UPSTREAM_FAILED', `${name} redirects, which is not followed; check its URL.`);
    return { status: response.status, headers: response.headers, text, json: parseJson(text) };
  }

  #urlOf(text: string): URL {
    const { name, origin } = this.#settings;
    const url = URL.parse(text, origin);
    if (url === null || url.origin !== new URL(origin).origin)
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', `A link of ${name} leads to another host.`);
    return url;
  }
}

/** Whatever `#send` throws: an answer that came, it returns. */
function isOutage(error: unknown): boolean {
  return error instanceof IdentityFault;
}

function bodyOf({ form, json }: HttpCall): string | null {
  if (form !== undefined) return new URLSearchParams(form).toString();
  return json === undefined ? null : JSON.stringify(json);
}

function contentType({ form, json }: HttpCall): Readonly<Record<string, string>> {
  if (form !== undefined) return { 'content-type': 'application/x-www-form-urlencoded' };
  return json === undefined ? {} : { 'content-type': 'application/json' };
}

async function boundedText(response: Response, name: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let byteCount = 0;
  for await (const part of response.body ?? []) {
    byteCount += part.byteLength;
    if (byteCount > MAX_BODY_BYTES)
      throw new IdentityFault('UPSTREAM_FAILED', `${name} answers with too much.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The code of the system's error (`ECONNREFUSED`); messages of the runtime may quote the URL. */
function connectionError(cause: unknown): string {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if ('code' in error && typeof error.code === 'string') return error.code;
  }
  return 'the connection failed';
}
