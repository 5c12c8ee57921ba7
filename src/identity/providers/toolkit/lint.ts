/** Looks for what is wrong with items of the toolkit's tables before somebody tries to log in. */

import { Denied, IdentityFault } from '../../decision.ts';
import { lintMappingItem } from '../../profiles/lint.ts';
import type { RecordProblem } from '../../records/lint.ts';
import type { RecordMembers } from '../../records/record.ts';
import { Secret } from '../../secret.ts';
import { itemMembers } from './item-records.ts';
import { DEFAULT_USER, type ProviderItem, readProviderItem, readUserItem, type UserItem } from './items.ts';
import { attributeOptions, isLocalModule, moduleConfiguration, moduleOf } from './modules.ts';
import { unknownPlaceholders } from './placeholders.ts';

/** Where an item has what all records have under another name. */
const ITEM_MEMBERS: Readonly<Record<string, string>> = {
  AcceptedIpNetworks: 'ipv4_allow_list, ip_allow_list',
  ServerIds: 'server_id_allow_list',
  Protocols: 'protocols',
  ValidFrom: 'not_before',
  ValidTo: 'not_after',
  Enabled: 'disabled',
};
const ARN_OF_SECRET = { read: async () => new Secret('{"username":"user","password":"password"}') };
const ANY_REGION = 'us-east-1';

/** An item of either table as plain values; sets are arrays. What is found holds nothing secret. */
export async function lintToolkitItem(
  item: RecordMembers,
  nowMs: number = Date.now(),
): Promise<readonly RecordProblem[]> {
  try {
    if ('module' in item) return await lintProviderItem(readProviderItem(item), nowMs);
    return lintUserItem(readUserItem(item), nowMs);
  } catch (thrown) {
    if (thrown instanceof Denied || thrown instanceof IdentityFault) return [error('', thrown.message)];
    throw thrown;
  }
}

function lintUserItem(item: UserItem, nowMs: number): readonly RecordProblem[] {
  const { config, user, identity_provider_key } = item;
  const problems: RecordProblem[] = [...lintSession(item, { PublicKeys: config.PublicKeys }, nowMs)];
  for (const [member, name] of Object.entries({ user, identity_provider_key })) {
    if (name !== name.toLowerCase())
      problems.push(error(member, 'It is not in lower case: logins never find the item.'));
  }
  if (config.argon2_hash === undefined) return problems;
  if (typeof config.argon2_hash !== 'string' || !config.argon2_hash.startsWith('$argon2'))
    problems.push(error('config.argon2_hash', 'It is not a hash of Argon2.'));
  if (user === DEFAULT_USER)
    problems.push(error('config.argon2_hash', 'It is the password of everybody who has no item.'));
  return problems;
}

async function lintProviderItem(item: ProviderItem, nowMs: number): Promise<readonly RecordProblem[]> {
  const problems: RecordProblem[] = [...lintSession(item, {}, nowMs), ...(await lintModule(item))];
  if (item.config.PublicKeys !== undefined)
    problems.push(warning('config.PublicKeys', 'It is not read: it would be the key of everybody.'));
  if (item.provider !== item.provider.toLowerCase())
    problems.push(error('provider', 'It is not in lower case: logins that name it never find it.'));
  return problems;
}

async function lintModule(item: ProviderItem): Promise<readonly RecordProblem[]> {
  try {
    attributeOptions(item);
    if (!isLocalModule(moduleOf(item))) await moduleConfiguration(item, ARN_OF_SECRET, ANY_REGION);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof IdentityFault)) throw thrown;
    return [error('config', thrown.message)];
  }
}

/** What makes a session, for each region that is named: an Entry may be there once for each. */
function lintSession(
  item: UserItem | ProviderItem,
  further: RecordMembers,
  nowMs: number,
): readonly RecordProblem[] {
  const problems = regionsOf(item.config).flatMap((region) => {
    const { Enabled: _enabled, ...members } = itemMembers(item, { region });
    return lintMappingItem({ ...members, ...further }, nowMs);
  });
  const named = problems.map(({ member, ...rest }) => ({
    ...rest,
    member: ITEM_MEMBERS[member] ?? `config.${member}`,
  }));
  const unknown = unknownPlaceholders(item.config).map((name) =>
    error('config', `{{${name}}} is a placeholder that there is not.`),
  );
  return unique([...named, ...unknown]);
}

function regionsOf({ HomeDirectoryDetails: details }: RecordMembers): readonly string[] {
  const regions = Array.isArray(details)
    ? details.flatMap((entry: unknown) =>
        typeof entry === 'object' && entry !== null && 'regions' in entry ? entry.regions : [],
      )
    : [];
  const names = regions.filter((region) => typeof region === 'string');
  return names.length === 0 ? [ANY_REGION] : [...new Set(names)];
}

function unique(problems: readonly RecordProblem[]): readonly RecordProblem[] {
  return [...new Map(problems.map((problem) => [`${problem.member} ${problem.text}`, problem])).values()];
}

function error(member: string, text: string): RecordProblem {
  return { member, text, severity: 'error' };
}

function warning(member: string, text: string): RecordProblem {
  return { member, text, severity: 'warning' };
}
