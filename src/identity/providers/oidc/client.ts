/** Our client at an OpenID provider: the certified library, bound to the deadlines of logins and to what it found out before. */

import {
  AuthorizationResponseError,
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  clockSkew,
  customFetch,
  discovery,
  type ExportedJWKSCache,
  enableNonRepudiationChecks,
  getJwksCache,
  None,
  ResponseBodyError,
  type ServerMetadata,
  setJwksCache,
} from 'openid-client';
import { Denied, IdentityFault } from '../../decision.ts';
import { isLoopback } from '../../upstream/secure-url.ts';
import type { OidcOptions } from './options.ts';
import { type GrantKind, type OAuthError, refusalOf } from './refusal.ts';
import { Upstreams } from './upstreams.ts';

/** Endpoints are discovered again after so long. */
const METADATA_LIFE_MS = 3_600_000;
const MS_PER_SECOND = 1000;
/** Links of an error to its cause that are followed. */
const MAX_CAUSES = 5;

export type Metadata = Readonly<ServerMetadata>;

/** An error of OAuth that a grant may live with, such as `authorization_pending`. */
export type Attempt<Result> =
  | { readonly outcome: 'done'; readonly result: Result }
  | { readonly outcome: 'error'; readonly error: OAuthError };

type ClientOptions = Pick<
  OidcOptions,
  'issuer' | 'clientId' | 'clientSecret' | 'clientAuthentication' | 'timeoutSeconds'
>;

export class OidcClient {
  readonly #options: ClientOptions;
  readonly #now: () => number;
  readonly #upstreams: Upstreams;
  #metadata: Metadata | undefined;
  #discoveredAtMs = Number.NEGATIVE_INFINITY;
  /** The library fetches keys again for one it does not know, but not within a minute. */
  #keys: ExportedJWKSCache | undefined;

  constructor(options: ClientOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.#upstreams = new Upstreams(options.timeoutSeconds * MS_PER_SECOND);
  }

  /** Where everything is at the identity provider. @throws Denied THROTTLED, IdentityFault */
  async metadata(signal: AbortSignal): Promise<Metadata> {
    const ageMs = this.#now() - this.#discoveredAtMs;
    if (this.#metadata !== undefined && ageMs < METADATA_LIFE_MS) return this.#metadata;
    const metadata = await this.#discover(signal);
    this.#metadata = metadata;
    this.#discoveredAtMs = this.#now();
    return metadata;
  }

  /** Work with the library; each of its calls is made once. @throws Denied, IdentityFault */
  async ask<Result>(
    kind: GrantKind,
    signal: AbortSignal,
    work: (configuration: Configuration) => Promise<Result>,
  ): Promise<Result> {
    const answer = await this.attempt(signal, work);
    if (answer.outcome === 'done') return answer.result;
    throw refusalOf(answer.error, kind);
  }

  /** The same for who knows what to make of the errors of OAuth. @throws Denied THROTTLED, IdentityFault */
  async attempt<Result>(
    signal: AbortSignal,
    work: (configuration: Configuration) => Promise<Result>,
  ): Promise<Attempt<Result>> {
    const configuration = this.#configuration(await this.metadata(signal), signal);
    try {
      return { outcome: 'done', result: await work(configuration) };
    } catch (error) {
      if (error instanceof ResponseBodyError || error instanceof AuthorizationResponseError)
        return { outcome: 'error', error: { error: error.error, words: error.error_description } };
      throw failureOf(error);
    } finally {
      this.#keys = getJwksCache(configuration) ?? this.#keys;
    }
  }

  #configuration(metadata: Metadata, signal: AbortSignal): Configuration {
    const { clientId } = this.#options;
    const skewSeconds = Math.round((this.#now() - Date.now()) / MS_PER_SECOND);
    const client = { [clockSkew]: skewSeconds };
    const configuration = new Configuration(metadata, clientId, client, this.#authentication());
    configuration[customFetch] = this.#upstreams.fetchUntil(signal);
    // Signatures too, although the token comes straight from the issuer: a proxy in between may read and write.
    enableNonRepudiationChecks(configuration);
    if (this.#isLoopback) allowInsecureRequests(configuration);
    if (this.#keys !== undefined) setJwksCache(configuration, this.#keys);
    return configuration;
  }

  async #discover(signal: AbortSignal): Promise<Metadata> {
    const { issuer, clientId } = this.#options;
    const configuration = await discovery(new URL(issuer), clientId, undefined, None(), {
      [customFetch]: this.#upstreams.fetchUntil(signal),
      ...(this.#isLoopback ? { execute: [allowInsecureRequests] } : {}),
    }).catch((error: unknown) => {
      const failure = failureOf(error);
      const isOurs = failure instanceof IdentityFault && failure.code === 'UPSTREAM_ANSWER_INVALID';
      throw isOurs ? new IdentityFault('CONFIGURATION_INVALID', 'There is no such issuer.') : failure;
    });
    const metadata = configuration.serverMetadata();
    // The library makes exceptions for clouds whose issuer is a pattern, which would let in people of every tenant.
    if (URL.parse(metadata.issuer)?.href !== new URL(issuer).href)
      throw new IdentityFault('CONFIGURATION_INVALID', 'The issuer names itself otherwise.');
    return metadata;
  }

  #authentication() {
    const { clientSecret, clientAuthentication } = this.#options;
    if (clientSecret === undefined) return None();
    return clientAuthentication === 'post' ? ClientSecretPost(clientSecret) : ClientSecretBasic(clientSecret);
  }

  get #isLoopback(): boolean {
    return isLoopback(new URL(this.#options.issuer));
  }
}

/** Errors of the library hold answers with tokens in them; only its codes are kept. */
function failureOf(error: unknown): Denied | IdentityFault {
  let each: unknown = error;
  for (let depth = 0; each instanceof Error && depth < MAX_CAUSES; depth += 1) {
    if (each instanceof Denied || each instanceof IdentityFault) return each;
    each = each.cause;
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const shown = typeof code === 'string' && /^[A-Z_]{1,64}$/.test(code) ? `: ${code}` : '';
  return new IdentityFault(
    'UPSTREAM_ANSWER_INVALID',
    `The identity provider answers what does not hold${shown}.`,
  );
}
