/** Looks for what is wrong with records before somebody tries to log in. What it finds holds nothing secret. */

import { HomeError, homeSpec, parseMappings } from '../../files/home-mapping.ts';
import { MAX_PUBLIC_KEYS } from '../keys-answer.ts';
import { isRoleArn, MAX_POLICY_CHARACTERS } from '../response.ts';
import {
  readEnabled,
  readProtocols,
  readServerIds,
  readSourceNetworks,
  readValidity,
} from './condition-members.ts';
import { readPublicKeys } from './key-members.ts';
import { lintPasswords } from './lint-passwords.ts';
import { MemberLookUp, RecordInvalid } from './member-look-up.ts';
import { PROTOCOLS, readIdentityProviderUserName, readNames, readPassword } from './reader.ts';
import type { RecordMembers, SessionProfile } from './record.ts';
import { type NamedRecord, readRecordFile } from './record-files.ts';
import { readHome, readPolicy, readPosixProfile, readRole } from './session-members.ts';
import { readTotp } from './totp-member.ts';

export interface RecordProblem {
  /** Name of the member, `Role`. */
  readonly member: string;
  readonly text: string;
  /** `error`: the user cannot log in, or not with this. `warning`: they can, and somebody should look at it. */
  readonly severity: 'error' | 'warning';
}

export interface LintedRecord {
  /** The user, or which record of the file it is. */
  readonly name: string;
  readonly problems: readonly RecordProblem[];
}

/** Whatever wrote the file: one record, a map of user names to records, items of a DynamoDB table (typed or not). */
export async function lintFile(path: string): Promise<readonly LintedRecord[]> {
  return lintRecords(await readRecordFile(path));
}

/** Each record by itself. */
export function lintRecords(records: readonly NamedRecord[]): readonly LintedRecord[] {
  return records.map(({ name, members }) => ({
    name,
    problems: members === undefined ? [error('', 'It is not a record.')] : lintRecord(members),
  }));
}

/** All that is wrong, for any protocol; each problem once. */
export function lintRecord(members: RecordMembers, nowMs: number = Date.now()): readonly RecordProblem[] {
  const problems = PROTOCOLS.flatMap((protocol) => {
    const lookUp = new MemberLookUp(members, protocol, nowMs);
    const found = PARTS.flatMap((part) => caught(() => part(lookUp)));
    const remarks = lookUp.remarks.map(({ member, text }) => warning(member, text));
    return [...found, ...remarks];
  });
  const all = [...problems, ...lintTypes(members), ...lintPasswords(members)];
  return [...new Map(all.map((problem) => [`${problem.member} ${problem.text}`, problem])).values()];
}

type Part = (members: MemberLookUp) => readonly RecordProblem[];

/** Parts that the reader alone judges. */
const READ_ONLY: readonly ((members: MemberLookUp) => unknown)[] = [
  readNames,
  readEnabled,
  readValidity,
  readProtocols,
  readServerIds,
  readSourceNetworks,
  (members) => readPassword(members, []),
  readTotp,
  readIdentityProviderUserName,
  readPosixProfile,
];

const PARTS: readonly Part[] = [
  ...READ_ONLY.map((read) => (members: MemberLookUp) => {
    read(members);
    return [];
  }),
  lintKeys,
  lintRole,
  lintPolicy,
  lintHome,
];

function caught(lint: () => readonly RecordProblem[]): readonly RecordProblem[] {
  try {
    return lint();
  } catch (thrown) {
    if (thrown instanceof RecordInvalid) return [error(thrown.member, `${sentence(thrown.problem)}.`)];
    throw thrown;
  }
}

function lintKeys(members: MemberLookUp): readonly RecordProblem[] {
  const keys = readPublicKeys(members);
  const given = members.find('PublicKey') ?? members.find('PublicKeys');
  if (given !== undefined && keys.length === 0) return [error(given.name, 'None of the keys can be used.')];
  if (keys.length <= MAX_PUBLIC_KEYS) return [];
  return [
    error('PublicKeys', `There are more than ${MAX_PUBLIC_KEYS} keys: the user cannot log in with any.`),
  ];
}

function lintRole(members: MemberLookUp): readonly RecordProblem[] {
  const { role } = readRole(members);
  if (role === undefined) return [warning('Role', 'There is none: it has to come from a profile.')];
  return isRoleArn(role) || role.includes('{{') ? [] : [error('Role', 'It is not the ARN of a role.')];
}

function lintPolicy(members: MemberLookUp): readonly RecordProblem[] {
  const { policy = '' } = readPolicy(members);
  if (policy.length <= MAX_POLICY_CHARACTERS) return [];
  return [error('Policy', `It has more than ${MAX_POLICY_CHARACTERS} characters.`)];
}

/** As the server checks a home, with every bucket and file system taken to be there. */
function lintHome(members: MemberLookUp): readonly RecordProblem[] {
  const { home } = readHome(members);
  if (home === undefined) return [];
  try {
    checkHome(home);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof HomeError)) throw thrown;
    const member = home.type === 'PATH' ? 'HomeDirectory' : 'HomeDirectoryDetails';
    return [error(member, `${sentence(thrown.message)}.`)];
  }
}

/** @throws HomeError */
function checkHome({ type, directory, details = [] }: NonNullable<SessionProfile['home']>): void {
  const mappings = type === 'LOGICAL' ? { mappings: parseMappings(details) } : {};
  const places = mappings.mappings?.map(({ target }) => target) ?? [directory ?? ''];
  const storageNames = new Set(places.map((place) => place.split('/')[1] ?? ''));
  const place = directory === undefined ? {} : { directory };
  homeSpec({ userName: 'user', type, ...place, ...mappings }, storageNames);
}

/** What is read here and would not be by a function of the AWS sample. */
function lintTypes(members: RecordMembers): readonly RecordProblem[] {
  return Object.entries(members).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null) return [];
    if (!/(?:HomeDirectoryDetails|PosixProfile|Policy)$/.test(name)) return [];
    return [warning(name, 'The AWS sample for Secrets Manager needs a string that holds JSON here.')];
  });
}

function error(member: string, text: string): RecordProblem {
  return { member, text, severity: 'error' };
}

function warning(member: string, text: string): RecordProblem {
  return { member, text, severity: 'warning' };
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
