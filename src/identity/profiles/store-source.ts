/** Profiles from a store of records, found by a name of the person. */

import { Denied } from '../decision.ts';
import type { Login, Person } from '../providers/provider.ts';
import type { RecordStore, UserRecord } from '../records/record.ts';
import type { LookUpName } from './options.ts';
import { readMembers, type SourceContext } from './record-reading.ts';
import type { ProfileSource } from './source.ts';
import { localName } from './variables.ts';

export interface StoreSourceOptions {
  /** Key in the configuration. */
  readonly name: string;
  readonly store: RecordStore;
  readonly lookUpBy: LookUpName;
  /** Whether somebody without a record may log in. */
  readonly optional: boolean;
}

export class StoreSource implements ProfileSource {
  readonly name: string;
  readonly #options: StoreSourceOptions;
  readonly #context: SourceContext;

  constructor(options: StoreSourceOptions, context: SourceContext) {
    this.name = options.name;
    this.#options = options;
    this.#context = context;
  }

  /** @throws Denied NOT_MAPPED, RECORD_INVALID; IdentityFault */
  async find(person: Person, login: Login): Promise<UserRecord | undefined> {
    const { store, lookUpBy, optional } = this.#options;
    const key = {
      userName: lookUpName(lookUpBy, person, login),
      serverId: login.serverId,
      protocol: login.protocol,
    };
    const members = await login.trace.measure(
      `profile ${this.name}: look-up`,
      () => store.find(key, login.signal),
      (found) => (found === undefined ? 'no record' : 'a record'),
    );
    if (members === undefined) {
      if (optional) return undefined;
      throw new Denied('NOT_MAPPED', `There is no record in ${this.name}.`);
    }
    const { provider, now } = this.#context;
    return readMembers(members, login, { person, login, provider, source: this.name, nowMs: now() });
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#options.store.check?.(signal);
  }

  close(): Promise<void> {
    return this.#options.store.close();
  }
}

function lookUpName(by: LookUpName, person: Person, login: Login): string {
  switch (by) {
    case 'login-name':
      return login.userName;
    case 'provider-name':
      return person.userName;
    case 'local-name':
      return localName(person.userName);
    case 'subject':
      return person.subject;
  }
}
