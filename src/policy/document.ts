/** Reads the outer shape of a policy document. Whatever is not known is an error: it could have been a limit. */

import { duplicateKey } from './duplicate-key.ts';
import { PolicyError } from './error.ts';

/** More than the longest policy of AWS (10,240 characters of inline policies per role), with room for white space. */
const MAX_POLICY_CHARACTERS = 65_536;

export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws PolicyError NOT_JSON, DUPLICATE_KEY, TOO_LARGE and WRONG_TYPE */
export function readDocument(document: unknown): JsonObject {
  return readObject(typeof document === 'string' ? parseText(document) : document, 'The policy');
}

function parseText(text: string): unknown {
  if (text.length > MAX_POLICY_CHARACTERS) {
    throw new PolicyError(
      'TOO_LARGE',
      `The policy has ${text.length} characters; at most ${MAX_POLICY_CHARACTERS} are read`,
    );
  }
  const document = parseJson(text);
  const duplicate = duplicateKey(text);
  if (duplicate === undefined) return document;
  throw new PolicyError(
    'DUPLICATE_KEY',
    `${duplicate}: the name is given twice in one object, so one of the two would be lost; write one, with a list`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PolicyError('NOT_JSON', `The policy is not JSON: ${reason}`);
  }
}

/** @throws PolicyError WRONG_TYPE */
export function readObject(value: unknown, place: string): JsonObject {
  if (isObject(value)) return value;
  throw new PolicyError('WRONG_TYPE', `${place}: an object is needed, not ${typeName(value)}`);
}

/** @throws PolicyError WRONG_TYPE */
export function readString(value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  throw new PolicyError('WRONG_TYPE', `${place}: a string is needed, not ${typeName(value)}`);
}

/** One value or a list of at least one. @throws PolicyError WRONG_TYPE */
export function readList<T>(
  value: unknown,
  place: string,
  readItem: (item: unknown, place: string) => T,
): readonly [T, ...T[]] {
  if (!Array.isArray(value)) return [readItem(value, place)];
  const [first, ...others] = value.map((item, index) => readItem(item, `${place}[${index}]`));
  if (first !== undefined) return [first, ...others];
  throw new PolicyError('WRONG_TYPE', `${place}: the list is empty; name something or take the element out`);
}

/** The members of an object that may not be empty. @throws PolicyError WRONG_TYPE */
export function readMembers(value: unknown, place: string): readonly (readonly [string, unknown])[] {
  const members = Object.entries(readObject(value, place));
  if (members.length > 0) return members;
  throw new PolicyError(
    'WRONG_TYPE',
    `${place}: the object is empty; name something or take the element out`,
  );
}

/** @throws PolicyError UNKNOWN_ELEMENT */
export function refuseUnknown(object: JsonObject, known: readonly string[], place: string): void {
  for (const name of Object.keys(object)) {
    if (!known.includes(name))
      throw new PolicyError('UNKNOWN_ELEMENT', `${place}${name}: ${unknownReason(name, known)}`);
  }
}

function unknownReason(name: string, known: readonly string[]): string {
  if (name === 'Principal' || name === 'NotPrincipal') {
    return 'the policy of a role or session has no principal, it is the user who signs in; take it out';
  }
  const meant = known.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return meant === undefined
    ? `there is no such element here, only ${known.join(', ')}`
    : `names are written with their capitals: ${meant}`;
}

/** An element that exists in two forms, of which a statement has exactly one. */
export interface ChosenElement {
  readonly value: unknown;
  /** True for `NotAction` and `NotResource`. */
  readonly isNegated: boolean;
  readonly place: string;
}

/** @throws PolicyError CONFLICTING_ELEMENTS and MISSING_ELEMENT */
export function chooseElement(
  statement: JsonObject,
  name: string,
  negatedName: string,
  place: string,
): ChosenElement {
  const has = Object.hasOwn(statement, name);
  const hasNegated = Object.hasOwn(statement, negatedName);
  if (has && hasNegated) {
    throw new PolicyError(
      'CONFLICTING_ELEMENTS',
      `${place}: ${name} and ${negatedName} exclude each other; keep one`,
    );
  }
  if (has) return { value: statement[name], isNegated: false, place: `${place}.${name}` };
  if (hasNegated) return { value: statement[negatedName], isNegated: true, place: `${place}.${negatedName}` };
  throw new PolicyError('MISSING_ELEMENT', `${place}: ${name} or ${negatedName} is missing`);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return value === undefined ? 'nothing' : `a value of type ${typeof value}`;
}
