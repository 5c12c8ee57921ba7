/** What a successful login yields: role, home, policy, POSIX profile and keys. A value, frozen. */

import type { HomeSpec } from '../files/home-spec.ts';
import type { PosixProfile } from '../files/storage.ts';

export interface Grant {
  readonly userName: string;
  /** IAM role ARN; one of the configured roles. */
  readonly role: string;
  readonly home: HomeSpec;
  /** Session policy: the JSON text as the provider sent it. */
  readonly policy?: string;
  readonly posixProfile?: PosixProfile;
  /** Keys the user may log in with, in authorized_keys form; empty on password logins. */
  readonly publicKeys: readonly string[];
}
