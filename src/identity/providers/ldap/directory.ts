/** A directory as something that knows people: finds them, judges their passwords and says how their accounts stand. */

import { randomBytes } from 'node:crypto';
import { Denied, IdentityFault } from '../../decision.ts';
import { MAX_PASSWORD_CHARACTERS } from '../../request.ts';
import { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { Login } from '../provider.ts';
import { checkAccountState, STATE_ATTRIBUTES } from './account-state.ts';
import { judgeBind } from './bind-outcome.ts';
import type { LdapConnection } from './connection.ts';
import type { LdapEntry } from './entry.ts';
import { escapeFilterValue } from './escape.ts';
import { Gate } from './gate.ts';
import { checkAllowedGroups, type FoundGroup, findGroups, GROUP_ATTRIBUTES } from './groups.ts';
import { faultOf } from './search-fault.ts';
import { type LdapServer, LdapServers, type Round } from './servers.ts';
import { ServicePool } from './service-pool.ts';
import type { LdapSettings } from './settings.ts';
import { bindNameOf, userFilterOf } from './user-names.ts';

/** Most passwords that are judged at once; each has a connection of its own. */
const MAX_BINDS = 256;

/** In Active Directory users have two names. */
const USER_PRINCIPAL_NAME = 'userPrincipalName';
/** And in Active Directory only: `CORP\jdoe` (MS-ADA2 2.441). */
const PRINCIPAL_NAME = 'msDS-PrincipalName';

/** The part of a login that a directory needs; the name may be another than the one that was typed. */
export type Visit = Pick<Login, 'signal' | 'trace'> & { readonly userName: string };

/** Somebody whom the directory knows, whose account is in order and who is in one of the allowed groups. */
export interface KnownPerson {
  /** Absent where the directory only judges passwords. */
  readonly entry?: LdapEntry;
  readonly groups: readonly FoundGroup[];
}

/** A visit within its budget. */
type BudgetedVisit = Visit & Round;

type Read = <Result>(work: (connection: LdapConnection) => Promise<Result>) => Promise<Result>;

export class LdapDirectory {
  readonly #settings: LdapSettings;
  readonly #surroundings: Surroundings;
  readonly #servers: LdapServers;
  readonly #pool: ServicePool;
  readonly #binds = new Gate({ maxActive: MAX_BINDS, maxWaiting: 0 });

  constructor(settings: LdapSettings, surroundings: Surroundings) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#servers = new LdapServers(settings, surroundings);
    this.#pool = new ServicePool(settings, this.#servers, surroundings);
  }

  /** Judges a password, with one bind. @throws Denied, IdentityFault */
  async authenticate(visit: Visit, password: Secret): Promise<KnownPerson> {
    refuseUnusable(password);
    const within = this.#withinBudget(visit);
    return this.#settings.mode === 'direct'
      ? this.#bindDirectly(within, password)
      : this.#searchAndBind(within, password);
  }

  /** Judges nothing that is secret; undefined where we cannot look people up. @throws Denied, IdentityFault */
  async lookUp(visit: Visit): Promise<KnownPerson | undefined> {
    if (this.#settings.service === undefined) return undefined;
    const within = this.#withinBudget(visit);
    const read = this.#readAsService(within);
    const entry = onlyOne(await this.#search(within, read));
    return this.#person(within, read, { entry, isBound: false });
  }

  /** Proves that a server answers and takes our own credentials. @throws IdentityFault */
  async check(signal: AbortSignal): Promise<void> {
    const { searchBase, service, operationTimeoutMs: timeoutMs } = this.#settings;
    if (service === undefined || searchBase === undefined) {
      await this.#onOwnConnection(this.#servers.round(signal), async () => {});
      return;
    }
    await this.#pool.read(
      (connection) =>
        connection.search(searchBase, { scope: 'base', attributes: ['1.1'] }, { timeoutMs, signal }),
      this.#servers.round(signal),
    );
  }

  close(): void {
    this.#pool.close();
  }

  async #searchAndBind(visit: BudgetedVisit, password: Secret): Promise<KnownPerson> {
    const read = this.#readAsService(visit);
    const entries = await this.#search(visit, read);
    // Who is not there must not be told by the time that it takes.
    if (entries.length !== 1) await this.#bindAsNobody(visit);
    const entry = onlyOne(entries);
    await this.#bind(visit, entry.dn, password, async () => {});
    return this.#person(visit, read, { entry, isBound: true });
  }

  #bindDirectly(visit: BudgetedVisit, password: Secret): Promise<KnownPerson> {
    const { name, isDn } = bindNameOf(this.#settings, visit.userName);
    return this.#bind(visit, name, password, async (connection) => {
      const read: Read = async (work) => {
        try {
          return await work(connection);
        } catch (error) {
          throw faultOf(error);
        }
      };
      const entry = isDn ? await this.#entryNamed(visit, read, name) : await this.#entryOfBound(visit, read);
      if (entry !== undefined) return this.#person(visit, read, { entry, isBound: true });
      checkAllowedGroups([], this.#settings.allowedGroups);
      return { groups: [] };
    });
  }

  /**
   * The entry of whoever is bound, by the directory's own word: Active Directory takes `jdoe@domain` for a principal name first, which
   * may be of somebody else than the account `jdoe`, whose home they must not get. Undefined where there is no base to read below.
   */
  async #entryOfBound(visit: BudgetedVisit, read: Read): Promise<LdapEntry | undefined> {
    const { searchBase: base, operationTimeoutMs: timeoutMs, userNameAttribute } = this.#settings;
    const identity = await read((connection) => connection.whoAmI({ timeoutMs, signal: visit.signal }));
    const { dn, principal, account } = boundIdentity(identity);
    if (dn === undefined && base === undefined) {
      // What looks like a principal name was bound as one.
      if (!visit.userName.includes('@')) requireSame(visit.userName, [account]);
      return undefined;
    }
    const filter = `(${userNameAttribute}=${escapeFilterValue(account)})`;
    const entry =
      dn === undefined
        ? onlyOne(await this.#searchBy(visit, read, { base: base ?? '', scope: 'sub', filter }))
        : await this.#entryNamed(visit, read, dn);
    requireSame(visit.userName, [...entry.texts(userNameAttribute), ...entry.texts(USER_PRINCIPAL_NAME)]);
    // Domains of one forest may share their principal names, and each has accounts of its own.
    if (dn === undefined && entry.has(PRINCIPAL_NAME)) requireSame(principal, entry.texts(PRINCIPAL_NAME));
    return base === undefined ? undefined : entry;
  }

  async #entryNamed(visit: BudgetedVisit, read: Read, dn: string): Promise<LdapEntry> {
    return onlyOne(await this.#searchBy(visit, read, { base: dn, scope: 'base', filter: '(objectClass=*)' }));
  }

  #search(visit: BudgetedVisit, read: Read): Promise<readonly LdapEntry[]> {
    const { searchBase, searchScope: scope } = this.#settings;
    if (searchBase === undefined) throw new IdentityFault('CONFIGURATION_INVALID', 'There is no searchBase.');
    const filter = userFilterOf(this.#settings, visit.userName);
    return this.#searchBy(visit, read, { base: searchBase, scope, filter });
  }

  #searchBy(
    { signal, trace }: BudgetedVisit,
    read: Read,
    {
      base,
      scope,
      filter,
    }: { readonly base: string; readonly scope: 'base' | 'one' | 'sub'; readonly filter: string },
  ): Promise<readonly LdapEntry[]> {
    const { operationTimeoutMs: timeoutMs } = this.#settings;
    const attributes = this.#attributesToRead();
    return trace.measure(
      'ldap: search for the user',
      () =>
        // Two are enough to see that the name is not of one person.
        read((connection) =>
          connection.search(base, { scope, filter, attributes, sizeLimit: 2 }, { timeoutMs, signal }),
        ),
      (entries) => `${entries.length} entries`,
    );
  }

  #attributesToRead(): string[] {
    const { attributes, publicKeyAttributes, userNameAttribute, subjectAttribute } = this.#settings;
    const all = [
      ...[userNameAttribute, subjectAttribute, USER_PRINCIPAL_NAME, PRINCIPAL_NAME],
      ...attributes,
      ...publicKeyAttributes,
      ...STATE_ATTRIBUTES,
      ...GROUP_ATTRIBUTES,
    ];
    return [...new Map(all.map((name) => [name.toLowerCase(), name])).values()];
  }

  /** What must hold of the account beside the password. @throws Denied */
  async #person(
    { signal, trace, userName }: BudgetedVisit,
    read: Read,
    { entry, isBound }: { readonly entry: LdapEntry; readonly isBound: boolean },
  ): Promise<KnownPerson> {
    const settings = this.#settings;
    const unread = settings.requiredAttributes.find((name) => !entry.has(name));
    if (unread !== undefined) throw new Denied('RECORD_INVALID', `(${unread} is not there for us to read)`);
    checkAccountState(entry, { nowMs: this.#surroundings.now(), isBound });
    if (settings.disabledFilter !== undefined)
      await this.#refuseDisabled(entry, read, settings.disabledFilter, signal);
    const name = entry.text(settings.userNameAttribute) ?? userName;
    const groups = await trace.measure(
      `ldap: groups (${settings.groups.strategy})`,
      () => read((connection) => findGroups({ connection, settings, signal }, entry, name)),
      (found) => `${found.length} groups`,
    );
    checkAllowedGroups(groups, settings.allowedGroups);
    return { entry, groups };
  }

  async #refuseDisabled({ dn }: LdapEntry, read: Read, filter: string, signal: AbortSignal): Promise<void> {
    const { operationTimeoutMs: timeoutMs } = this.#settings;
    const found = await read((connection) =>
      connection.search(dn, { scope: 'base', filter, attributes: ['1.1'] }, { timeoutMs, signal }),
    );
    if (found.length > 0) throw new Denied('ACCOUNT_DISABLED', '(disabledFilter)');
  }

  /** Binds on a connection of its own, once, and does more with it before it is closed. */
  #bind<Result>(
    { signal, trace, first }: BudgetedVisit,
    name: string,
    password: Secret,
    then: (connection: LdapConnection) => Promise<Result>,
  ): Promise<Result> {
    const { bindTimeoutMs: timeoutMs, passwordPolicy: asksForPolicy } = this.#settings;
    return this.#onOwnConnection({ signal, first }, async (connection) => {
      await trace.measure(
        'ldap: bind as the user',
        async () => judgeBind(await connection.bind(name, password, { timeoutMs, signal, asksForPolicy })),
        () => 'accepted',
      );
      return then(connection);
    });
  }

  /** A bind that cannot succeed: neither the name nor the password is anybody's. */
  async #bindAsNobody({ signal, first }: BudgetedVisit): Promise<void> {
    const { bindTimeoutMs: timeoutMs, searchBase = '', passwordPolicy: asksForPolicy } = this.#settings;
    const name = `cn=${randomBytes(8).toString('hex')},${searchBase}`;
    const password = new Secret(randomBytes(16).toString('base64url'));
    await this.#onOwnConnection({ signal, first }, (connection) =>
      connection.bind(name, password, { timeoutMs, signal, asksForPolicy }),
    );
  }

  #onOwnConnection<Result>(
    round: Round,
    work: (connection: LdapConnection) => Promise<Result>,
  ): Promise<Result> {
    return this.#binds.run(async () => {
      const open = (server: LdapServer) => this.#servers.open(server, round.signal);
      const connection = await this.#servers.attempt(open, round);
      try {
        return await work(connection);
      } finally {
        connection.close();
      }
    }, round.signal);
  }

  #readAsService(visit: BudgetedVisit): Read {
    return (work) => this.#pool.read(work, visit);
  }

  #withinBudget({ userName, signal, trace }: Visit): BudgetedVisit {
    const budget = AbortSignal.timeout(this.#settings.totalBudgetMs);
    return { userName, trace, ...this.#servers.round(AbortSignal.any([signal, budget])) };
  }
}

interface BoundIdentity {
  readonly dn?: string;
  /** `CORP\jdoe`, and its second part. */
  readonly principal: string;
  readonly account: string;
}

/** What RFC 4532 says, in the two forms of RFC 4513, section 5.2.1.8. @throws IdentityFault */
function boundIdentity(identity: string): BoundIdentity {
  const [kind, rest = ''] = identity.split(/(?<=^dn|^u):/);
  if (kind === 'dn' && rest !== '') return { dn: rest, principal: '', account: '' };
  const [, account] = /^[^\\]+\\([^\\]+)$/.exec(rest) ?? [];
  if (kind !== 'u' || account === undefined)
    throw new IdentityFault(
      'CONFIGURATION_INVALID',
      'The directory does not say who is bound; use search-bind.',
    );
  return { principal: rest, account };
}

/** @throws Denied IDENTITY_MISMATCH */
function requireSame(name: string, names: readonly string[]): void {
  if (!names.some((each) => each.toLowerCase() === name.toLowerCase())) throw new Denied('IDENTITY_MISMATCH');
}

/** Before anything is sent: servers let in with an empty password, and C programs read up to a NUL. */
function refuseUnusable(password: Secret): void {
  const text = password.reveal();
  const isUsable = text !== '' && text.length <= 2 * MAX_PASSWORD_CHARACTERS && !text.includes('\0');
  if (!isUsable) throw new Denied('PASSWORD_UNUSABLE');
}

/** @throws Denied USER_UNKNOWN, USER_AMBIGUOUS */
function onlyOne([entry, second]: readonly LdapEntry[]): LdapEntry {
  if (entry === undefined) throw new Denied('USER_UNKNOWN');
  if (second !== undefined) throw new Denied('USER_AMBIGUOUS');
  return entry;
}
