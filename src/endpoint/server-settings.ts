/** A Server as its endpoints need it: the API's fields, resolved to the parts that serve it. */

import type { RoleFacts } from '../files/access.ts';
import type { AccessPointFacts, FileSystemFacts } from '../files/guard-scope.ts';
import type { Storage, StorageSession } from '../files/storage.ts';
import type { IdentityProvider, SourceRule } from '../identity/index.ts';
import type { PublicKey } from '../ssh/index.ts';
import type { Revocations } from './revocations.ts';
import type { SecurityPolicy } from './security-policies.ts';

/** The API's SftpAuthenticationMethods. */
export type SftpAuthenticationMethods =
  | 'PASSWORD'
  | 'PUBLIC_KEY'
  | 'PUBLIC_KEY_OR_PASSWORD'
  | 'PUBLIC_KEY_AND_PASSWORD';

export interface ServerSettings {
  /** `s-` and 17 hex digits. */
  readonly serverId: string;
  readonly domain: 'S3' | 'EFS';
  readonly securityPolicy: SecurityPolicy;
  readonly provider: IdentityProvider;
  readonly authenticationMethods: SftpAuthenticationMethods;
  /**
   * Whether users may be asked by prompts wherever a password would do: `password-first` beside passwords, `provider` in their
   * place and with nothing asked that the provider does not ask.
   */
  readonly prompts: 'none' | 'password-first' | 'provider';
  /** Authorities whose certificates log users in, beside those of the users' own keys. */
  readonly trustedAuthorities: readonly PublicKey[];
  /** From where anybody may log in. */
  readonly sources: SourceRule;
  /** Keys and certificates that nobody logs in with any more. */
  readonly revocations: Revocations;
  /** Shown before the login; empty for none. */
  readonly preAuthenticationBanner: string;
  /** Shown to who has logged in; empty for none. */
  readonly postAuthenticationBanner: string;
  readonly partialUploads: StorageSession['partialUploads'];
  readonly directoryListing: StorageSession['directoryListing'];
  /** Whether SETSTAT and FSETSTAT change nothing but a size (SetStatOption ENABLE_NO_OP). */
  readonly ignoresSetStat: boolean;
  /** ARNs a Grant may name, each with its policy, compiled at start. */
  readonly roles: ReadonlyMap<string, RoleFacts>;
  /** The storages of the server's domain, by the first segment of real paths. */
  readonly storages: ReadonlyMap<string, Storage>;
  /** What policies are asked about those that are POSIX file systems, by id. */
  readonly fileSystems: ReadonlyMap<string, FileSystemFacts>;
  /** Which of these are access points, by id. */
  readonly accessPoints: ReadonlyMap<string, AccessPointFacts>;
}
