/** The proof that a caller knows the secret of its app client. */

import { createHmac } from 'node:crypto';
import type { CognitoOptions } from './options.ts';

/** Members for a call about the user of this very name; none for a client without a secret. */
export function secretHashOf(
  { clientId, clientSecret }: Pick<CognitoOptions, 'clientId' | 'clientSecret'>,
  userName: string,
): { readonly SECRET_HASH?: string } {
  if (clientSecret === undefined) return {};
  const hash = createHmac('sha256', clientSecret).update(userName).update(clientId);
  return { SECRET_HASH: hash.digest('base64') };
}
