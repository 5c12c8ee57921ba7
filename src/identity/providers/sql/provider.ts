/** The `sql` provider: people and their passwords in a PostgreSQL or SQLite table. */

import { PasswordVerifier } from '../../passwords/password-verifier.ts';
import { StoredCredentialsProvider } from '../../records/stored-credentials.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { SqlOptions } from './options.ts';
import { SqlRecordStore } from './store.ts';

export function createSqlProvider(options: SqlOptions, surroundings: Surroundings): PersonProvider {
  const { requireProtocolPassword, rehash } = options;
  const store = new SqlRecordStore(options, surroundings, { isReadOnly: !rehash });
  const passwords = new PasswordVerifier();
  return new StoredCredentialsProvider(
    { name: 'sql', store, passwords, requireProtocolPassword, rehash },
    surroundings,
  );
}
