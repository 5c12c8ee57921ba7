/** The access of a directory's user: of the one group they are in that has one. */

import { Denied } from '../decision.ts';
import type { SessionProfile, UserRecord } from '../records/record.ts';
import type { Access } from './options.ts';

/** The API's messages, word for word: `TestIdentityProvider` shows them. */
export const ACCESS_MESSAGES = {
  none: "No associated access found for user's groups.",
  several: "More than one associated access found for user's groups.",
} as const;

/** @throws Denied NOT_ASSIGNED (none), NOT_MAPPED (several); the messages end in those of the API */
export function accessOf(groupSids: readonly string[], accesses: readonly Access[]): Access {
  const [found, second] = accesses.filter(({ ExternalId }) => groupSids.includes(ExternalId));
  if (found === undefined) throw new Denied('NOT_ASSIGNED', ACCESS_MESSAGES.none);
  if (second !== undefined) throw new Denied('NOT_MAPPED', ACCESS_MESSAGES.several);
  return found;
}

/** The access as a record; it has no credentials and no conditions. */
export function recordOf(access: Access): UserRecord {
  return { enabled: true, isPasswordOfProtocol: false, publicKeys: [], session: sessionOf(access) };
}

function sessionOf(access: Access): SessionProfile {
  const { Role: role, Policy: policy, PosixProfile: posix, HomeDirectory: directory } = access;
  const { HomeDirectoryType: type, HomeDirectoryMappings: mappings } = access;
  return {
    role,
    ...(policy === undefined ? {} : { policy }),
    ...(directory === undefined && mappings === undefined
      ? {}
      : {
          home: {
            type,
            ...(directory === undefined ? {} : { directory }),
            ...(mappings === undefined ? {} : { details: mappings.map(detailOf) }),
          },
        }),
    ...(posix === undefined
      ? {}
      : { posixProfile: { uid: posix.Uid, gid: posix.Gid, secondaryGids: posix.SecondaryGids } }),
  };
}

function detailOf({ Entry, Target, Type }: NonNullable<Access['HomeDirectoryMappings']>[number]) {
  return { Entry, Target, ...(Type === undefined ? {} : { Type }) };
}
