/** Where a verified person's session comes from. */

import type { Login, Person } from '../providers/provider.ts';
import type { UserRecord } from '../records/record.ts';

/**
 * One source of profiles. Several are laid over each other, the more personal over the more general: `static`, then
 * `groups`, `attributes`, the stores (`dynamodb`, `secret`, `sql`, `file`), and what the provider itself knows.
 */
export interface ProfileSource {
  /** `static`, `groups`, …: the key in the configuration, for the trace. */
  readonly name: string;
  /**
   * What it says about the person; undefined where it says nothing.
   * @throws Denied RECORD_INVALID, NOT_MAPPED where saying nothing is not allowed; IdentityFault
   */
  find(person: Person, login: Login): Promise<UserRecord | undefined>;
  /** Proves that it can be asked, without any user. @throws IdentityFault */
  check?(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
