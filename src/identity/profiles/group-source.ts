/** Profiles by group: ordered rules, of which the first that fits counts, or all that fit together. */

import { BoundedMatch } from '../bounded-match.ts';
import { Denied } from '../decision.ts';
import type { Group, Login, Person } from '../providers/provider.ts';
import type { SessionProfile, UserRecord } from '../records/record.ts';
import { type Layer, layRecords } from './layers.ts';
import type { GroupMatch, GroupRule, GroupsOptions } from './options.ts';
import { readMembers, type SourceContext } from './record-reading.ts';
import type { ProfileSource } from './source.ts';

/** Longest name that a pattern is tried on. */
const MAX_MATCHED_CHARACTERS = 256;

interface Rule {
  /** Its place in the list and what it asks for, for the trace. */
  readonly title: string;
  readonly isMet: (group: Group) => boolean;
  readonly options: GroupRule;
}

export class GroupSource implements ProfileSource {
  readonly name = 'groups';
  readonly #rules: readonly Rule[];
  readonly #options: GroupsOptions;
  readonly #context: SourceContext;

  constructor(options: GroupsOptions, context: SourceContext) {
    this.#options = options;
    this.#context = context;
    const match = new BoundedMatch();
    this.#rules = options.rules.map((rule, index) => {
      const title = `rule ${index + 1} (${titleOf(rule.match)})`;
      return { title, isMet: matcher(rule.match, title, match), options: rule };
    });
  }

  /** @throws Denied NOT_MAPPED for somebody in none of the groups, RECORD_INVALID; IdentityFault for a pattern that takes too long */
  async find(person: Person, login: Login): Promise<UserRecord | undefined> {
    const layers = this.#layersOf(person, login);
    const [first] = layers;
    if (first !== undefined) return this.#options.merge === 'first' ? first.record : union(layers);
    if (this.#options.otherwise === 'allow') return undefined;
    throw new Denied('NOT_MAPPED', 'The user is in no group that a rule is about.');
  }

  async close(): Promise<void> {}

  /** One for each rule that counts, the most important first. */
  #layersOf(person: Person, login: Login): readonly Layer[] {
    const layers: Layer[] = [];
    for (const rule of this.#rules) {
      const group = person.groups.find(rule.isMet);
      login.trace.note(`profile groups: ${rule.title}`, group === undefined ? 'no such group' : 'fits');
      if (group === undefined) continue;
      layers.push({ name: rule.title, record: this.#read(rule, group, person, login) });
      if (this.#options.merge === 'first') break;
    }
    return layers;
  }

  #read(rule: Rule, group: Group, person: Person, login: Login): UserRecord {
    const { provider, now } = this.#context;
    const source = `groups, ${rule.title}`;
    return readMembers(rule.options.set, login, {
      person,
      login,
      provider,
      source,
      nowMs: now(),
      group: group.name,
    });
  }
}

/** Members are of the first rule that has them; LOGICAL homes are put together, for each group adds its directories. */
function union(layers: readonly Layer[]): UserRecord {
  const { record } = layRecords(layers.toReversed());
  const homes = layers.flatMap(({ record: { session } }) => session.home ?? []);
  const [first, ...others] = homes;
  if (first?.type !== 'LOGICAL') return record;
  return { ...record, session: { ...record.session, home: others.reduce(withDirectories, first) } };
}

type Home = NonNullable<SessionProfile['home']>;

/** An Entry of a more important rule hides the same one of others. */
function withDirectories(home: Home, other: Home): Home {
  const { details = [] } = home;
  const entries = new Set(details.map(({ Entry }) => Entry));
  const added = (other.details ?? []).filter(({ Entry }) => !entries.has(Entry));
  return { ...home, details: [...details, ...added] };
}

function matcher(match: GroupMatch, title: string, bounded: BoundedMatch): (group: Group) => boolean {
  if ('id' in match) {
    const wanted = comparableId(match.id);
    return ({ id }) => comparableId(id) === wanted;
  }
  if ('name' in match) return ({ name }) => name === match.name;
  const pattern = new RegExp(`^(?:${match.regex})$`, 'u');
  return ({ name }) => name.length <= MAX_MATCHED_CHARACTERS && bounded.test(pattern, name, title);
}

/** Distinguished names compare without case and without blanks around commas (RFC 4517, section 4.2.15); other ids exactly. */
function comparableId(id: string): string {
  if (!/^[a-z]+\s*=/i.test(id)) return id;
  const parts = id.toLowerCase().split(/([,=])/);
  return parts.map((part) => part.trim()).join('');
}

function titleOf(match: GroupMatch): string {
  if ('id' in match) return `id ${match.id}`;
  return 'name' in match ? `name ${match.name}` : `regex ${match.regex}`;
}
