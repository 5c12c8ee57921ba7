/** The OAuth endpoints: password grant, direct authentication with second factors, device grant, and the session by redirect. */

import { randomBytes } from 'node:crypto';
import { type Exchange, ok, type Reply } from '../exchange.ts';
import type { Authentication } from './authentication.ts';
import { OAuthFailure, OktaFailure } from './errors.ts';
import { isSent, judgeCode } from './factors.ts';
import type { RateLimits } from './rate-limits.ts';
import type { TokenSigner } from './tokens.ts';
import type { Account, Accounts, SimulatedFactor } from './users.ts';

const MFA_OTP = 'http://auth0.com/oauth/grant-type/mfa-otp';
const MFA_OOB = 'http://auth0.com/oauth/grant-type/mfa-oob';
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const OTP = 'urn:okta:params:oauth:grant-type:otp';
const OOB = 'urn:okta:params:oauth:grant-type:oob';
const CHANNELS = { push: 'push', sms: 'sms', voice: 'call' } as const;

export interface OAuthClient {
  readonly id: string;
  /** None for a native app. */
  readonly secret?: string;
  /** Seconds between two polls. */
  readonly intervalSeconds?: number;
}

export interface OAuthParts {
  readonly accounts: Accounts;
  readonly authentication: Authentication;
  readonly signer: TokenSigner;
  readonly limits: RateLimits;
  readonly clients: readonly OAuthClient[];
  readonly now: () => number;
  readonly origin: () => string;
}

interface OutOfBand {
  readonly account: Account;
  readonly factor: SimulatedFactor;
  readonly intervalMs: number;
  polls: number;
  lastPollMs: number;
}

interface Device {
  readonly userCode: string;
  decision: Account | 'denied' | undefined;
}

const DEFAULT_INTERVAL_SECONDS = 5;
const OOB_LIFE_SECONDS = 300;

export class OAuth {
  readonly #parts: OAuthParts;
  readonly #mfaTokens = new Map<string, Account>();
  readonly #outOfBand = new Map<string, OutOfBand>();
  readonly #devices = new Map<string, Device>();
  readonly #sessions = new Map<string, Account>();

  constructor(parts: OAuthParts) {
    this.#parts = parts;
  }

  session(sid: string): Account | undefined {
    return this.#sessions.get(sid);
  }

  /** Somebody opens the verification page and lets the device in, or does not. */
  decideDevice(userCode: string, login: string | undefined): void {
    for (const device of this.#devices.values())
      if (device.userCode === userCode)
        device.decision = login === undefined ? 'denied' : (this.#parts.accounts.byName(login) ?? 'denied');
  }

  /** `POST /oauth2[/{server}]/v1/token`. */
  token(server: string | undefined, exchange: Exchange): Reply {
    const form = new URLSearchParams(exchange.body);
    const client = this.#client(exchange, form);
    const account = this.#grant(form);
    if (!(form.get('scope') ?? 'openid').split(' ').includes('openid'))
      throw new OAuthFailure(400, 'invalid_scope', 'openid is missing.');
    account.succeed();
    const scopes = (form.get('scope') ?? 'openid').split(' ');
    return ok({
      token_type: 'Bearer',
      expires_in: 3600,
      access_token: randomBytes(16).toString('hex'),
      scope: scopes.join(' '),
      id_token: this.#parts.signer.idToken({
        account,
        issuer: this.issuer(server),
        clientId: client.id,
        scopes,
      }),
    });
  }

  /** `POST /oauth2[/{server}]/v1/challenge`. */
  challenge(exchange: Exchange): Reply {
    const form = new URLSearchParams(exchange.body);
    const client = this.#client(exchange, form);
    if (form.get('challenge_types_supported') !== MFA_OOB)
      throw new OAuthFailure(400, 'invalid_request', 'No supported challenge type.');
    return this.#openOutOfBand(this.#mfaAccount(form), form, client, MFA_OOB);
  }

  /** `POST /oauth2[/{server}]/v1/primary-authenticate`. */
  primaryAuthenticate(exchange: Exchange): Reply {
    const form = new URLSearchParams(exchange.body);
    const client = this.#client(exchange, form);
    const account = this.#parts.accounts.byName(form.get('login_hint') ?? '');
    if (account === undefined) throw new OAuthFailure(400, 'invalid_grant', 'Unknown user.');
    return this.#openOutOfBand(account, form, client, OOB);
  }

  /** `POST /oauth2[/{server}]/v1/device/authorize`. */
  deviceAuthorize(exchange: Exchange): Reply {
    this.#client(exchange, new URLSearchParams(exchange.body));
    const deviceCode = randomBytes(16).toString('hex');
    const userCode = randomBytes(4).toString('hex').toUpperCase();
    this.#devices.set(deviceCode, { userCode, decision: undefined });
    const page = `${this.#parts.origin()}/activate`;
    return ok({
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${userCode}`,
      expires_in: 600,
      interval: DEFAULT_INTERVAL_SECONDS,
    });
  }

  /** `GET /oauth2/v1/authorize`: redeems a session token for a cookie and an id token in the fragment. */
  authorize(server: string | undefined, { url }: Exchange): Reply {
    const query = url.searchParams;
    const redirect = URL.parse(query.get('redirect_uri') ?? '');
    const client = this.#parts.clients.find(({ id }) => id === query.get('client_id'));
    if (redirect === null || client === undefined) throw new OktaFailure('E0000001');
    const account = this.#parts.authentication.redeem(query.get('sessionToken') ?? '');
    const state = query.get('state') ?? '';
    if (account === undefined) {
      redirect.hash = new URLSearchParams({ error: 'login_required', state }).toString();
      return { status: 302, headers: { location: redirect.href }, text: '' };
    }
    const sid = randomBytes(16).toString('hex');
    this.#sessions.set(sid, account);
    const nonce = query.get('nonce');
    const idToken = this.#parts.signer.idToken({
      account,
      issuer: this.issuer(server),
      clientId: client.id,
      scopes: (query.get('scope') ?? '').split(' '),
      ...(nonce === null ? {} : { nonce }),
    });
    redirect.hash = new URLSearchParams({ id_token: idToken, state }).toString();
    return {
      status: 302,
      headers: { location: redirect.href, 'set-cookie': `sid=${sid}; Path=/; HttpOnly` },
      text: '',
    };
  }

  /** `GET …/.well-known/openid-configuration`. */
  configuration(server: string | undefined): Reply {
    const base = server === undefined ? `${this.#parts.origin()}/oauth2` : this.issuer(server);
    return ok({
      issuer: this.issuer(server),
      authorization_endpoint: `${base}/v1/authorize`,
      token_endpoint: `${base}/v1/token`,
      jwks_uri: `${base}/v1/keys`,
      device_authorization_endpoint: `${base}/v1/device/authorize`,
      id_token_signing_alg_values_supported: ['RS256'],
      grant_types_supported: ['password', MFA_OTP, MFA_OOB, DEVICE_CODE, OTP, OOB],
    });
  }

  issuer(server: string | undefined): string {
    return server === undefined ? this.#parts.origin() : `${this.#parts.origin()}/oauth2/${server}`;
  }

  #grant(form: URLSearchParams): Account {
    switch (form.get('grant_type')) {
      case 'password':
        return this.#password(form);
      case MFA_OTP:
        return this.#oneTimePassword(this.#mfaAccount(form), form.get('otp') ?? '');
      case OTP:
        return this.#passwordless(form);
      case MFA_OOB:
      case OOB:
        return this.#poll(form);
      case DEVICE_CODE:
        return this.#device(form);
      default:
        throw new OAuthFailure(400, 'unsupported_grant_type', 'Not a grant type of this server.');
    }
  }

  #password(form: URLSearchParams): Account {
    const userName = form.get('username') ?? '';
    try {
      this.#parts.limits.user(userName.toLowerCase());
    } catch {
      throw new OAuthFailure(429, 'invalid_grant', 'Too many requests.');
    }
    const account = this.#accountWith(userName, form.get('password') ?? '');
    if (!account.needsSecondFactor('')) return account;
    const mfaToken = randomBytes(12).toString('hex');
    this.#mfaTokens.set(mfaToken, account);
    throw new OAuthFailure(
      403,
      'mfa_required',
      'Verify with an additional authenticator to complete the sign-in.',
      {
        mfa_token: mfaToken,
      },
    );
  }

  #accountWith(userName: string, password: string): Account {
    try {
      const account = this.#parts.authentication.accountWith(userName, password);
      if (account !== 'locked') return account;
    } catch {
      // The token endpoint does not tell why.
    }
    throw new OAuthFailure(400, 'invalid_grant', 'The credentials provided were invalid.');
  }

  #oneTimePassword(account: Account, code: string): Account {
    const factor = account.user.factors?.find(({ type }) => type.startsWith('token'));
    if (factor === undefined) throw new OAuthFailure(400, 'invalid_grant', 'No such authenticator.');
    try {
      judgeCode(factor, code, account, this.#parts.now());
    } catch {
      throw new OAuthFailure(400, 'invalid_grant', 'The credentials provided were invalid.');
    }
    return account;
  }

  #passwordless(form: URLSearchParams): Account {
    const account = this.#parts.accounts.byName(form.get('login_hint') ?? '');
    if (account === undefined) throw new OAuthFailure(400, 'invalid_grant', 'Unknown user.');
    return this.#oneTimePassword(account, form.get('otp') ?? '');
  }

  #mfaAccount(form: URLSearchParams): Account {
    const account = this.#mfaTokens.get(form.get('mfa_token') ?? '');
    if (account === undefined) throw new OAuthFailure(400, 'invalid_grant', 'The mfa_token is invalid.');
    return account;
  }

  #openOutOfBand(account: Account, form: URLSearchParams, client: OAuthClient, type: string): Reply {
    const channel = form.get('channel_hint');
    if (channel !== 'push' && channel !== 'sms' && channel !== 'voice')
      throw new OAuthFailure(400, 'invalid_request', 'channel_hint is not supported.');
    const factor = account.user.factors?.find((each) => each.type === CHANNELS[channel]);
    if (factor === undefined)
      throw new OAuthFailure(400, 'invalid_request', 'The user has no such authenticator.');
    const intervalSeconds = client.intervalSeconds ?? DEFAULT_INTERVAL_SECONDS;
    const code = randomBytes(16).toString('hex');
    const intervalMs = intervalSeconds * 1000;
    this.#outOfBand.set(code, {
      account,
      factor,
      intervalMs,
      polls: 0,
      lastPollMs: Number.NEGATIVE_INFINITY,
    });
    return ok({
      challenge_type: type,
      oob_code: code,
      expires_in: OOB_LIFE_SECONDS,
      channel,
      ...(factor.type === 'push'
        ? { interval: intervalSeconds, ...bindingOf(factor) }
        : { binding_method: 'prompt' }),
    });
  }

  #poll(form: URLSearchParams): Account {
    const open = this.#outOfBand.get(form.get('oob_code') ?? '');
    if (open === undefined) throw new OAuthFailure(400, 'invalid_grant', 'The oob_code is invalid.');
    const { account, factor } = open;
    if (isSent(factor)) {
      if (form.get('binding_code') === factor.code) return account;
      throw new OAuthFailure(400, 'invalid_grant', 'The credentials provided were invalid.');
    }
    if (factor.type !== 'push') throw new OAuthFailure(400, 'invalid_grant', 'Not out of band.');
    const nowMs = this.#parts.now();
    if (nowMs - open.lastPollMs < open.intervalMs)
      throw new OAuthFailure(400, 'slow_down', 'Polled too often.');
    open.lastPollMs = nowMs;
    open.polls += 1;
    const { ends, afterPolls } = factor.script;
    if (open.polls < afterPolls || ends === 'never')
      throw new OAuthFailure(400, 'authorization_pending', 'The user has not answered yet.');
    if (ends === 'approve') return account;
    throw ends === 'reject'
      ? new OAuthFailure(400, 'invalid_grant', 'The user rejected the request.')
      : new OAuthFailure(400, 'expired_token', 'The oob_code has expired.');
  }

  #device(form: URLSearchParams): Account {
    const device = this.#devices.get(form.get('device_code') ?? '');
    if (device === undefined) throw new OAuthFailure(400, 'invalid_grant', 'The device_code is invalid.');
    if (device.decision === undefined)
      throw new OAuthFailure(400, 'authorization_pending', 'The user has not answered yet.');
    if (device.decision === 'denied')
      throw new OAuthFailure(400, 'access_denied', 'The user denied the request.');
    return device.decision;
  }

  #client({ headers }: Exchange, form: URLSearchParams): OAuthClient {
    const [id, secret] = credentialsOf(headers.authorization) ?? [
      form.get('client_id'),
      form.get('client_secret'),
    ];
    const client = this.#parts.clients.find((each) => each.id === id);
    if (client === undefined || (client.secret ?? null) !== (secret ?? null))
      throw new OAuthFailure(401, 'invalid_client', 'The client is not known.');
    return client;
  }
}

function bindingOf({
  script,
}: Extract<SimulatedFactor, { readonly type: 'push' }>): Readonly<Record<string, string>> {
  if (script.number === undefined) return { binding_method: 'none' };
  return { binding_method: 'transfer', binding_code: String(script.number.shown) };
}

function credentialsOf(authorization: string | undefined): readonly [string, string] | undefined {
  if (authorization?.startsWith('Basic ') !== true) return undefined;
  const text = Buffer.from(authorization.slice('Basic '.length), 'base64').toString('utf8');
  const [id = '', secret = ''] = text.split(':');
  return [decodeURIComponent(id), decodeURIComponent(secret)];
}
