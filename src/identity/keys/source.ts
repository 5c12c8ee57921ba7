/** Where public keys of users are kept, apart from their profiles: the seam, and what makes one from its options. */

import type { RecordKey } from '../records/record.ts';
import type { Surroundings } from '../surroundings.ts';
import { BucketKeys } from './bucket-keys.ts';
import { CachedKeys } from './cached-keys.ts';
import { FileKeys } from './file-keys.ts';
import type { PublicKeySourceOptions } from './options.ts';
import { WebKeys } from './web-keys.ts';

/** The keys of users by name. Who a user is, and whether they may log in, is asked elsewhere. */
export interface PublicKeySource {
  /**
   * The user's keys; none where nothing is kept for them.
   * @throws Denied RECORD_INVALID (too many or too large), IdentityFault
   */
  find(userName: string, signal: AbortSignal): Promise<readonly RecordKey[]>;
  close(): Promise<void>;
}

/** Nothing is connected yet. */
export function createPublicKeySource(
  options: PublicKeySourceOptions,
  surroundings: Surroundings,
): PublicKeySource {
  return new CachedKeys(originOf(options, surroundings), {
    maxAgeMs: options.cacheSeconds * 1000,
    now: surroundings.now,
  });
}

function originOf(options: PublicKeySourceOptions, surroundings: Surroundings): PublicKeySource {
  if ('s3' in options) return new BucketKeys(options.s3, surroundings);
  if ('https' in options) return new WebKeys(options.https);
  return new FileKeys(options.files, surroundings.folder);
}
