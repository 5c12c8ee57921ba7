/** The profile that everybody gets who is let in. */

import type { Login, Person } from '../providers/provider.ts';
import type { RecordMembers, UserRecord } from '../records/record.ts';
import { readMembers, type SourceContext } from './record-reading.ts';
import type { ProfileSource } from './source.ts';

export class StaticSource implements ProfileSource {
  readonly name = 'static';
  readonly #members: RecordMembers;
  readonly #context: SourceContext;

  constructor(members: RecordMembers, context: SourceContext) {
    this.#members = members;
    this.#context = context;
  }

  async find(person: Person, login: Login): Promise<UserRecord> {
    const { provider, now } = this.#context;
    return readMembers(this.#members, login, {
      person,
      login,
      provider,
      source: this.name,
      nowMs: now(),
    });
  }

  async close(): Promise<void> {}
}
