/** Writes the answer of the contract from the record of somebody who is let in. */

import { z } from 'zod';
import { Denied } from '../decision.ts';
import { MAX_PUBLIC_KEY_CHARACTERS, MAX_PUBLIC_KEYS } from '../keys-answer.ts';
import type { RecordKey, UserRecord } from '../records/record.ts';
import { isRoleArn, MAX_POLICY_CHARACTERS } from '../response.ts';

/** The API's `PosixId`. */
const posixId = z.int().min(0).max(0xffff_ffff);

/**
 * Records were checked where they were read. They are checked again as a whole, because from here on nobody but the
 * server stands between a mistake of a store and the files of others.
 */
const sessionSchema = z.object({
  role: z.string().refine(isRoleArn),
  policy: z.string().max(MAX_POLICY_CHARACTERS).refine(isJsonObject).optional(),
  home: z
    .object({
      type: z.enum(['PATH', 'LOGICAL']),
      directory: z.string().optional(),
      details: z
        .array(
          z.object({
            Entry: z.string().min(1),
            Target: z.string().min(1),
            Type: z.enum(['FILE', 'DIRECTORY']).optional(),
          }),
        )
        .min(1)
        .optional(),
    })
    .refine(({ type, details }) => (type === 'LOGICAL') === (details !== undefined))
    .optional(),
  posixProfile: z
    .object({ uid: posixId, gid: posixId, secondaryGids: z.array(posixId).max(16).optional() })
    .optional(),
});

const keyLine = z.string().trim().min(1).max(MAX_PUBLIC_KEY_CHARACTERS);

/**
 * The members of the contract. With `keysAtMs` (milliseconds since 1970) the keys that are valid then are among them: never for
 * another login than one by key.
 * @throws Denied RECORD_INVALID, NOT_MAPPED, NO_KEYS
 */
export function answerOf(record: UserRecord, keysAtMs: number | undefined): object {
  if (record.session.role === undefined) throw new Denied('NOT_MAPPED', 'Nothing names a role.');
  const read = sessionSchema.safeParse(record.session);
  if (!read.success) throw new Denied('RECORD_INVALID', `Unusable: ${membersIn(read.error)}.`);
  const { role, policy, home, posixProfile } = read.data;
  return {
    Role: role,
    ...(policy === undefined ? {} : { Policy: policy }),
    ...(home === undefined ? {} : homeMembers(home)),
    ...(posixProfile === undefined ? {} : { PosixProfile: posixMembers(posixProfile) }),
    ...(keysAtMs === undefined ? {} : { PublicKeys: keyLines(record.publicKeys, keysAtMs) }),
  };
}

type Session = z.output<typeof sessionSchema>;

/** `HomeDirectoryDetails` is a string that holds JSON, by the contract. */
function homeMembers({ type, directory, details }: NonNullable<Session['home']>): object {
  return {
    HomeDirectoryType: type,
    ...(directory === undefined ? {} : { HomeDirectory: directory }),
    ...(details === undefined ? {} : { HomeDirectoryDetails: JSON.stringify(details) }),
  };
}

function posixMembers({ uid, gid, secondaryGids = [] }: NonNullable<Session['posixProfile']>): object {
  return { Uid: uid, Gid: gid, ...(secondaryGids.length === 0 ? {} : { SecondaryGids: secondaryGids }) };
}

function keyLines(keys: readonly RecordKey[], nowMs: number): readonly string[] {
  const valid = keys.filter(({ expiresAtMs }) => expiresAtMs === undefined || nowMs < expiresAtMs);
  if (valid.length === 0)
    throw new Denied('NO_KEYS', keys.length === 0 ? undefined : `${keys.length} are expired.`);
  const read = z
    .array(keyLine)
    .max(MAX_PUBLIC_KEYS)
    .safeParse([...new Set(valid.map(({ line }) => line))]);
  if (!read.success) throw new Denied('RECORD_INVALID', 'Unusable: PublicKeys.');
  return read.data;
}

function membersIn({ issues }: z.ZodError): string {
  return [...new Set(issues.map(({ path }) => String(path[0] ?? 'session')))].join(', ');
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
