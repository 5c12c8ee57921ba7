/** A directory behind `AWS_DIRECTORY_SERVICE`: passwords of its users, and sessions by the accesses of their groups. */

import { Denied } from '../decision.ts';
import { LdapDirectory } from '../providers/ldap/directory.ts';
import { ldapOptions } from '../providers/ldap/options.ts';
import { personOf } from '../providers/ldap/person.ts';
import { type LdapSettings, settle } from '../providers/ldap/settings.ts';
import type { Login, Person, PersonProvider, Step } from '../providers/provider.ts';
import type { Secret } from '../secret.ts';
import type { Surroundings } from '../surroundings.ts';
import { ACCESS_MESSAGES, accessOf, recordOf } from './access.ts';
import type { DirectoryOptions } from './options.ts';

/** Never the userPrincipalName, which may be somebody else's where the two differ. */
const AD_USER_FILTER = '(&(objectCategory=person)(objectClass=user)(sAMAccountName={username}))';

/** Nothing is connected yet. */
export function createDirectoryProvider(
  options: DirectoryOptions,
  surroundings: Surroundings,
): PersonProvider {
  return new DirectoryProvider(options, surroundings);
}

class DirectoryProvider implements PersonProvider {
  readonly #options: DirectoryOptions;
  readonly #settings: LdapSettings;
  readonly #directory: LdapDirectory;

  constructor(options: DirectoryOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#settings = settingsOf(options);
    this.#directory = new LdapDirectory(this.#settings, surroundings);
  }

  async password({ userName: typed, signal, trace }: Login, password: Secret): Promise<Step> {
    const userName = nameInDomain(typed, this.#options.domain);
    const known = await this.#directory.authenticate({ userName, signal, trace }, password);
    const sids = known.groups.flatMap(({ sid }) => sid ?? []);
    const access = accessOf(sids, this.#options.accesses);
    const person: Person = {
      ...personOf(known, this.#settings, { userName, proofs: ['password'] }),
      groups: known.groups.map(({ sid, dn, name }) => ({ id: sid ?? dn ?? name, name })),
      record: recordOf(access),
    };
    return { outcome: 'verified', person };
  }

  /** As at AWS, where users of a directory have passwords only. */
  async lookUp(): Promise<Person | undefined> {
    throw new Denied('KEYS_NOT_ACCEPTED');
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#directory.check(signal);
  }

  async close(): Promise<void> {
    this.#directory.close();
  }
}

function settingsOf(options: DirectoryOptions): LdapSettings {
  const { domain, accesses: _, nestedGroups, sidAttribute, searchBase, userFilter, ...shared } = options;
  const isActiveDirectory = shared.preset === 'active-directory';
  const defaultFilter = isActiveDirectory ? AD_USER_FILTER : undefined;
  const parsed = ldapOptions.parse({
    ...shared,
    searchBase: searchBase ?? domainName(domain),
    userFilter: userFilter ?? defaultFilter,
    // Not by memberOf, which names groups by something else than their SIDs.
    groups: {
      strategy: nestedGroups && isActiveDirectory ? 'tokenGroups' : 'search',
      nested: nestedGroups && !isActiveDirectory ? 'recursive' : 'no',
      sidAttribute,
    },
  });
  return settle(parsed);
}

/** RFC 2247. */
function domainName(domain: string): string {
  return domain
    .split('.')
    .map((label) => `DC=${label}`)
    .join(',');
}

/** The name without its domain. @throws Denied NOT_ASSIGNED with the API's message for another realm */
function nameInDomain(typed: string, domain: string): string {
  const split = typed.lastIndexOf('@');
  if (split === -1) return typed;
  if (typed.slice(split + 1).toLowerCase() !== domain.toLowerCase())
    throw new Denied('NOT_ASSIGNED', ACCESS_MESSAGES.none);
  return typed.slice(0, split);
}
