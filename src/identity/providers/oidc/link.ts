/**
 * Logins by a link: the authorization code grant with PKCE, whose code the user carries from the redirect page to the prompt.
 *
 * Nothing listens for a redirect, so it works on Lambda and behind firewalls; and a login that somebody else began is not finished by a
 * click, as it is with a device code, but only by handing the code over.
 */

import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import { onlyAnswer } from '../one-answer.ts';
import { flowShape, PendingFlows } from '../pending-flows.ts';
import type { Json, Login, Person, PersonProvider, Step } from '../provider.ts';
import { signInNameOf } from '../sign-in-name.ts';
import { type Metadata, OidcClient } from './client.ts';
import type { OidcOptions } from './options.ts';
import { claimsOf, personOf } from './person.ts';

const MS_PER_SECOND = 1000;

const savedShape = z.strictObject({
  stage: z.literal('link'),
  flow: flowShape,
  state: z.string().min(1),
  nonce: z.string().min(1),
  verifier: z.string().min(1),
  untilMs: z.number(),
});
type Saved = z.output<typeof savedShape>;

export type LinkOptions = OidcOptions & { readonly redirectUri: string };

export class OidcLink implements PersonProvider {
  readonly #options: LinkOptions;
  readonly #now: () => number;
  readonly #client: OidcClient;
  readonly #pending: PendingFlows;

  constructor(options: LinkOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.#client = new OidcClient(options, now);
    this.#pending = new PendingFlows(now);
  }

  async password(): Promise<Step> {
    throw new Denied('PASSWORD_NOT_ACCEPTED', 'Users prove themselves in a browser.');
  }

  async begin(login: Login): Promise<Step> {
    if (!login.canPrompt) throw new Denied('MFA_REQUIRED', 'The client cannot show a link.');
    const saved: Saved = {
      stage: 'link',
      flow: this.#pending.begin(login),
      state: randomState(),
      nonce: randomNonce(),
      verifier: randomPKCECodeVerifier(),
      untilMs: this.#now() + this.#options.browserSeconds * MS_PER_SECOND,
    };
    const link = await this.#linkFor(login, saved);
    const { userName, serverId, sourceIp } = login;
    const question = {
      instruction: [
        `Open ${link}`,
        `Login of ${userName} to ${serverId} from ${sourceIp}. Give the code to nobody.`,
      ].join('\n'),
      prompts: [{ text: 'Code from the page: ', echo: false }],
    };
    return { outcome: 'asks', question, saved };
  }

  async answers(login: Login, json: Json, answers: readonly Secret[]): Promise<Step> {
    const parsed = savedShape.safeParse(json);
    if (!parsed.success) throw new Denied('STATE_INVALID');
    const saved = parsed.data;
    this.#pending.requireNewest(login, saved.flow);
    if (this.#now() >= saved.untilMs) throw new Denied('MFA_TIMED_OUT', 'The code came too late.');
    const claims = await this.#redeem(login, saved, onlyAnswer(answers));
    const settings = { options: this.#options, proofs: ['browser'], nowMs: this.#now() } as const;
    return { outcome: 'verified', person: personOf(claims, login, settings) };
  }

  /** Tokens are given for proofs only: nobody can be looked up. */
  async lookUp(): Promise<Person | undefined> {
    return undefined;
  }

  async check(signal: AbortSignal): Promise<void> {
    const { authorization_endpoint: endpoint } = await this.#client.metadata(signal);
    if (endpoint === undefined)
      throw new IdentityFault('CONFIGURATION_INVALID', 'The identity provider has no page to log in at.');
  }

  async close(): Promise<void> {}

  async #linkFor(login: Login, { state, nonce, verifier }: Saved): Promise<string> {
    const { redirectUri, scopes, maxAuthAgeSeconds, requireAcr } = this.#options;
    const challenge = await calculatePKCECodeChallenge(verifier);
    return this.#client.ask('setup', login.signal, async (configuration) => {
      const url = buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        state,
        nonce,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        login_hint: signInNameOf(login.userName, this.#options),
        ...(maxAuthAgeSeconds === undefined ? {} : { max_age: String(maxAuthAgeSeconds) }),
        ...(requireAcr === undefined ? {} : { acr_values: requireAcr.join(' ') }),
      });
      return url.href;
    });
  }

  async #redeem(login: Login, { state, nonce, verifier }: Saved, typed: Secret) {
    const metadata = await this.#client.metadata(login.signal);
    const { url, hasState } = redirectOf(typed, this.#options.redirectUri, metadata);
    const checks = {
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      ...(hasState ? { expectedState: state } : {}),
    };
    return login.trace.measure(
      'oidc: code grant',
      () =>
        this.#client.ask('link', login.signal, async (configuration) =>
          claimsOf(await authorizationCodeGrant(configuration, url, checks), configuration, this.#options),
        ),
      () => 'tokens',
    );
  }
}

/**
 * What the browser was sent to, from the whole address or from the code alone. Without `state` and `iss` nothing is lost: there is one
 * issuer, nobody but the user brings the code, and verifier and nonce bind it to this login.
 */
function redirectOf(
  typed: Secret,
  redirectUri: string,
  { issuer, authorization_response_iss_parameter_supported: hasIssuer }: Metadata,
): { readonly url: URL; readonly hasState: boolean } {
  const url = new URL(redirectUri);
  const text = typed.reveal();
  const query = /^https?:\/\/[^?#]*\?([^#]*)/.exec(text)?.[1];
  if (query !== undefined) {
    url.search = query;
    return { url, hasState: true };
  }
  url.search = new URLSearchParams({ code: text, ...(hasIssuer === true ? { iss: issuer } : {}) }).toString();
  return { url, hasState: false };
}
