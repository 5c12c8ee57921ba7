/** Makes the hash of a password for a record: what `drawbridge identity hash-password` prints. */

import type { Secret } from '../secret.ts';
import { makeArgon2 } from './argon2.ts';

/** An Argon2id hash in PHC form, with a salt of its own. @throws IdentityFault CONFIGURATION_INVALID on a Node without Argon2 */
export async function hashPassword(password: Secret): Promise<Secret> {
  return makeArgon2(password);
}
