/** What a verified person gets: every configured source is asked, and their answers are laid over each other. */

import { Denied, IdentityFault } from '../decision.ts';
import type { Login, Person } from '../providers/provider.ts';
import { PROTOCOLS, readRecord } from '../records/reader.ts';
import type { RecordMembers, UserRecord } from '../records/record.ts';
import type { Surroundings } from '../surroundings.ts';
import { AttributeSource } from './attribute-source.ts';
import { GroupSource } from './group-source.ts';
import { type LaidRecord, type Layer, layRecords } from './layers.ts';
import type { ProfilesOptions } from './options.ts';
import type { SourceContext } from './record-reading.ts';
import type { ProfileSource } from './source.ts';
import { StaticSource } from './static-source.ts';
import { createStoreSources } from './store-sources.ts';
import { checkVariables, expandRecord } from './variables.ts';

/** What the provider itself knows counts most. */
const PROVIDER_LAYER = 'provider';

/** Life: `createProfiles` (nothing is connected) → `find` and `explain` any number of times, side by side → `close`. */
export class Profiles {
  /** From the most general to the most personal. */
  readonly #sources: readonly ProfileSource[];
  readonly #provider: string;

  constructor(sources: readonly ProfileSource[], provider: string) {
    this.#sources = sources;
    this.#provider = provider;
  }

  /**
   * All that is known about somebody who was proven, or who is looked up.
   * @throws Denied NOT_MAPPED, RECORD_INVALID; IdentityFault
   */
  async find(person: Person, login: Login): Promise<UserRecord> {
    const { record } = await this.explain(person, login);
    if (record.session.role !== undefined) return record;
    throw new Denied('NOT_MAPPED', 'Nothing names a role.');
  }

  /** The same with where each member is from, and without asking for a role: what a dry run shows. */
  async explain(person: Person, login: Login): Promise<LaidRecord> {
    const laid = layRecords(await this.#layersOf(person, login));
    for (const [member, names] of laid.origins)
      login.trace.note(`profile: ${member}`, `from ${names.join(', ')}`);
    return laid;
  }

  /** Whether every source can be asked. @throws IdentityFault */
  async check(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.check?.(signal)));
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#sources.map((source) => source.close()));
  }

  async #layersOf(person: Person, login: Login): Promise<readonly Layer[]> {
    const layers: Layer[] = [];
    for (const source of this.#sources) {
      const record = await source.find(person, login);
      login.trace.note(`profile ${source.name}`, record === undefined ? 'says nothing' : 'found');
      if (record !== undefined) layers.push({ name: source.name, record });
    }
    if (person.record === undefined) return layers;
    const record = expandRecord(person.record, { person, login, provider: this.#provider });
    return [...layers, { name: PROVIDER_LAYER, record }];
  }
}

/**
 * @param provider the name of the provider in the configuration, for `${user:provider}`
 * @throws IdentityFault CONFIGURATION_INVALID where members for many are unusable for everybody
 */
export async function createProfiles(
  options: ProfilesOptions,
  surroundings: Surroundings,
  provider: string,
): Promise<Profiles> {
  checkShared(options, surroundings);
  const context: SourceContext = { provider, now: surroundings.now };
  return new Profiles(await createSources(options, surroundings, context), provider);
}

async function createSources(
  options: ProfilesOptions,
  surroundings: Surroundings,
  context: SourceContext,
): Promise<readonly ProfileSource[]> {
  const sources: ProfileSource[] = [];
  if (options.static !== undefined) sources.push(new StaticSource(options.static, context));
  if (options.groups !== undefined) sources.push(new GroupSource(options.groups, context));
  if (options.attributes !== undefined) sources.push(new AttributeSource(options.attributes, context));
  sources.push(...(await createStoreSources(options, surroundings, context)));
  if (options.publicKeys !== undefined) {
    const { createPublicKeySource } = await import('../keys/source.ts');
    const { KeySource } = await import('./key-source.ts');
    sources.push(new KeySource(createPublicKeySource(options.publicKeys, surroundings)));
  }
  return sources;
}

/** What stands in the configuration is checked before anybody comes. */
function checkShared(options: ProfilesOptions, surroundings: Surroundings): void {
  if (options.static !== undefined) checkMembers('static', options.static, surroundings);
  for (const [index, { set }] of (options.groups?.rules ?? []).entries())
    checkMembers(`groups, rule ${index + 1}`, set, surroundings);
}

function checkMembers(source: string, members: RecordMembers, { now, warn }: Surroundings): void {
  const found = new Set<string>();
  for (const protocol of PROTOCOLS) {
    try {
      const { record, remarks } = readRecord(members, {
        protocol,
        requireProtocolPassword: [],
        nowMs: now(),
      });
      checkVariables(record);
      for (const { member, text } of remarks) found.add(`profiles, ${source}: ${member}: ${text}`);
    } catch (error) {
      if (!(error instanceof Denied)) throw error;
      throw new IdentityFault('CONFIGURATION_INVALID', `profiles, ${source}: ${error.message}`);
    }
  }
  for (const text of found) warn(text);
}
