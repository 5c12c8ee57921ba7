/** The token and challenge endpoints of Okta's direct authentication. */

import { z } from 'zod';
import { type DenialCode, Denied, type FaultCode, IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import type { HttpAnswer } from '../../upstream/http.ts';
import type { Login } from '../provider.ts';
import type { OktaOptions } from './options.ts';
import type { OktaOrg } from './org.ts';

export const MFA_OTP = 'http://auth0.com/oauth/grant-type/mfa-otp';
export const MFA_OOB = 'http://auth0.com/oauth/grant-type/mfa-oob';

/** Longest token: it travels in the state of the dialogue. */
const MAX_TOKEN_CHARACTERS = 1024;
/** RFC 8628 section 3.2, where the server names none. */
const DEFAULT_INTERVAL_SECONDS = 5;
/** The contract's longest pause between two polls. */
export const MAX_INTERVAL_SECONDS = 30;

const token = z.string().min(1).max(MAX_TOKEN_CHARACTERS);
const tokens = z.looseObject({ id_token: z.string().min(1) });
const failure = z.looseObject({
  error: z.string().regex(/^[a-z_]{1,64}$/),
  error_description: z.string().nullish(),
  mfa_token: token.nullish(),
});
const challenge = z.looseObject({
  oob_code: token,
  channel: z.string().nullish(),
  interval: z.number().positive().nullish(),
  binding_method: z.enum(['none', 'transfer', 'prompt']).nullish(),
  binding_code: z
    .string()
    .regex(/^[A-Za-z0-9]{1,16}$/)
    .nullish(),
});

/** What was proven when the token endpoint refused: the same `invalid_grant` is a wrong password or a wrong code. */
export type Grant = 'password' | 'code' | 'push';

export type TokenAnswer =
  | { readonly outcome: 'tokens'; readonly idToken: Secret }
  | { readonly outcome: 'mfa-required'; readonly mfaToken: Secret }
  | { readonly outcome: 'pending'; readonly isTooFast: boolean };

export interface OutOfBand {
  readonly code: Secret;
  readonly intervalSeconds: number;
  /** What the user has to find on the phone. */
  readonly shownCode: string | undefined;
}

/** Channels of `channel_hint`. */
export type Channel = 'push' | 'sms' | 'voice';

export interface TokenEndpointSettings {
  readonly org: OktaOrg;
  readonly options: Pick<OktaOptions, 'clientSecret' | 'scopes'> & { readonly clientId: string };
  /** Such as `/oauth2/v1`. */
  readonly basePath: string;
}

export class TokenEndpoint {
  readonly #settings: TokenEndpointSettings;

  constructor(settings: TokenEndpointSettings) {
    this.#settings = settings;
  }

  /** One request with a grant, never repeated. @throws Denied, IdentityFault */
  async request(login: Login, grant: Grant, form: Readonly<Record<string, string>>): Promise<TokenAnswer> {
    const scope = this.#settings.options.scopes.join(' ');
    return login.trace.measure(
      `okta: token with ${grant}`,
      async () => readTokens(await this.#post(login, '/token', { scope, ...form }), grant),
      ({ outcome }) => outcome,
    );
  }

  /** Sends a push, an SMS or a call. @throws Denied, IdentityFault */
  async challenge(login: Login, mfaToken: Secret, channel: Channel): Promise<OutOfBand> {
    const form = {
      mfa_token: mfaToken.reveal(),
      challenge_types_supported: MFA_OOB,
      channel_hint: channel,
    };
    return login.trace.measure(
      `okta: challenge by ${channel}`,
      async () => readChallenge(await this.#post(login, '/challenge', form), channel),
      () => 'sent',
    );
  }

  #post(login: Login, path: string, form: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const { org, basePath } = this.#settings;
    const { headers, form: own } = this.#client();
    return org.call({
      method: 'POST',
      url: `${basePath}${path}`,
      headers,
      form: { ...form, ...own },
      signal: login.signal,
    });
  }

  /** RFC 6749 section 2.3.1; a native application has only its name. */
  #client(): { readonly headers: Record<string, string>; readonly form: Record<string, string> } {
    const { clientId, clientSecret } = this.#settings.options;
    if (clientSecret === undefined) return { headers: {}, form: { client_id: clientId } };
    const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    return { headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }, form: {} };
  }
}

function readTokens(answer: HttpAnswer, grant: Grant): TokenAnswer {
  if (answer.status === 200) {
    const parsed = tokens.safeParse(answer.json);
    if (parsed.success) return { outcome: 'tokens', idToken: new Secret(parsed.data.id_token) };
    throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta gives no id token.');
  }
  const parsed = failure.safeParse(answer.json);
  if (answer.status === 429 || !parsed.success) throw refusalOf(answer, grant);
  const { error, mfa_token: mfaToken } = parsed.data;
  if (error === 'mfa_required' && grant === 'password' && typeof mfaToken === 'string')
    return { outcome: 'mfa-required', mfaToken: new Secret(mfaToken) };
  if (grant === 'push' && (error === 'authorization_pending' || error === 'slow_down'))
    return { outcome: 'pending', isTooFast: error === 'slow_down' };
  throw refusalOf(answer, grant);
}

function readChallenge(answer: HttpAnswer, channel: Channel): OutOfBand {
  if (answer.status !== 200) throw challengeRefusal(answer);
  const parsed = challenge.safeParse(answer.json);
  if (!parsed.success) throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta: no challenge.');
  const { oob_code: code, interval, binding_method: binding, binding_code: shownCode } = parsed.data;
  if (channel !== 'push' && binding !== 'prompt')
    throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta sends a code that it does not ask for.');
  if (binding === 'transfer' && typeof shownCode !== 'string')
    throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta names no number for the phone.');
  return {
    code: new Secret(code),
    intervalSeconds: Math.min(interval ?? DEFAULT_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS),
    shownCode: binding === 'transfer' ? (shownCode ?? undefined) : undefined,
  };
}

/** A user without such an authenticator is told so with `invalid_request`, which elsewhere is our own fault. */
function challengeRefusal(answer: HttpAnswer): Denied | IdentityFault {
  const parsed = failure.safeParse(answer.json);
  if (answer.status !== 429 && parsed.success && parsed.data.error === 'invalid_request')
    return new Denied('MFA_UNSUPPORTED', 'Okta does not challenge the user by this channel.');
  return refusalOf(answer, 'code');
}

const INVALID_GRANT: Readonly<Record<Grant, DenialCode>> = {
  password: 'BAD_CREDENTIALS',
  code: 'BAD_CODE',
  push: 'MFA_REJECTED',
};

const DENIALS: Readonly<Record<string, DenialCode>> = {
  access_denied: 'CONDITIONAL_ACCESS',
  expired_token: 'MFA_TIMED_OUT',
  mfa_required: 'MFA_REQUIRED',
  unsupported_challenge_type: 'MFA_UNSUPPORTED',
};

const FAULTS: Readonly<Record<string, FaultCode>> = {
  invalid_client: 'CONFIGURATION_INVALID',
  unauthorized_client: 'CONFIGURATION_INVALID',
  unsupported_grant_type: 'CONFIGURATION_INVALID',
  invalid_scope: 'CONFIGURATION_INVALID',
  invalid_request: 'CONFIGURATION_INVALID',
};

/** Only words: what they say changes at Okta's will, so both ways are refusals. */
const POLICY_WORDS = /sign on policy|policy evaluation|MFA enabled/i;

function refusalOf({ status, json }: HttpAnswer, grant: Grant): Denied | IdentityFault {
  const parsed = failure.safeParse(json);
  const detail = `Okta answers with status ${status}${parsed.success ? ` and ${parsed.data.error}` : ''}.`;
  // Okta's own limit for a user name comes with `invalid_grant`.
  if (status === 429) return new Denied('THROTTLED', detail);
  if (!parsed.success) return new IdentityFault('UPSTREAM_ANSWER_INVALID', detail);
  const { error, error_description: words } = parsed.data;
  if (error === 'invalid_grant')
    return new Denied(POLICY_WORDS.test(words ?? '') ? 'CONDITIONAL_ACCESS' : INVALID_GRANT[grant], detail);
  if (Object.hasOwn(DENIALS, error)) return new Denied(DENIALS[error] ?? 'CONDITIONAL_ACCESS', detail);
  return new IdentityFault(
    (Object.hasOwn(FAULTS, error) ? FAULTS[error] : undefined) ?? 'UPSTREAM_FAILED',
    detail,
  );
}
