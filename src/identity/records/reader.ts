/** Reads a record of any store for one protocol; docs/identity/records.md describes the members. */

import type { IdentityProtocol } from '../request.ts';
import { Secret } from '../secret.ts';
import {
  NETWORK_SPELLINGS,
  readEnabled,
  readProtocols,
  readServerIds,
  readSourceNetworks,
  readValidity,
} from './condition-members.ts';
import { KEY_SPELLINGS, readPublicKeys } from './key-members.ts';
import { MemberLookUp, RecordInvalid, textOf } from './member-look-up.ts';
import type { RecordMembers, RecordRemark, SessionProfile, UserRecord } from './record.ts';
import { DETAILS_SPELLINGS, readHome, readPolicy, readPosixProfile, readRole } from './session-members.ts';
import { readTotp } from './totp-member.ts';

export const PROTOCOLS: readonly IdentityProtocol[] = ['SFTP', 'FTPS', 'FTP'];

/** A misspelt one of these would let in whom it is meant to keep out. */
const CONDITIONS: readonly string[] = [
  'Enabled',
  'ValidFrom',
  'ValidTo',
  'Protocols',
  'ServerIds',
  'Totp',
  ...NETWORK_SPELLINGS,
];
const OTHERS: readonly string[] = [
  'Password',
  'Role',
  'Policy',
  'PosixProfile',
  'HomeDirectory',
  'HomeDirectoryType',
  'IdentityProviderUserName',
  ...DETAILS_SPELLINGS,
  ...KEY_SPELLINGS,
];
/** Not read: the key of the record in its store, and a note for people. */
const UNREAD: readonly string[] = ['UserName', 'Comment'];

/** Of the names that a member may be meant by: `ftp_enabled` is `FTPEnabled`, misspelt. */
const FOLDED_PREFIXES: readonly string[] = ['', ...PROTOCOLS.map((protocol) => protocol.toLowerCase())];

/** Every member that has a meaning, without the prefix of a protocol. */
export const MEMBERS: readonly string[] = [...CONDITIONS, ...OTHERS, ...UNREAD];

export interface RecordReading {
  readonly protocol: IdentityProtocol;
  /** Protocols that do not take the plain `Password`: FTP sends it in clear text. */
  readonly requireProtocolPassword: readonly IdentityProtocol[];
  /** Milliseconds since 1970, by default now: keys that are expired are left out. */
  readonly nowMs?: number;
}

export interface ReadRecord {
  readonly record: UserRecord;
  readonly remarks: readonly RecordRemark[];
}

/** @throws Denied RECORD_INVALID, which names the member and never its value */
export function readRecord(members: RecordMembers, reading: RecordReading): ReadRecord {
  const lookUp = new MemberLookUp(members, reading.protocol, reading.nowMs ?? Date.now());
  readNames(lookUp);
  const record: UserRecord = {
    enabled: readEnabled(lookUp),
    ...readValidity(lookUp),
    ...readProtocols(lookUp),
    ...readServerIds(lookUp),
    ...readSourceNetworks(lookUp),
    ...readPassword(lookUp, reading.requireProtocolPassword),
    publicKeys: readPublicKeys(lookUp),
    ...readTotp(lookUp),
    ...readIdentityProviderUserName(lookUp),
    session: readSession(lookUp),
  };
  return { record, remarks: lookUp.remarks };
}

/** What the session is made of, alone. @throws Denied RECORD_INVALID */
export function readSession(members: MemberLookUp): SessionProfile {
  return {
    ...readRole(members),
    ...readPolicy(members),
    ...readHome(members),
    ...readPosixProfile(members),
  };
}

/** @throws Denied RECORD_INVALID where a condition is misspelt */
export function readNames(members: MemberLookUp): void {
  for (const name of members.names) {
    const plainNames = withoutProtocol(name);
    if (plainNames.some((plain) => MEMBERS.includes(plain))) continue;
    const meant = MEMBERS.find((member) =>
      FOLDED_PREFIXES.some((prefix) => folded(name) === prefix + folded(member)),
    );
    if (meant !== undefined && CONDITIONS.includes(meant))
      throw new RecordInvalid(name, `it is misspelt; write ${meant}`);
    members.remark(name, meant === undefined ? 'It is not known.' : `It is misspelt; write ${meant}.`);
  }
}

/** @throws Denied RECORD_INVALID */
export function readPassword(
  members: MemberLookUp,
  requireProtocolPassword: readonly IdentityProtocol[],
): Pick<UserRecord, 'password' | 'isPasswordOfProtocol'> {
  const found = members.find('Password');
  if (found === undefined) return { isPasswordOfProtocol: false };
  const password = new Secret(textOf(found));
  if (found.isOfProtocol) return { password, isPasswordOfProtocol: true };
  if (!requireProtocolPassword.includes(members.protocol)) return { password, isPasswordOfProtocol: false };
  members.remark('Password', `It is not for ${members.protocol}, which needs ${members.protocol}Password.`);
  return { isPasswordOfProtocol: false };
}

/** @throws Denied RECORD_INVALID */
export function readIdentityProviderUserName(
  members: MemberLookUp,
): Pick<UserRecord, 'identityProviderUserName'> {
  const found = members.find('IdentityProviderUserName');
  return found === undefined ? {} : { identityProviderUserName: textOf(found).trim() };
}

/** What the name may be a form of: `FTPSRole` is the `Role` of FTPS; as FTP it would be `SRole`, which is nothing. */
function withoutProtocol(name: string): readonly string[] {
  const prefixes = PROTOCOLS.filter((protocol) => name.startsWith(protocol));
  return [name, ...prefixes.map((protocol) => name.slice(protocol.length))];
}

/** `accepted_ip_network` and `acceptedIpNetwork` are the same to whoever writes them. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[_\s-]/g, '');
}
