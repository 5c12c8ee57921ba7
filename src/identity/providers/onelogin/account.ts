/** One OneLogin account over HTTP: our bearer, and the calls of the Authentication and Users APIs, each made once. */

import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import { type HttpAnswer, UpstreamHttp } from '../../upstream/http.ts';
import type { Login } from '../provider.ts';
import { isAboutUs, type Judged, type OneLoginAnswer, readAnswer } from './answer.ts';
import type { OneLoginOptions } from './options.ts';

const MS_PER_SECOND = 1000;
/** A bearer is renewed so long before its end; it lives ten hours there, and one here. */
const RENEWAL_MARGIN_MS = 60_000;
const MAX_BEARER_LIFE_MS = 3_600_000;

const bearerAnswer = z.looseObject({ access_token: z.string().min(1), expires_in: z.number().positive() });

export interface Factor {
  readonly stateToken: Secret;
  readonly deviceId: string;
  readonly judged: Exclude<Judged, 'password'>;
  /** Without one OneLogin sends a code or asks on the phone. */
  readonly code?: Secret;
  /** Only asks how it stands, and does not ask on the phone again. */
  readonly isPoll?: true;
}

export class OneLoginAccount {
  readonly #http: UpstreamHttp;
  readonly #now: () => number;
  readonly #subdomain: string;
  readonly #clientId: string;
  readonly #clientSecret: Secret;
  #bearer: Secret | undefined;
  #bearerUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    {
      url,
      subdomain,
      clientId,
      clientSecret,
      timeoutSeconds,
    }: Pick<OneLoginOptions, 'url' | 'subdomain' | 'clientId' | 'clientSecret' | 'timeoutSeconds'>,
    now: () => number,
  ) {
    const { origin, hostname } = new URL(url);
    this.#http = new UpstreamHttp({ name: 'OneLogin', origin, timeoutMs: timeoutSeconds * MS_PER_SECOND });
    this.#now = now;
    this.#subdomain = subdomain ?? hostname.split('.')[0] ?? '';
    this.#clientId = clientId;
    this.#clientSecret = new Secret(clientSecret);
  }

  /** The one attempt that the password gets. @throws Denied, IdentityFault */
  async logIn(login: Login, name: string, password: Secret): Promise<OneLoginAnswer> {
    const json = {
      username_or_email: name,
      password: password.reveal(),
      subdomain: this.#subdomain,
    };
    const ask = async () => readAnswer(await this.#post('/api/1/login/auth', json, login.signal), 'password');
    return login.trace.measure('onelogin: password', ask, ({ outcome }) => outcome);
  }

  /** @throws Denied, IdentityFault */
  async verifyFactor(
    login: Login,
    { stateToken, deviceId, judged, code, isPoll }: Factor,
  ): Promise<OneLoginAnswer> {
    const json = {
      device_id: deviceId,
      state_token: stateToken.reveal(),
      ...(code === undefined ? {} : { otp_token: code.reveal() }),
      ...(isPoll === undefined ? {} : { do_not_notify: true }),
    };
    const ask = async () =>
      readAnswer(await this.#post('/api/1/login/verify_factor', json, login.signal), judged);
    return login.trace.measure('onelogin: second factor', ask, ({ outcome }) => outcome);
  }

  /** Of the Users API. @throws Denied THROTTLED, IdentityFault */
  async get(url: string, signal: AbortSignal): Promise<HttpAnswer> {
    const headers = await this.#authorization(signal);
    return this.#noted(await this.#http.call({ method: 'GET', url, headers, signal }));
  }

  /** Proves that our credentials are taken. @throws Denied THROTTLED, IdentityFault */
  async check(signal: AbortSignal): Promise<void> {
    await this.#authorization(signal);
  }

  async #post(url: string, json: object, signal: AbortSignal): Promise<HttpAnswer> {
    const headers = await this.#authorization(signal);
    return this.#noted(await this.#http.call({ method: 'POST', url, headers, json, signal }));
  }

  /** Revoked before its end: the next login begins with a new one. This one is not tried again: it may count as an attempt. */
  #noted(answer: HttpAnswer): HttpAnswer {
    if (isAboutUs(answer)) this.#bearer = undefined;
    return answer;
  }

  async #authorization(signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    if (this.#bearer === undefined || this.#now() >= this.#bearerUntilMs) await this.#renew(signal);
    return { authorization: `bearer ${this.#bearer?.reveal() ?? ''}` };
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const credentials = `${this.#clientId}:${this.#clientSecret.reveal()}`;
    const { status, json } = await this.#http.call({
      method: 'POST',
      url: '/auth/oauth2/v2/token',
      headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
      json: { grant_type: 'client_credentials' },
      signal,
    });
    if (status === 429) throw new Denied('THROTTLED', 'OneLogin gives no token: status 429.');
    if (status >= 400)
      throw new IdentityFault(
        'CONFIGURATION_INVALID',
        `OneLogin refuses our API credentials: status ${status}.`,
      );
    const parsed = bearerAnswer.safeParse(json);
    if (!parsed.success) throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'OneLogin gives no token.');
    const lifeMs = parsed.data.expires_in * MS_PER_SECOND - RENEWAL_MARGIN_MS;
    this.#bearer = new Secret(parsed.data.access_token);
    this.#bearerUntilMs = this.#now() + Math.min(lifeMs, MAX_BEARER_LIFE_MS);
  }
}
