/** Finds the groups of a user: by the user's attribute, by search, level by level, or as Active Directory counts them. */

import { Denied, IdentityFault } from '../../decision.ts';
import type { LdapConnection } from './connection.ts';
import { comparableName, firstValue } from './distinguished-name.ts';
import type { LdapEntry } from './entry.ts';
import { escapeFilterValue, fillTemplate } from './escape.ts';
import type { LdapSettings } from './settings.ts';
import { sidInDomainOf, sidText } from './sid.ts';

/** Most groups of one user; a token of Windows holds 1,015. */
const MAX_GROUPS = 1024;
/** Most levels of groups in groups. */
const MAX_LEVELS = 16;
/** Most names or SIDs in one filter. */
const MAX_TERMS = 50;
/** The group id that nobody has (-1): no group is found by it. */
const NO_GID = '4294967295';
/** LDAP_MATCHING_RULE_IN_CHAIN: walks up the groups within Active Directory. */
const IN_CHAIN = '1.2.840.113556.1.4.1941';

const SID = /^S-1-[\d-]+$/;

export interface FoundGroup {
  /** Absent where a SID could not be resolved. */
  readonly dn?: string;
  readonly sid?: string;
  readonly name: string;
}

interface Question {
  readonly connection: LdapConnection;
  readonly settings: LdapSettings;
  readonly signal: AbortSignal;
}

/** Attributes of the user's entry that are needed. */
export const GROUP_ATTRIBUTES = ['memberOf', 'primaryGroupID', 'objectSid', 'gidNumber'] as const;

/** @throws IdentityFault UPSTREAM_ANSWER_INVALID with more groups than the limit; ResultError */
export async function findGroups(
  question: Question,
  entry: LdapEntry,
  userName: string,
): Promise<readonly FoundGroup[]> {
  const groups = await byStrategy(question, entry, userName);
  if (groups.length > MAX_GROUPS) throw tooMany();
  return groups;
}

async function byStrategy(
  question: Question,
  entry: LdapEntry,
  userName: string,
): Promise<readonly FoundGroup[]> {
  const { strategy, nested } = question.settings.groups;
  if (strategy === 'none') return [];
  if (strategy === 'tokenGroups') return ofToken(question, entry);
  const primary = await primaryGroup(question, entry);
  if (nested === 'rule') return [...(await inChain(question, entry.dn)), ...primary];
  const direct = [
    ...(strategy === 'memberOf' ? ofAttribute(entry) : await bySearch(question, entry, userName)),
    ...primary,
  ];
  return nested === 'recursive' ? withParents(question, direct) : direct;
}

function ofAttribute(entry: LdapEntry): readonly FoundGroup[] {
  if (entry.isCut('memberOf')) throw tooMany();
  return entry.texts('memberOf').map((dn) => ({ dn, name: firstValue(dn) }));
}

function bySearch(question: Question, entry: LdapEntry, userName: string): Promise<readonly FoundGroup[]> {
  const values = { dn: entry.dn, userName, gidNumber: entry.text('gidNumber') ?? NO_GID };
  return search(question, fillTemplate(question.settings.groups.filter, values, escapeFilterValue));
}

function inChain(question: Question, dn: string): Promise<readonly FoundGroup[]> {
  return search(question, `(member:${IN_CHAIN}:=${escapeFilterValue(dn)})`);
}

/** Level by level, each group once: groups may hold each other. */
async function withParents(
  question: Question,
  direct: readonly FoundGroup[],
): Promise<readonly FoundGroup[]> {
  const found = new Map<string, FoundGroup>();
  let level = direct;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === MAX_LEVELS) throw tooMany();
    const fresh = level.filter(({ dn }) => dn !== undefined && !found.has(comparableName(dn)));
    for (const group of fresh) found.set(comparableName(group.dn ?? ''), group);
    if (found.size > MAX_GROUPS) throw tooMany();
    const names = fresh.flatMap(({ dn }) => (dn === undefined ? [] : [escapeFilterValue(dn)]));
    level = await searchAny(question, names, (dn) => `(member=${dn})(uniqueMember=${dn})`);
  }
  return [...found.values()];
}

/** Of Active Directory: nested groups of the whole token, the primary one too, as SIDs. */
async function ofToken(question: Question, entry: LdapEntry): Promise<readonly FoundGroup[]> {
  const { connection, settings, signal } = question;
  const limits = { timeoutMs: settings.operationTimeoutMs, signal };
  // A constructed attribute: it comes with a search of the entry itself only.
  const [own] = await connection.search(entry.dn, { scope: 'base', attributes: ['tokenGroups'] }, limits);
  const sids = (own?.bytes('tokenGroups') ?? []).map((bytes) => {
    const sid = sidText(bytes);
    if (sid === undefined) throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'tokenGroups holds no SIDs.');
    return sid;
  });
  if (own?.isCut('tokenGroups') === true || sids.length > MAX_GROUPS) throw tooMany();
  const named = await searchAny(question, sids, (sid) => `(objectSid=${sid})`);
  const bySid = new Map(named.map((group) => [group.sid, group]));
  return sids.map((sid) => bySid.get(sid) ?? { sid, name: sid });
}

/** Of Active Directory, which keeps it apart from `memberOf`: mostly `Domain Users`. */
async function primaryGroup(question: Question, entry: LdapEntry): Promise<readonly FoundGroup[]> {
  const relativeId = entry.text('primaryGroupID');
  const [bytes] = entry.bytes('objectSid');
  if (!question.settings.groups.primaryGroup || relativeId === undefined || bytes === undefined) return [];
  const userSid = sidText(bytes);
  const sid = userSid === undefined ? undefined : sidInDomainOf(userSid, relativeId);
  return sid === undefined ? [] : search(question, `(objectSid=${sid})`);
}

async function searchAny(
  question: Question,
  values: readonly string[],
  term: (value: string) => string,
): Promise<readonly FoundGroup[]> {
  const found: FoundGroup[] = [];
  for (let start = 0; start < values.length; start += MAX_TERMS) {
    const terms = values.slice(start, start + MAX_TERMS).map(term);
    found.push(...(await search(question, `(|${terms.join('')})`)));
    if (found.length > MAX_GROUPS) throw tooMany();
  }
  return found;
}

/** Without a size limit of ours: the library would not tell a list that was cut from a whole one. */
async function search(
  { connection, settings, signal }: Question,
  filter: string,
): Promise<readonly FoundGroup[]> {
  const { base, nameAttribute, sidAttribute } = settings.groups;
  if (base === undefined) throw new IdentityFault('CONFIGURATION_INVALID', 'groups has no base.');
  const limits = { timeoutMs: settings.operationTimeoutMs, signal };
  const entries = await connection.search(
    base,
    { filter, attributes: [nameAttribute, sidAttribute] },
    limits,
  );
  return entries.map((entry) => {
    const sid = sidOf(entry, sidAttribute);
    const name = entry.text(nameAttribute) ?? firstValue(entry.dn);
    return { dn: entry.dn, name, ...(sid === undefined ? {} : { sid }) };
  });
}

/** Binary in Active Directory, text in others, such as FreeIPA's `ipaNTSecurityIdentifier`. */
function sidOf(entry: LdapEntry, attribute: string): string | undefined {
  const [bytes] = entry.bytes(attribute);
  if (bytes === undefined) return undefined;
  const text = bytes.toString('latin1');
  return SID.test(text) ? text : sidText(bytes);
}

/** Half a list of groups would let in whom a rule on the other half refuses. */
function tooMany(): IdentityFault {
  return new IdentityFault(
    'UPSTREAM_ANSWER_INVALID',
    `The user is in more groups than the directory tells, or than ${MAX_GROUPS}.`,
  );
}

/** @throws Denied NOT_ASSIGNED */
export function checkAllowedGroups(
  groups: readonly FoundGroup[],
  allowed: readonly string[] | undefined,
): void {
  if (allowed === undefined) return;
  if (!allowed.some((wanted) => groups.some((group) => isGroup(group, wanted))))
    throw new Denied('NOT_ASSIGNED');
}

/** `wanted` is a SID, a distinguished name or a name, told apart by their form. */
function isGroup({ dn, sid, name }: FoundGroup, wanted: string): boolean {
  if (SID.test(wanted)) return sid === wanted;
  if (wanted.includes('=')) return dn !== undefined && comparableName(dn) === comparableName(wanted);
  return name.toLowerCase() === wanted.toLowerCase();
}
