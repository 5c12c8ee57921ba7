/** Logins by the password grant of Entra ID, which proves a password and never a second factor. */

import type { Secret } from '../../secret.ts';
import type { Login, Person, PersonProvider, Step } from '../provider.ts';
import { signInNameOf } from '../sign-in-name.ts';
import type { EntraOptions } from './options.ts';
import type { People } from './people.ts';
import { type EntraTenant, readTokens } from './tenant.ts';

export interface EntraParts {
  readonly options: EntraOptions;
  readonly tenant: EntraTenant;
  readonly people: People;
  /** Proves what the flow needs of upstream. @throws IdentityFault */
  check(signal: AbortSignal): Promise<void>;
}

export class EntraPassword implements PersonProvider {
  readonly #parts: EntraParts;

  constructor(parts: EntraParts) {
    this.#parts = parts;
  }

  async password(login: Login, password: Secret): Promise<Step> {
    const { options, tenant, people } = this.#parts;
    const form = {
      grant_type: 'password',
      username: signInNameOf(login.userName, options),
      password: password.reveal(),
      scope: options.scopes.join(' '),
    };
    const tokens = await login.trace.measure(
      'entra: password grant',
      async () => readTokens(await tenant.grant(login, form)),
      () => 'tokens',
    );
    return { outcome: 'verified', person: await people.proven(login, tokens, ['password']) };
  }

  lookUp(login: Login): Promise<Person | undefined> {
    return this.#parts.people.find(login);
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#parts.check(signal);
  }

  async close(): Promise<void> {}
}
