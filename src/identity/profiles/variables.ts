/** The variables that a profile may hold: `${user:…}` and `${server:id}`, each a text about one login. */

import { Denied } from '../decision.ts';
import type { Login, Person } from '../providers/provider.ts';
import type { UserRecord } from '../records/record.ts';
import { attributeValues } from './attribute-values.ts';
import { mapSessionTexts, type TextPlace } from './session-texts.ts';

/** What stands between `${` and `}`; the brace is missing where it is not closed. */
const VARIABLE = /\$\{([^}]*)(\}?)/g;
/** The server puts in its own ones when the session begins. */
const OF_THE_SERVER = /^transfer:/i;
const OF_OURS = /^(?:user|server):/i;
const ATTRIBUTE = 'user:attribute.';

/** What variables stand for. */
export interface VariableContext {
  readonly person: Person;
  readonly login: Pick<Login, 'serverId'>;
  /** The name of the provider in the configuration. */
  readonly provider: string;
  /** The name of the group whose rule is applied; absent elsewhere. */
  readonly group?: string;
}

/** All there are, beside those of attributes. */
const VALUES: ReadonlyMap<string, (context: VariableContext) => string | undefined> = new Map([
  ['user:name', ({ person }: VariableContext) => person.userName],
  ['user:local-name', ({ person }) => localName(person.userName)],
  ['user:domain', ({ person }) => domainOf(person.userName)],
  ['user:subject', ({ person }) => person.subject],
  ['user:group', ({ group }) => group],
  ['user:provider', ({ provider }) => provider],
  ['server:id', ({ login }) => login.serverId],
]);

/** @throws Denied RECORD_INVALID for a variable that there is not, and for a value that does not fit its place */
export function expandRecord(record: UserRecord, context: VariableContext): UserRecord {
  const session = mapSessionTexts(record.session, (text, place) => expandText(text, place, context));
  return { ...record, session };
}

/** Whether every variable is one that there is, without anybody's values. @throws Denied RECORD_INVALID */
export function checkVariables({ session }: UserRecord): void {
  mapSessionTexts(session, (text, place) => {
    for (const [, name = '', brace] of text.matchAll(VARIABLE)) {
      if (!isOurs(name, place)) continue;
      const isKnown = brace !== '' && (VALUES.has(name) || name.startsWith(ATTRIBUTE));
      if (!isKnown) throw invalid(place, 'a variable that there is not');
    }
    return text;
  });
}

/** One pass: what a value holds is never a variable. */
function expandText(text: string, place: TextPlace, context: VariableContext): string {
  return text.replace(VARIABLE, (source: string, name: string, brace: string) => {
    if (!isOurs(name, place)) return source;
    if (brace === '') throw invalid(place, 'a variable that is not closed by }');
    return place.fit(variableValue(name, place, context), source);
  });
}

/** A policy has variables of IAM beside ours (`${aws:…}`, `${*}`); nothing else has any. */
function isOurs(name: string, { member }: TextPlace): boolean {
  if (OF_THE_SERVER.test(name)) return false;
  return member !== 'Policy' || OF_OURS.test(name);
}

function variableValue(name: string, place: TextPlace, context: VariableContext): string {
  if (name.startsWith(ATTRIBUTE)) return attributeOf(name, place, context.person);
  const read = VALUES.get(name);
  if (read === undefined) throw invalid(place, 'a variable that there is not');
  return read(context) ?? missing(name, place);
}

function attributeOf(name: string, place: TextPlace, person: Person): string {
  const [value, ...others] = attributeValues(person, name.slice(ATTRIBUTE.length));
  if (value === undefined || others.length > 0) return missing(name, place);
  return value;
}

/** What is before the last `@`. */
export function localName(userName: string): string {
  const at = userName.lastIndexOf('@');
  return at === -1 ? userName : userName.slice(0, at);
}

function domainOf(userName: string): string | undefined {
  const at = userName.lastIndexOf('@');
  return at === -1 ? undefined : userName.slice(at + 1);
}

function missing(name: string, place: TextPlace): never {
  throw invalid(place, `\${${name}}, which has not exactly one value for this user`);
}

function invalid({ member }: TextPlace, what: string): Denied {
  return new Denied('RECORD_INVALID', `${member} holds ${what}.`);
}
