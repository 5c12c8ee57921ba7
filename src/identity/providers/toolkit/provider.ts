/**
 * The `toolkit` provider: logs in with the two DynamoDB tables of the custom identity provider of AWS's toolkit, unchanged.
 *
 * The item of a user names the item of an identity provider; that one says how passwords are judged, and both say what the session
 * is made of.
 */

import { Denied } from '../../decision.ts';
import { PasswordVerifier } from '../../passwords/password-verifier.ts';
import { judgeConditions } from '../../pipeline/conditions.ts';
import { attributeMembers } from '../../profiles/attribute-source.ts';
import { EMPTY_RECORD, type Layer, layRecords } from '../../profiles/layers.ts';
import { readRecord } from '../../records/reader.ts';
import type { UserRecord } from '../../records/record.ts';
import { Secret } from '../../secret.ts';
import type { Surroundings } from '../../surroundings.ts';
import { untilAborted } from '../../upstream/until-aborted.ts';
import type { Login, Person, PersonProvider, Proof, Step } from '../provider.ts';
import { createProvider } from '../registry.ts';

import { type ItemReading, providerItemRecord, userItemRecord } from './item-records.ts';
import type { ProviderItem, UserItem } from './items.ts';
import { toolkitName } from './login-name.ts';
import {
  attributeOptions,
  isLocalModule,
  keysSecretItem,
  type Module,
  moduleConfiguration,
  moduleOf,
} from './modules.ts';
import type { ToolkitOptions } from './options.ts';
import { fillPlaceholders } from './placeholders.ts';
import { ProviderCache } from './provider-cache.ts';
import { ItemSecrets } from './secrets.ts';
import { ToolkitTables } from './tables.ts';

/** The kind of hash that the toolkit's module reads. A plain password in this place is a mistake, not a password. */
const ARGON2 = /^\$argon2(?:id|i|d)\$/;

/** What both items say about one login, conditions judged. */
interface Found {
  readonly user: string;
  readonly userItem: UserItem;
  readonly providerItem: ProviderItem;
  readonly module: Module;
  /** The provider's under the user's. */
  readonly layers: readonly Layer[];
}

export interface ToolkitParts {
  /** Makes the providers that items ask for. */
  readonly create: typeof createProvider;
}

export function createToolkitProvider(
  options: ToolkitOptions,
  surroundings: Surroundings,
  parts: ToolkitParts = { create: createProvider },
): PersonProvider {
  return new ToolkitProvider(options, surroundings, parts);
}

class ToolkitProvider implements PersonProvider {
  readonly #options: ToolkitOptions;
  readonly #surroundings: Surroundings;
  readonly #parts: ToolkitParts;
  readonly #region: string;
  readonly #tables: ToolkitTables;
  readonly #secrets: ItemSecrets;
  readonly #providers: ProviderCache;
  readonly #passwords = new PasswordVerifier();

  constructor(options: ToolkitOptions, surroundings: Surroundings, parts: ToolkitParts) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#parts = parts;
    this.#region = options.region ?? surroundings.region;
    this.#tables = new ToolkitTables(options, surroundings);
    this.#secrets = new ItemSecrets(options, surroundings);
    this.#providers = new ProviderCache(surroundings.now);
  }

  async password(login: Login, password: Secret): Promise<Step> {
    const found = await this.#findForPassword(login, password);
    switch (found.module) {
      case 'public_key':
        throw new Denied('PASSWORD_NOT_ACCEPTED');
      case 'argon2':
        await this.#judgeHash(found, password, login.signal);
        return verified(this.#ownPerson(found, ['password']));
      default:
        return this.#judgeElsewhere(found, login, password);
    }
  }

  /** Keys are of the item of the user, and of the identity provider where it has them. */
  async lookUp(login: Login): Promise<Person> {
    const found = await this.#find(login, { withKeys: true });
    if (!this.#asksAboutKeys(found)) return this.#ownPerson(found, []);
    const person = await this.#lookUpElsewhere(found, login);
    const hasKeys = person.record === undefined || person.record.publicKeys.length > 0;
    if (hasKeys || found.module !== 'secrets_manager') return person;
    return this.#lookUpElsewhere({ ...found, providerItem: keysSecretItem(found.providerItem) }, login);
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#tables.check(signal);
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await this.#providers.close();
    this.#secrets.close();
    this.#tables.close();
  }

  /** Somebody without an item waits for a hash too, as somebody with a wrong password does. */
  async #findForPassword(login: Login, password: Secret): Promise<Found> {
    try {
      return await this.#find(login, { withKeys: false });
    } catch (error) {
      if (error instanceof Denied) await this.#passwords.imitate(password, login.signal);
      throw error;
    }
  }

  /** @throws Denied, IdentityFault */
  async #find(login: Login, { withKeys }: { readonly withKeys: boolean }): Promise<Found> {
    const name = toolkitName(login.userName, this.#options.delimiter);
    const nowMs = this.#surroundings.now();
    const reading: ItemReading = { login, region: this.#region, nowMs, withKeys };
    const userItem = await login.trace.measure(
      'toolkit: item of the user',
      () => this.#tables.user(name, login.signal),
      (item) => `found, of ${item.identity_provider_key}`,
    );
    const userRecord = userItemRecord(userItem, reading);
    judgeConditions(userRecord, login, nowMs);
    const providerItem = await login.trace.measure(
      'toolkit: item of the identity provider',
      () => this.#tables.provider(userItem.identity_provider_key, login.signal),
      (item) => `found, module ${item.module}`,
    );
    if (providerItem.disabled) throw new Denied('PROVIDER_DISABLED');
    const providerRecord = providerItemRecord(providerItem, reading);
    judgeConditions(providerRecord, login, nowMs);
    return {
      user: name.user,
      userItem,
      providerItem,
      module: moduleOf(providerItem),
      layers: [
        { name: 'identity provider item', record: providerRecord },
        { name: 'user item', record: userRecord },
      ],
    };
  }

  async #judgeHash({ userItem }: Found, password: Secret, signal: AbortSignal): Promise<void> {
    const { argon2_hash } = userItem.config;
    const hash = typeof argon2_hash === 'string' ? argon2_hash.trim() : '';
    if (hash === '') {
      await this.#passwords.imitate(password, signal);
      throw new Denied('PASSWORD_NOT_ACCEPTED', 'The item of the user has no argon2_hash.');
    }
    if (!ARGON2.test(hash)) throw new Denied('RECORD_INVALID', 'argon2_hash: it is not a hash of Argon2.');
    const { isRight } = await this.#passwords.verify(new Secret(hash), password, signal);
    if (!isRight) throw new Denied('BAD_CREDENTIALS');
  }

  async #judgeElsewhere(found: Found, login: Login, password: Secret): Promise<Step> {
    const step = await this.#useProvider(found, login, (provider) =>
      provider.password(providerLogin(login, found), password),
    );
    if (step.outcome === 'asks') throw new Denied('MFA_UNSUPPORTED');
    return verified(this.#merged(found, step.person, login, { withKeys: false }));
  }

  async #lookUpElsewhere(found: Found, login: Login): Promise<Person> {
    const person = await this.#useProvider(found, login, (provider) =>
      provider.lookUp(providerLogin(login, found)),
    );
    if (person === undefined) return this.#ownPerson(found, []);
    return this.#merged(found, person, login, { withKeys: true });
  }

  #asksAboutKeys({ module, providerItem }: Found): boolean {
    if (isLocalModule(module)) return false;
    return providerItem.public_key_support || this.#options.keyLogins === 'ask-provider';
  }

  #useProvider<Result>(
    { providerItem }: Found,
    { signal }: Login,
    work: (provider: PersonProvider) => Promise<Result>,
  ): Promise<Result> {
    const create = async () => {
      const configuration = await moduleConfiguration(providerItem, this.#secrets, this.#region);
      return this.#parts.create(configuration, this.#surroundings);
    };
    // Making a provider reads secrets, for everybody who waits for it and not for one login.
    const done = this.#providers.use(contentOf(providerItem), create, work);
    return untilAborted(done, signal, 'The identity provider of the item');
  }

  /** Somebody whom the tables alone know. */
  #ownPerson(found: Found, proofs: readonly Proof[]): Person {
    const record = this.#record(found.layers, found);
    return { subject: found.user, userName: found.user, attributes: new Map(), groups: [], proofs, record };
  }

  #merged(found: Found, person: Person, login: Login, { withKeys }: { readonly withKeys: boolean }): Person {
    const layers = [
      ...found.layers,
      { name: 'module', record: this.#attributeRecord(found, person, login) },
      ...(person.record === undefined ? [] : [{ name: 'module', record: credentialsOnly(person.record) }]),
    ];
    const record = this.#record(layers, found);
    return { ...person, record: withKeys ? record : { ...record, publicKeys: [] } };
  }

  /** What the identity provider says in attributes. @throws Denied NOT_MAPPED, RECORD_INVALID */
  #attributeRecord({ providerItem }: Found, person: Person, login: Login): UserRecord {
    const members = attributeMembers(attributeOptions(providerItem), person);
    const nowMs = this.#surroundings.now();
    return readRecord(members, { protocol: login.protocol, requireProtocolPassword: [], nowMs }).record;
  }

  #record(layers: readonly Layer[], { user }: Found): UserRecord {
    const { accountId } = this.#options;
    const { record } = layRecords(layers);
    const session = fillPlaceholders(record.session, {
      USERNAME: user,
      AWS_REGION: this.#region,
      ...(accountId === undefined ? {} : { AWS_ACCOUNT: accountId }),
    });
    return { ...record, session };
  }
}

/** The toolkit takes keys of a secret and no more: a role in it has had no effect so far, and must not get one by moving here. */
function credentialsOnly(record: UserRecord): UserRecord {
  return { ...record, session: EMPTY_RECORD.session };
}

/** Items cannot ask for prompts: codes are appended to the password. */
function providerLogin(login: Login, { user, userItem }: Found): Login {
  return { ...login, userName: userItem.idp_username ?? user, canPrompt: false };
}

function verified(person: Person): Step {
  return { outcome: 'verified', person };
}

/** The same for items that say the same, in whatever order. */
function contentOf({ module, config }: ProviderItem): string {
  return JSON.stringify([module, sorted(config)]);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return members.map(([name, member]) => [name, sorted(member)]);
}
