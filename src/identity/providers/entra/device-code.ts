/** Logins by the device code flow of Entra ID: the user proves themselves in a browser, second factor and all. */

import { Denied } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import { DeviceFlow, type DevicePoll, readDeviceAuthorization } from '../device-flow.ts';
import type { Json, Login, Person, PersonProvider, Step } from '../provider.ts';
import { errorIn, refusalOf } from './error-classes.ts';
import type { EntraParts } from './password.ts';
import { readTokens, type UserTokens } from './tenant.ts';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export class EntraDeviceCode implements PersonProvider {
  readonly #parts: EntraParts;
  readonly #flow: DeviceFlow<UserTokens>;

  constructor(parts: EntraParts, now: () => number) {
    this.#parts = parts;
    this.#flow = new DeviceFlow({
      endpoints: {
        authorize: (login) => this.#authorize(login),
        poll: (login, deviceCode) => this.#poll(login, deviceCode),
      },
      waiting: parts.options.waiting,
      limitSeconds: parts.options.browserSeconds,
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
    return { outcome: 'verified', person: await this.#parts.people.proven(login, next.tokens, ['browser']) };
  }

  lookUp(login: Login): Promise<Person | undefined> {
    return this.#parts.people.find(login);
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#parts.check(signal);
  }

  async close(): Promise<void> {}

  #authorize(login: Login) {
    const { options, tenant } = this.#parts;
    return login.trace.measure(
      'entra: device code',
      async () => {
        const answer = await tenant.deviceCode(login, { scope: options.scopes.join(' ') });
        if (answer.status !== 200) throw refusalOf(answer);
        return readDeviceAuthorization(answer.json, 'Entra ID');
      },
      () => 'begun',
    );
  }

  #poll(login: Login, deviceCode: Secret): Promise<DevicePoll<UserTokens>> {
    const form = { grant_type: DEVICE_GRANT, device_code: deviceCode.reveal() };
    return login.trace.measure<DevicePoll<UserTokens>>(
      'entra: device poll',
      async () => {
        const answer = await this.#parts.tenant.grant(login, form);
        const error = answer.status === 200 ? undefined : errorIn(answer);
        if (error === 'authorization_pending' || error === 'slow_down')
          return { outcome: 'pending', isTooFast: error === 'slow_down' };
        return { outcome: 'tokens', tokens: readTokens(answer) };
      },
      ({ outcome }) => outcome,
    );
  }
}
