/** Reads `PosixProfile` from an answer. */

import type { PosixProfile } from '../files/storage.ts';
import { type Answer, isMembers, refuse } from './answer.ts';

/** The API's `PosixId`: 0 to 4,294,967,295. */
const MAX_POSIX_ID = 0xffff_ffff;
/** The API's `SecondaryGids`: 0 to 16 items. */
const MAX_SECONDARY_GIDS = 16;

/** @throws AnswerRefused POSIX_PROFILE_MISSING, POSIX_PROFILE_INVALID */
export function readPosixProfile(answer: Answer): PosixProfile {
  const profile = answer.member('PosixProfile');
  if (profile === undefined) refuse('POSIX_PROFILE_MISSING');
  if (typeof profile === 'string') refuse('POSIX_PROFILE_INVALID', `a string, ${answer.quote(profile)}`);
  if (!isMembers(profile)) refuse('POSIX_PROFILE_INVALID', answer.quote(profile));
  return Object.freeze({
    uid: readId(answer, 'Uid', profile.Uid),
    gid: readId(answer, 'Gid', profile.Gid),
    secondaryGids: readSecondaryGids(answer, profile.SecondaryGids),
  });
}

function readSecondaryGids(answer: Answer, value: unknown): readonly number[] {
  if (value === undefined || value === null) return Object.freeze([]);
  if (!Array.isArray(value)) refuse('POSIX_PROFILE_INVALID', `SecondaryGids is ${answer.quote(value)}`);
  if (value.length > MAX_SECONDARY_GIDS) refuse('POSIX_PROFILE_INVALID', `${value.length} SecondaryGids`);
  return Object.freeze(value.map((id: unknown) => readId(answer, 'SecondaryGids', id)));
}

function readId(answer: Answer, name: string, value: unknown): number {
  const id = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_POSIX_ID) {
    refuse('POSIX_PROFILE_INVALID', `${name} is ${answer.quote(value)}`);
  }
  // One sample of the AWS guide quotes the ids; its troubleshooting page asks for numbers.
  if (typeof value === 'string') answer.warn(`PosixProfile: ${name} is a string; it is a number by contract`);
  return id;
}
