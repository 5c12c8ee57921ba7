/** The token endpoint of the simulated tenant. */

import { randomBytes } from 'node:crypto';
import type { Exchange, Reply } from '../exchange.ts';
import type { DeviceCodes } from './device-codes.ts';
import { aadsts } from './failures.ts';
import type { TokenSigner } from './tokens.ts';
import { type Account, type Accounts, errorNamed } from './users.ts';

const LIFE_SECONDS = 3600;
/** Most groups in a token; users with more are told so by `_claim_names`. */
const MAX_GROUPS_IN_TOKEN = 200;
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export interface SimulatedClient {
  readonly id: string;
  /** Absent: a public client. */
  readonly secret?: string;
  readonly isSecretExpired?: boolean;
}

/** In whose name an access token speaks. */
export type Bearer = { readonly kind: 'app' } | { readonly kind: 'user'; readonly account: Account };

export interface AuthoritySettings {
  readonly tenantId: string;
  readonly client: SimulatedClient;
  readonly accounts: Accounts;
  readonly signer: TokenSigner;
  readonly deviceCodes: DeviceCodes;
  readonly now: () => number;
  readonly origin: () => string;
}

export class Authority {
  readonly #settings: AuthoritySettings;
  readonly #accessTokens = new Map<string, Bearer>();
  #appTokenCount = 0;

  constructor(settings: AuthoritySettings) {
    this.#settings = settings;
  }

  /** How often the application asked for a token in its own name. */
  get appTokenCount(): number {
    return this.#appTokenCount;
  }

  bearerOf(token: string): Bearer | undefined {
    return this.#accessTokens.get(token);
  }

  /** Every access token is worth nothing from now on. */
  revokeAccessTokens(): void {
    this.#accessTokens.clear();
  }

  deviceCode({ body }: Exchange): Reply {
    this.#requireKnownClient(new URLSearchParams(body));
    return this.#settings.deviceCodes.begin(`${this.#settings.origin()}/devicelogin`);
  }

  token(tenant: string, { body }: Exchange): Reply {
    const form = new URLSearchParams(body);
    this.#requireKnownClient(form);
    this.#requireSecret(form);
    switch (form.get('grant_type')) {
      case 'password':
        if (tenant === 'common' || tenant === 'consumers') throw aadsts(9001023);
        return this.#userTokens(this.#byPassword(form), form);
      case DEVICE_GRANT:
        return this.#userTokens(this.#byDeviceCode(form), form);
      case 'client_credentials':
        return this.#appToken();
      default:
        throw aadsts(70003, 'unsupported_grant_type');
    }
  }

  #byPassword(form: URLSearchParams): Account {
    const name = form.get('username') ?? '';
    const account = this.#settings.accounts.byName(name);
    if (account === undefined) throw aadsts(errorNamed(name) ?? 50034);
    const error = account.errorFor(form.get('password') ?? '');
    if (error !== undefined) throw aadsts(error);
    return account;
  }

  #byDeviceCode(form: URLSearchParams): Account {
    const name = this.#settings.deviceCodes.redeem(form.get('device_code') ?? '');
    const account = this.#settings.accounts.byName(name);
    if (account === undefined) throw aadsts(errorNamed(name) ?? 50034);
    if (account.user.isDisabled === true) throw aadsts(50057);
    return account;
  }

  #userTokens(account: Account, form: URLSearchParams): Reply {
    const scopes = (form.get('scope') ?? 'openid').split(' ');
    return {
      status: 200,
      json: {
        token_type: 'Bearer',
        scope: scopes.join(' '),
        expires_in: LIFE_SECONDS,
        access_token: this.#accessToken({ kind: 'user', account }),
        ...(scopes.includes('openid') ? { id_token: this.#idToken(account) } : {}),
      },
    };
  }

  #appToken(): Reply {
    if (this.#settings.client.secret === undefined) throw aadsts(7000218);
    this.#appTokenCount += 1;
    const access_token = this.#accessToken({ kind: 'app' });
    return { status: 200, json: { token_type: 'Bearer', expires_in: LIFE_SECONDS, access_token } };
  }

  #accessToken(bearer: Bearer): string {
    const token = randomBytes(24).toString('base64url');
    this.#accessTokens.set(token, bearer);
    return token;
  }

  #idToken({ user }: Account): string {
    const { tenantId, client, signer, now, origin } = this.#settings;
    const nowSeconds = Math.floor(now() / 1000);
    return signer.sign({
      aud: client.id,
      iss: `${origin()}/${tenantId}/v2.0`,
      iat: nowSeconds,
      nbf: nowSeconds,
      exp: nowSeconds + LIFE_SECONDS,
      name: user.userPrincipalName.split('@')[0],
      oid: user.id,
      preferred_username: user.userPrincipalName,
      sub: `pairwise-${user.id}`,
      tid: tenantId,
      ver: '2.0',
      ...(user.roles === undefined ? {} : { roles: user.roles }),
      ...groupClaims(user.groups?.map(({ id }) => id) ?? []),
      ...user.claims,
    });
  }

  #requireKnownClient(form: URLSearchParams): void {
    if (form.get('client_id') !== this.#settings.client.id) throw aadsts(700016);
  }

  #requireSecret(form: URLSearchParams): void {
    const { secret, isSecretExpired } = this.#settings.client;
    const given = form.get('client_secret');
    if (secret === undefined && given !== null) throw aadsts(700025);
    if (secret === undefined) return;
    if (given === null) throw aadsts(7000218);
    if (given !== secret) throw aadsts(7000215);
    if (isSecretExpired === true) throw aadsts(7000222);
  }
}

function groupClaims(ids: readonly string[]): object {
  if (ids.length === 0) return {};
  if (ids.length <= MAX_GROUPS_IN_TOKEN) return { groups: ids };
  return {
    _claim_names: { groups: 'src1' },
    _claim_sources: { src1: { endpoint: 'https://graph.windows.net/simulated/getMemberObjects' } },
  };
}
