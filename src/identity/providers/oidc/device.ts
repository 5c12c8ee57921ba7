/** Logins by the device authorization grant (RFC 8628): the user proves themselves in a browser of their choice. */

import { genericGrantRequest, initiateDeviceAuthorization } from 'openid-client';
import { Denied, IdentityFault } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import { DeviceFlow, type DevicePoll, readDeviceAuthorization } from '../device-flow.ts';
import type { Claims } from '../identity-binding.ts';
import type { Json, Login, Person, PersonProvider, Step } from '../provider.ts';
import { OidcClient } from './client.ts';
import type { OidcOptions } from './options.ts';
import { claimsOf, personOf } from './person.ts';
import { refusalOf } from './refusal.ts';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

type SubjectClaims = Claims & { readonly sub: string };

export class OidcDevice implements PersonProvider {
  readonly #options: OidcOptions;
  readonly #now: () => number;
  readonly #client: OidcClient;
  readonly #flow: DeviceFlow<SubjectClaims>;

  constructor(options: OidcOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.#client = new OidcClient(options, now);
    this.#flow = new DeviceFlow({
      endpoints: {
        authorize: (login) => this.#authorize(login),
        poll: (login, deviceCode) => this.#poll(login, deviceCode),
      },
      waiting: options.waiting,
      limitSeconds: options.browserSeconds,
      now,
    });
  }

  async password(): Promise<Step> {
    throw new Denied('PASSWORD_NOT_ACCEPTED', 'Users prove themselves in a browser.');
  }

  begin(login: Login): Promise<Step> {
    return this.#flow.begin(login);
  }

  async answers(login: Login, saved: Json): Promise<Step> {
    const next = await this.#flow.goOn(login, saved);
    if (next.outcome === 'asks') return next;
    const settings = { options: this.#options, proofs: ['browser'], nowMs: this.#now() } as const;
    return { outcome: 'verified', person: personOf(next.tokens, login, settings) };
  }

  /** Tokens are given for proofs only: nobody can be looked up. */
  async lookUp(): Promise<Person | undefined> {
    return undefined;
  }

  async check(signal: AbortSignal): Promise<void> {
    const { device_authorization_endpoint: endpoint } = await this.#client.metadata(signal);
    if (endpoint === undefined)
      throw new IdentityFault('CONFIGURATION_INVALID', 'The identity provider offers no device flow.');
  }

  async close(): Promise<void> {}

  async #authorize(login: Login) {
    const scope = this.#options.scopes.join(' ');
    const answer = await login.trace.measure(
      'oidc: device authorization',
      () =>
        this.#client.ask('setup', login.signal, (configuration) =>
          initiateDeviceAuthorization(configuration, { scope }),
        ),
      () => 'begun',
    );
    return readDeviceAuthorization(answer, 'The identity provider');
  }

  async #poll(login: Login, deviceCode: Secret): Promise<DevicePoll<SubjectClaims>> {
    const form = { device_code: deviceCode.reveal() };
    const polled = await login.trace.measure(
      'oidc: device poll',
      () =>
        this.#client.attempt(login.signal, async (configuration) =>
          claimsOf(
            await genericGrantRequest(configuration, DEVICE_GRANT, form),
            configuration,
            this.#options,
          ),
        ),
      ({ outcome }) => outcome,
    );
    if (polled.outcome === 'done') return { outcome: 'tokens', tokens: polled.result };
    const { error } = polled.error;
    if (error === 'authorization_pending' || error === 'slow_down')
      return { outcome: 'pending', isTooFast: error === 'slow_down' };
    throw refusalOf(polled.error, 'device');
  }
}
