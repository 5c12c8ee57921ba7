/** Reads what a session is made of from a record: `Role`, `Policy`, `HomeDirectory…` and `PosixProfile`. */

import { z } from 'zod';
import type { PosixProfile } from '../../files/storage.ts';
import {
  decodedOf,
  type FoundMember,
  isMembers,
  kindOf,
  type MemberLookUp,
  RecordInvalid,
  textOf,
} from './member-look-up.ts';
import type { SessionProfile } from './record.ts';

/** The contract's name, and the name of the same in the Transfer API. */
export const DETAILS_SPELLINGS = ['HomeDirectoryDetails', 'HomeDirectoryMappings'] as const;

/** The API's `PosixId`: 0 to 4,294,967,295. */
const MAX_POSIX_ID = 0xffff_ffff;
/** The API's `SecondaryGids`: 0 to 16 items. */
const MAX_SECONDARY_GIDS = 16;
const POSIX_ID = /^\d{1,10}$/;

type Home = NonNullable<SessionProfile['home']>;

const mapping = z.looseObject({
  Entry: z.string().min(1),
  Target: z.string().min(1),
  Type: z.enum(['FILE', 'DIRECTORY']).optional(),
});

/** @throws Denied RECORD_INVALID */
export function readRole(members: MemberLookUp): Pick<SessionProfile, 'role'> {
  const found = members.find('Role');
  return found === undefined ? {} : { role: textOf(found) };
}

/** A string that holds JSON, as by contract, or the policy itself. @throws Denied RECORD_INVALID */
export function readPolicy(members: MemberLookUp): Pick<SessionProfile, 'policy'> {
  const found = members.find('Policy');
  if (found === undefined) return {};
  if (!isMembers(decodedOf(found))) throw new RecordInvalid(found.name, 'it does not hold a JSON object');
  return { policy: typeof found.value === 'string' ? found.value : JSON.stringify(found.value) };
}

/** Mappings make a home LOGICAL, as in the AWS sample for Secrets Manager. @throws Denied RECORD_INVALID */
export function readHome(members: MemberLookUp): Pick<SessionProfile, 'home'> {
  const directory = members.find('HomeDirectory');
  const type = readHomeType(members);
  const details = members.findOne(DETAILS_SPELLINGS);
  const mappings = details === undefined ? [] : readMappings(details);
  const place = directory === undefined ? {} : { directory: textOf(directory) };

  if (mappings.length > 0) {
    // Whoever writes mappings means to lock the user into them.
    if (type === 'PATH')
      throw new RecordInvalid('HomeDirectoryType', 'it is PATH, and there are HomeDirectoryDetails');
    return { home: { type: 'LOGICAL', ...place, details: mappings } };
  }
  if (type === 'LOGICAL')
    throw new RecordInvalid('HomeDirectoryDetails', 'there is none, and HomeDirectoryType is LOGICAL');
  if (type === 'PATH' || directory !== undefined) return { home: { type: 'PATH', ...place } };
  if (details !== undefined) throw new RecordInvalid(details.name, 'the list is empty');
  return {};
}

/** A string that holds JSON, as in secrets, or the object of the contract. @throws Denied RECORD_INVALID */
export function readPosixProfile(members: MemberLookUp): Pick<SessionProfile, 'posixProfile'> {
  const found = members.find('PosixProfile');
  if (found === undefined) return {};
  const profile = decodedOf(found);
  if (!isMembers(profile))
    throw new RecordInvalid(
      found.name,
      `it holds ${kindOf(profile)}; it has to be an object with Uid and Gid`,
    );
  const posixProfile: PosixProfile = {
    uid: readPosixId(found, 'Uid', profile.Uid),
    gid: readPosixId(found, 'Gid', profile.Gid),
    secondaryGids: readSecondaryGids(found, profile.SecondaryGids),
  };
  return { posixProfile };
}

function readHomeType(members: MemberLookUp): Home['type'] | undefined {
  const found = members.find('HomeDirectoryType');
  if (found === undefined) return undefined;
  if (found.value !== 'PATH' && found.value !== 'LOGICAL')
    throw new RecordInvalid(found.name, 'it has to be PATH or LOGICAL');
  return found.value;
}

function readMappings(found: FoundMember): NonNullable<Home['details']> {
  const decoded = decodedOf(found);
  if (!Array.isArray(decoded))
    throw new RecordInvalid(
      found.name,
      `it holds ${kindOf(decoded)}; it has to be a list of Entry and Target`,
    );
  return decoded.map((item: unknown, index) => {
    const parsed = mapping.safeParse(item);
    if (!parsed.success)
      throw new RecordInvalid(found.name, `item ${index + 1} is not an Entry and a Target that are strings`);
    const { Entry, Target, Type } = parsed.data;
    return { Entry, Target, ...(Type === undefined ? {} : { Type }) };
  });
}

function readSecondaryGids(found: FoundMember, value: unknown): readonly number[] {
  if (value === undefined || value === null) return [];
  const gids: unknown = value instanceof Set ? [...value] : value;
  if (!Array.isArray(gids))
    throw new RecordInvalid(found.name, `SecondaryGids is ${kindOf(gids)}, not a list`);
  if (gids.length > MAX_SECONDARY_GIDS)
    throw new RecordInvalid(found.name, `there are more than ${MAX_SECONDARY_GIDS} SecondaryGids`);
  return gids.map((gid: unknown) => readPosixId(found, 'SecondaryGids', gid));
}

/** Numbers come as strings from stores without numbers, and from samples of the AWS guide. */
function readPosixId(found: FoundMember, part: string, value: unknown): number {
  const id = typeof value === 'string' && POSIX_ID.test(value) ? Number(value) : value;
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_POSIX_ID)
    throw new RecordInvalid(found.name, `${part} is not a number from 0 to ${MAX_POSIX_ID}`);
  return id;
}
