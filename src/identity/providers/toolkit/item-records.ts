/** Turns what an item says into a record: its conditions and, of its `config`, what makes a session. */

import { Denied, IdentityFault } from '../../decision.ts';
import { readRecord } from '../../records/reader.ts';
import type { RecordMembers, UserRecord } from '../../records/record.ts';
import type { Login } from '../provider.ts';
import type { ItemConditions, ProviderItem, UserItem } from './items.ts';

export interface ItemReading {
  readonly login: Login;
  /** For the filter of directories. */
  readonly region: string;
  readonly nowMs: number;
  /** Whether keys are asked for; a password login has no use for them. */
  readonly withKeys: boolean;
}

/** @throws Denied RECORD_INVALID */
export function userItemRecord(item: UserItem, reading: ItemReading): UserRecord {
  const keys = reading.withKeys ? { PublicKeys: item.config.PublicKeys } : {};
  return readMembers('user', { ...itemMembers(item, reading), ...keys }, reading);
}

/** Keys of a provider would be keys of everybody, so they are not read. @throws IdentityFault CONFIGURATION_INVALID */
export function providerItemRecord(item: ProviderItem, reading: ItemReading): UserRecord {
  try {
    return readMembers('identity provider', itemMembers(item, reading), reading);
  } catch (error) {
    if (!(error instanceof Denied)) throw error;
    throw new IdentityFault('CONFIGURATION_INVALID', `The item of the identity provider: ${error.message}`);
  }
}

function readMembers(source: string, members: RecordMembers, { login, nowMs }: ItemReading): UserRecord {
  const { record, remarks } = readRecord(members, {
    protocol: login.protocol,
    requireProtocolPassword: [],
    nowMs,
  });
  for (const { member, text } of remarks) login.trace.note(`toolkit ${source} item: ${member}`, text);
  return record;
}

/** An item in the members that all stores share. */
export function itemMembers(
  item: ItemConditions & { readonly config: RecordMembers },
  { region }: { readonly region: string },
): RecordMembers {
  const { Role, Policy, PosixProfile } = item.config;
  return { ...conditionMembers(item), Role, Policy, PosixProfile, ...homeMembers(item.config, region) };
}

function conditionMembers(item: ItemConditions): RecordMembers {
  return {
    Enabled: !item.disabled,
    AcceptedIpNetworks: networksOf(item),
    ServerIds: anyIfEmpty(item.server_id_allow_list),
    Protocols: anyIfEmpty(item.protocols),
    ValidFrom: item.not_before,
    ValidTo: item.not_after,
  };
}

/** The toolkit knows the first list only; whoever adds the second means both. */
function networksOf(item: ItemConditions): unknown {
  const lists = [item.ipv4_allow_list, item.ip_allow_list].map(anyIfEmpty);
  const [first, second] = lists.filter((list) => list !== undefined);
  return Array.isArray(first) && Array.isArray(second) ? [...first, ...second] : (first ?? second);
}

/** An absent and an empty list are the same to the toolkit: anybody. Everywhere else an empty list is nobody. */
function anyIfEmpty(list: unknown): unknown {
  if (!Array.isArray(list)) return list === '' || list === null ? undefined : list;
  const items = list.filter((item) => item !== '');
  return items.length === 0 ? undefined : items;
}

/**
 * The home of one item, as a whole. As in the toolkit, mappings make it LOGICAL and hide `HomeDirectory`; an item that has a
 * type only says nothing.
 */
function homeMembers(config: RecordMembers, region: string): RecordMembers {
  const { HomeDirectory, HomeDirectoryDetails, HomeDirectoryType } = config;
  if (HomeDirectoryDetails !== undefined)
    return { HomeDirectoryType: 'LOGICAL', HomeDirectoryDetails: ofRegion(HomeDirectoryDetails, region) };
  return HomeDirectory === undefined ? {} : { HomeDirectoryType, HomeDirectory };
}

/** Without the directories that are for other regions. */
function ofRegion(details: unknown, region: string): unknown {
  const decoded = typeof details === 'string' ? parseJson(details) : details;
  if (!Array.isArray(decoded)) return details;
  return decoded.filter((entry: unknown) => isForRegion(entry, region));
}

function isForRegion(entry: unknown, region: string): boolean {
  if (typeof entry !== 'object' || entry === null || !('regions' in entry)) return true;
  const { regions } = entry;
  const names: readonly unknown[] = Array.isArray(regions) ? regions : [regions];
  return names.includes(region.toLowerCase());
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
