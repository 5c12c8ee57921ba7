/** Reads who may log in at all from a record: `Enabled`, `ValidFrom`, `ValidTo`, `Protocols`, `ServerIds`, networks. */

import { IpRange } from '../../policy/ip-range.ts';
import type { IdentityProtocol } from '../request.ts';
import { parseInstant } from './instant.ts';
import { kindOf, type MemberLookUp, RecordInvalid, textsOf } from './member-look-up.ts';
import type { UserRecord } from './record.ts';

/** The blog of the AWS sample and its descendants spell it in three ways. */
export const NETWORK_SPELLINGS = [
  'AcceptedIpNetwork',
  'AcceptedIpNetworks',
  'AcceptedIpNetworkList',
] as const;

const PROTOCOLS: ReadonlyMap<string, IdentityProtocol> = new Map([
  ['SFTP', 'SFTP'],
  ['FTPS', 'FTPS'],
  ['FTP', 'FTP'],
]);
/** Booleans as the stores write them; SQLite has none of its own. */
const BOOLEANS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  [1, true],
  [0, false],
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
]);

/** @throws Denied RECORD_INVALID */
export function readEnabled(members: MemberLookUp): boolean {
  const found = members.find('Enabled');
  if (found === undefined) return true;
  const value = typeof found.value === 'string' ? found.value.trim().toLowerCase() : found.value;
  const isEnabled = BOOLEANS.get(value);
  if (isEnabled === undefined) throw new RecordInvalid(found.name, 'it has to be true or false');
  return isEnabled;
}

/** @throws Denied RECORD_INVALID */
export function readValidity(members: MemberLookUp): Pick<UserRecord, 'validFromMs' | 'validToMs'> {
  const validFromMs = readInstant(members, 'ValidFrom');
  const validToMs = readInstant(members, 'ValidTo');
  if (validFromMs !== undefined && validToMs !== undefined && validFromMs >= validToMs)
    members.remark('ValidTo', 'It is not after ValidFrom: the user can never log in.');
  return {
    ...(validFromMs === undefined ? {} : { validFromMs }),
    ...(validToMs === undefined ? {} : { validToMs }),
  };
}

/** @throws Denied RECORD_INVALID */
export function readProtocols(members: MemberLookUp): Pick<UserRecord, 'protocols'> {
  const found = members.find('Protocols');
  if (found === undefined) return {};
  const protocols = textsOf(found).map((text) => {
    const protocol = PROTOCOLS.get(text);
    if (protocol === undefined) throw new RecordInvalid(found.name, 'an item is none of SFTP, FTPS and FTP');
    return protocol;
  });
  return { protocols };
}

/** @throws Denied RECORD_INVALID */
export function readServerIds(members: MemberLookUp): Pick<UserRecord, 'serverIds'> {
  const found = members.find('ServerIds');
  return found === undefined ? {} : { serverIds: textsOf(found) };
}

/** @throws Denied RECORD_INVALID */
export function readSourceNetworks(members: MemberLookUp): Pick<UserRecord, 'sourceNetworks'> {
  const found = members.findOne(NETWORK_SPELLINGS);
  if (found === undefined) return {};
  const sourceNetworks = textsOf(found);
  const broken = sourceNetworks.findIndex((text) => IpRange.parse(text) === undefined);
  if (broken !== -1)
    throw new RecordInvalid(
      found.name,
      `item ${broken + 1} is not an address or a network such as 203.0.113.0/24`,
    );
  return { sourceNetworks };
}

function readInstant(members: MemberLookUp, member: string): number | undefined {
  const found = members.find(member);
  if (found === undefined) return undefined;
  const instantMs = parseInstant(found.value);
  if (instantMs !== undefined) return instantMs;
  const given = typeof found.value === 'string' ? 'a string that is no date' : kindOf(found.value);
  throw new RecordInvalid(found.name, `it is ${given}; write 2030-01-31T00:00:00Z`);
}
