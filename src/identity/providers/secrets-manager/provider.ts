/** The `secrets-manager` provider: the function of the AWS sample for Secrets Manager, and its secrets as they are. */

import { PasswordVerifier } from '../../passwords/password-verifier.ts';
import { StoredCredentialsProvider } from '../../records/stored-credentials.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { SecretsManagerOptions } from './options.ts';
import { SecretsRecordStore } from './store.ts';

export function createSecretsManagerProvider(
  options: SecretsManagerOptions,
  surroundings: Surroundings,
): PersonProvider {
  const { requireProtocolPassword, previousPasswordMinutes } = options;
  const store = new SecretsRecordStore(options, surroundings);
  return new StoredCredentialsProvider(
    {
      name: 'secrets-manager',
      store,
      passwords: new PasswordVerifier(),
      requireProtocolPassword,
      findPrevious: (key, current, signal) =>
        store.findPrevious(key, current, previousPasswordMinutes, signal),
    },
    surroundings,
  );
}
