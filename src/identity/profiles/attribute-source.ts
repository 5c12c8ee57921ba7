/** Profiles from attributes of a directory or claims of a token, by a table of which is which. */

import { Denied } from '../decision.ts';
import type { Login, Person } from '../providers/provider.ts';
import type { UserRecord } from '../records/record.ts';
import { attributeValues } from './attribute-values.ts';
import type { AttributesOptions } from './options.ts';
import { readMembers, type SourceContext } from './record-reading.ts';
import type { ProfileSource } from './source.ts';

/** As directories write `uidNumber`; a sign, a point or a blank means that it is something else. */
const POSIX_ID = /^[0-9]{1,10}$/;
/** 4,294,967,295 is `(uid_t)-1`, which system calls read as "leave as it is". */
const MAX_POSIX_ID = 0xffff_fffe;

const TEXT_MEMBERS = ['Role', 'Policy', 'HomeDirectory', 'HomeDirectoryDetails'] as const;

export class AttributeSource implements ProfileSource {
  readonly name = 'attributes';
  readonly #options: AttributesOptions;
  readonly #context: SourceContext;

  constructor(options: AttributesOptions, context: SourceContext) {
    this.#options = options;
    this.#context = context;
  }

  /** @throws Denied NOT_MAPPED where an attribute is missing, RECORD_INVALID */
  async find(person: Person, login: Login): Promise<UserRecord | undefined> {
    const members = attributeMembers(this.#options, person);
    if (Object.keys(members).length === 0) return undefined;
    const { provider, now } = this.#context;
    return readMembers(members, login, { person, login, provider, source: this.name, nowMs: now() });
  }

  async close(): Promise<void> {}
}

/** The members of a record that a person's attributes make. @throws Denied NOT_MAPPED, RECORD_INVALID */
export function attributeMembers(options: AttributesOptions, person: Person): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const member of TEXT_MEMBERS) {
    const text = singleValue(person, options[member], options.ignoreMissing);
    if (text !== undefined) members[member] = text;
  }
  const posixProfile = posixProfileOf(options, person);
  if (posixProfile !== undefined) members.PosixProfile = posixProfile;
  // Whoever logs in with a password needs no key.
  const keys = options.PublicKeys === undefined ? [] : attributeValues(person, options.PublicKeys);
  if (keys.length > 0) members.PublicKeys = keys;
  return members;
}

function posixProfileOf(options: AttributesOptions, person: Person) {
  const uid = singleValue(person, options.Uid, options.ignoreMissing);
  const gid = singleValue(person, options.Gid, options.ignoreMissing);
  if (uid === undefined || gid === undefined) return undefined;
  const secondary = options.SecondaryGids === undefined ? [] : attributeValues(person, options.SecondaryGids);
  return {
    Uid: posixId(uid, 'Uid', options),
    Gid: posixId(gid, 'Gid', options),
    SecondaryGids: secondary.map((text) => posixId(text, 'SecondaryGids', options)),
  };
}

function posixId(text: string, member: string, { allowRoot }: AttributesOptions): number {
  const id = POSIX_ID.test(text) ? Number(text) : Number.NaN;
  const isFit = id <= MAX_POSIX_ID && (id > 0 || allowRoot);
  if (isFit) return id;
  throw new Denied(
    'RECORD_INVALID',
    id === 0
      ? `${member} is 0, which is root and not allowed.`
      : `The attribute for ${member} is not a number from 0 to ${MAX_POSIX_ID}.`,
  );
}

function singleValue(
  person: Person,
  attribute: string | undefined,
  ignoreMissing: boolean,
): string | undefined {
  if (attribute === undefined) return undefined;
  const [value, ...others] = attributeValues(person, attribute);
  if (others.length > 0)
    throw new Denied('RECORD_INVALID', `The attribute ${attribute} has more than one value.`);
  if (value === undefined && !ignoreMissing)
    throw new Denied('NOT_MAPPED', `The attribute ${attribute} is missing.`);
  return value;
}
