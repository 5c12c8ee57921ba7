/** The `file` provider: people and their passwords in a file or a folder. */

import { PasswordVerifier } from '../../passwords/password-verifier.ts';
import { StoredCredentialsProvider } from '../../records/stored-credentials.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { PersonProvider } from '../provider.ts';
import type { FileOptions } from './options.ts';
import { FileRecordStore } from './store.ts';

export function createFileProvider(options: FileOptions, surroundings: Surroundings): PersonProvider {
  const { requireProtocolPassword } = options;
  const store = new FileRecordStore(options, surroundings);
  const passwords = new PasswordVerifier();
  return new StoredCredentialsProvider(
    { name: 'file', store, passwords, requireProtocolPassword },
    surroundings,
  );
}
