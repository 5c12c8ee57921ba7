/** Public keys that are kept apart from profiles, as a layer of their own. */

import type { PublicKeySource } from '../keys/source.ts';
import type { Login, Person } from '../providers/provider.ts';
import type { UserRecord } from '../records/record.ts';
import { EMPTY_RECORD } from './layers.ts';
import type { ProfileSource } from './source.ts';

export class KeySource implements ProfileSource {
  readonly name = 'publicKeys';
  readonly #keys: PublicKeySource;

  constructor(keys: PublicKeySource) {
    this.#keys = keys;
  }

  /** Somebody who proved something is not asked for a key as well: the place of keys is left alone then. */
  async find(person: Person, login: Login): Promise<UserRecord | undefined> {
    if (person.proofs.length > 0) return undefined;
    const publicKeys = await login.trace.measure(
      'profile publicKeys: look-up',
      () => this.#keys.find(login.userName, login.signal),
      (found) => `${found.length} keys`,
    );
    return publicKeys.length === 0 ? undefined : { ...EMPTY_RECORD, publicKeys };
  }

  close(): Promise<void> {
    return this.#keys.close();
  }
}
