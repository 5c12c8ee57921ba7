/** Column names as names of members: databases fold case, and people write underscores. */

import { Denied } from '../../decision.ts';
import { MEMBERS, PROTOCOLS } from '../../records/reader.ts';
import type { RecordMembers } from '../../records/record.ts';
import type { Row } from './database.ts';

const MEMBER_NAMES: ReadonlyMap<string, string> = new Map(
  ['', ...PROTOCOLS].flatMap((prefix) =>
    MEMBERS.map((member) => [folded(`${prefix}${member}`), `${prefix}${member}`] as const),
  ),
);

/**
 * A row as a record. NULL is absent: an empty `ftp_password` of most rows must not hide `password`.
 * @throws Denied RECORD_INVALID for two columns of one member: one may say what the other is meant to forbid
 */
export function membersOfRow(row: Row, userNameColumn: string): RecordMembers {
  const given = Object.entries(row).filter(([column, value]) => value !== null && column !== userNameColumn);
  const members = new Map(
    given.map(([column, value]) => [MEMBER_NAMES.get(folded(column)) ?? column, value] as const),
  );
  if (members.size < given.length) throw new Denied('RECORD_INVALID', 'Two columns are the same member.');
  return Object.fromEntries(members);
}

/** The column of a password: `FTPPassword` is in `ftp_password`. */
export function passwordColumn(member: string): string {
  return member.replace(/(?<=.)(?=Password$)/, '_').toLowerCase();
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll('_', '');
}
