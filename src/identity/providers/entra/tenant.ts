/** The endpoints of one tenant of Entra ID, and who we are there. */

import { z } from 'zod';
import { type Denied, IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import { type HttpAnswer, UpstreamHttp } from '../../upstream/http.ts';
import { IdTokenVerifier, subjectClaims } from '../../upstream/id-token.ts';
import type { Login } from '../provider.ts';
import { refusalOf } from './error-classes.ts';
import { type EntraOptions, tenantIn } from './options.ts';

const MS_PER_SECOND = 1000;

const tokens = z.looseObject({
  id_token: z.string().min(1),
  access_token: z.string().min(1).nullish(),
});
const appToken = z.looseObject({
  access_token: z.string().min(1),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().positive(),
});

/** The claims, with the two that say who and where. An application of several tenants takes users of all of them. */
const claimsOfTenant = (tenantId: string) =>
  subjectClaims.extend({
    oid: z.string().min(1),
    tid: z.string().refine((tid) => tid.toLowerCase() === tenantId),
  });
type ClaimsShape = ReturnType<typeof claimsOfTenant>;

export type EntraClaims = z.output<ClaimsShape>;
export type EntraIdTokens = IdTokenVerifier<ClaimsShape>;

/** What a user's grant ends in. */
export interface UserTokens {
  readonly idToken: Secret;
  /** For Graph in the name of the user; absent where Entra ID gave none. */
  readonly accessToken: Secret | undefined;
}

export interface AppToken {
  readonly token: Secret;
  readonly lifeSeconds: number;
}

type Form = Readonly<Record<string, string>>;
type TenantOptions = Pick<
  EntraOptions,
  'authority' | 'tenantId' | 'clientId' | 'clientSecret' | 'timeoutSeconds'
>;

export class EntraTenant {
  /** Every token must be of it, in the spelling of tokens. */
  readonly tenantId: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly #http: UpstreamHttp;
  readonly #basePath: string;
  readonly #clientSecret: Secret | undefined;

  constructor({ authority, tenantId, clientId, clientSecret, timeoutSeconds }: TenantOptions) {
    const { origin } = new URL(authority);
    const named = tenantIn(authority) ?? '';
    this.tenantId = (tenantId ?? named).toLowerCase();
    this.issuer = `${origin}/${this.tenantId}/v2.0`;
    this.clientId = clientId;
    this.#basePath = `/${named}`;
    this.#clientSecret = clientSecret === undefined ? undefined : new Secret(clientSecret);
    this.#http = new UpstreamHttp({ name: 'Entra ID', origin, timeoutMs: timeoutSeconds * MS_PER_SECOND });
  }

  /** A grant of a user, asked for once. Any status below 500 is an answer. @throws IdentityFault */
  grant(login: Login, form: Form): Promise<HttpAnswer> {
    return this.#post('oauth2/v2.0/token', { ...form, ...this.#secretField() }, login.signal);
  }

  /** The beginning of a device flow; a client with a secret needs it for the grant only. @throws IdentityFault */
  deviceCode(login: Login, form: Form): Promise<HttpAnswer> {
    return this.#post('oauth2/v2.0/devicecode', form, login.signal);
  }

  /** A token in our own name. @throws Denied THROTTLED, IdentityFault CONFIGURATION_INVALID and others */
  async appToken(scope: string, signal: AbortSignal): Promise<AppToken> {
    const form = { grant_type: 'client_credentials', scope, ...this.#secretField() };
    const answer = await this.#post('oauth2/v2.0/token', form, signal);
    const parsed = appToken.safeParse(answer.json);
    if (answer.status === 200 && parsed.success) {
      const { access_token: token, expires_in: lifeSeconds } = parsed.data;
      return { token: new Secret(token), lifeSeconds };
    }
    throw ownRefusal(refusalOf(answer));
  }

  /** The keys that sign tokens, as Entra ID publishes them. @throws IdentityFault */
  keys(signal: AbortSignal): Promise<HttpAnswer> {
    return this.#http.call({ method: 'GET', url: `${this.#basePath}/discovery/v2.0/keys`, signal });
  }

  /** Proves that the tenant is the one of `tenantId`. @throws IdentityFault CONFIGURATION_INVALID */
  async check(signal: AbortSignal): Promise<void> {
    const url = `${this.#basePath}/v2.0/.well-known/openid-configuration`;
    const { status, json } = await this.#http.call({ method: 'GET', url, signal });
    const issuer = z.looseObject({ issuer: z.string() }).safeParse(json).data?.issuer ?? '';
    const isOurs = issuer.replace('{tenantid}', this.tenantId).toLowerCase() === this.issuer.toLowerCase();
    if (status !== 200 || !isOurs)
      throw new IdentityFault('CONFIGURATION_INVALID', 'There is no such tenant at the authority.');
  }

  #post(path: string, form: Form, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#http.call({
      method: 'POST',
      url: `${this.#basePath}/${path}`,
      form: { client_id: this.clientId, ...form },
      signal,
    });
  }

  #secretField(): Form {
    return this.#clientSecret === undefined ? {} : { client_secret: this.#clientSecret.reveal() };
  }
}

export function idTokensOf(tenant: EntraTenant, now: () => number): EntraIdTokens {
  const { issuer, clientId, tenantId } = tenant;
  return new IdTokenVerifier({
    name: 'Entra ID',
    issuer,
    clientId,
    claims: claimsOfTenant(tenantId),
    fetchKeys: (signal) => tenant.keys(signal),
    now,
  });
}

/** @throws Denied, IdentityFault by what Entra ID says; IdentityFault UPSTREAM_ANSWER_INVALID without an id token */
export function readTokens(answer: HttpAnswer): UserTokens {
  if (answer.status !== 200) throw refusalOf(answer);
  const parsed = tokens.safeParse(answer.json);
  if (!parsed.success) throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Entra ID gives no id token.');
  const { id_token: idToken, access_token: accessToken } = parsed.data;
  return {
    idToken: new Secret(idToken),
    accessToken: typeof accessToken === 'string' ? new Secret(accessToken) : undefined,
  };
}

/** No user is involved, so whatever is denied is denied to us. */
function ownRefusal(refusal: Denied | IdentityFault): Denied | IdentityFault {
  if (refusal instanceof IdentityFault || refusal.code === 'THROTTLED') return refusal;
  return new IdentityFault('CONFIGURATION_INVALID', 'Entra ID refuses the application.', { cause: refusal });
}
