/** The `http` provider: an endpoint of one's own judges passwords and knows people. */

import { Denied } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import { UpstreamHttp } from '../../upstream/http.ts';
import type { Login, Person, PersonProvider, Step } from '../provider.ts';
import { signInNameOf } from '../sign-in-name.ts';
import type { Dialect, EndpointQuestion } from './dialect.ts';
import { JsonDialect } from './json-dialect.ts';
import type { HttpOptions } from './options.ts';
import { SftpgoDialect } from './sftpgo-dialect.ts';

const MS_PER_SECOND = 1000;

export function createHttpProvider(options: HttpOptions, { now }: Surroundings): PersonProvider {
  const dialect =
    options.dialect === 'json' ? new JsonDialect(now) : new SftpgoDialect(options.sftpgoLimits, now);
  return new HttpProvider(options, dialect);
}

/** One URL, and what is sent to it. */
class Endpoint {
  readonly #http: UpstreamHttp;
  readonly #url: string;
  readonly #header: { readonly name: string; readonly value: Secret } | undefined;

  constructor(url: string, { authorization, timeoutSeconds }: HttpOptions) {
    const { origin } = new URL(url);
    this.#url = url;
    this.#header = headerOf(authorization);
    this.#http = new UpstreamHttp({
      name: 'The endpoint',
      origin,
      timeoutMs: timeoutSeconds * MS_PER_SECOND,
    });
  }

  /** @throws Denied, IdentityFault */
  async ask(dialect: Dialect, question: EndpointQuestion): Promise<Person> {
    const { query = {}, json } = dialect.write(question);
    const url = new URL(this.#url);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const answer = await this.#http.call({
      method: 'POST',
      url: url.href,
      json,
      ...(this.#header === undefined
        ? {}
        : { headers: { [this.#header.name]: this.#header.value.reveal() } }),
      signal: question.login.signal,
    });
    if (answer.status === 429) throw new Denied('THROTTLED', 'The endpoint answers with status 429.');
    return dialect.read(answer, question);
  }
}

class HttpProvider implements PersonProvider {
  readonly #options: HttpOptions;
  readonly #dialect: Dialect;
  readonly #passwords: Endpoint;
  readonly #lookUps: Endpoint | undefined;

  constructor(options: HttpOptions, dialect: Dialect) {
    this.#options = options;
    this.#dialect = dialect;
    this.#passwords = new Endpoint(options.url, options);
    this.#lookUps = options.lookUpUrl === undefined ? undefined : new Endpoint(options.lookUpUrl, options);
  }

  async password(login: Login, password: Secret): Promise<Step> {
    const person = await this.#ask(this.#passwords, { login, userName: this.#nameOf(login), password });
    return { outcome: 'verified', person };
  }

  async lookUp(login: Login): Promise<Person | undefined> {
    if (this.#lookUps === undefined) return undefined;
    return this.#ask(this.#lookUps, { login, userName: this.#nameOf(login) });
  }

  async close(): Promise<void> {}

  #ask(endpoint: Endpoint, question: EndpointQuestion): Promise<Person> {
    const { trace } = question.login;
    const what = question.password === undefined ? 'look-up' : 'password';
    return trace.measure(
      `http: ${what}`,
      () => endpoint.ask(this.#dialect, question),
      () => 'allowed',
    );
  }

  #nameOf({ userName }: Login): string {
    return signInNameOf(userName, this.#options);
  }
}

function headerOf(authorization: HttpOptions['authorization']) {
  switch (authorization?.type) {
    case undefined:
      return undefined;
    case 'bearer':
      return { name: 'authorization', value: new Secret(`Bearer ${authorization.token}`) };
    case 'basic': {
      const credentials = `${authorization.userName}:${authorization.password}`;
      return {
        name: 'authorization',
        value: new Secret(`Basic ${Buffer.from(credentials).toString('base64')}`),
      };
    }
    case 'header':
      return { name: authorization.name, value: new Secret(authorization.value) };
  }
}
