/** Visits every text of a session profile in which a variable may stand, and says what a value must be there. */

import { duplicateKey } from '../../policy/duplicate-key.ts';
import { Denied } from '../decision.ts';
import type { SessionProfile } from '../records/record.ts';

/** Longest value in UTF-8 bytes: the longest name of a file system. */
const MAX_SEGMENT_BYTES = 255;
/** Longest value in a role: the longest name of one (IAM). */
const MAX_ROLE_NAME_CHARACTERS = 64;
/** What IAM allows in the name of a role. A slash or a colon would choose another path or another account. */
const ROLE_NAME = /^[A-Za-z0-9_+=,.@-]+$/;
/** Control and format characters, line separators, and both slashes: a value never is more than one name. */
const UNSAFE_IN_SEGMENT = /[/\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** Only this version knows `${*}`; in older ones these characters would stay wildcards. */
const POLICY_VERSION_WITH_VARIABLES = '2012-10-17';
const POLICY_SPECIAL = /[*?$]/g;
/** Twice the longest session policy of STS: with its variables it may be longer than what becomes of it. */
const MAX_POLICY_CHARACTERS = 4096;

/** Makes a value fit for one place. @throws Denied RECORD_INVALID where it cannot be */
export type Fit = (value: string, variable: string) => string;

/** Puts values into one text. */
export type Substitute = (text: string, place: TextPlace) => string;

export interface TextPlace {
  /** Member of the contract. */
  readonly member: 'Role' | 'Policy' | 'HomeDirectory' | 'HomeDirectoryDetails';
  readonly fit: Fit;
}

/**
 * The profile with every text substituted. It works on parsed texts, one by one: a value that closes a quote or a bracket stays a
 * value (the toolkit of AWS substitutes in the JSON of the whole answer).
 * @throws Denied RECORD_INVALID
 */
export function mapSessionTexts(session: SessionProfile, substitute: Substitute): SessionProfile {
  const { role, policy, home } = session;
  return {
    ...session,
    ...(role === undefined ? {} : { role: substitute(role, { member: 'Role', fit: fitRole }) }),
    ...(policy === undefined ? {} : { policy: mapPolicy(policy, substitute) }),
    ...(home === undefined ? {} : { home: mapHome(home, substitute) }),
  };
}

function mapHome(home: NonNullable<SessionProfile['home']>, substitute: Substitute): typeof home {
  const mapping = (text: string) => substitute(text, { member: 'HomeDirectoryDetails', fit: fitSegment });
  return {
    ...home,
    ...(home.directory === undefined
      ? {}
      : { directory: substitute(home.directory, { member: 'HomeDirectory', fit: fitSegment }) }),
    ...(home.details === undefined
      ? {}
      : {
          details: home.details.map((entry) => ({
            ...entry,
            Entry: mapping(entry.Entry),
            Target: mapping(entry.Target),
          })),
        }),
  };
}

/** The text stays as it was written where nothing is substituted. */
function mapPolicy(text: string, substitute: Substitute): string {
  const document = parsePolicy(text);
  const fit = policyFit(document);
  const mapped = mapStrings(document, (value) => substitute(value, { member: 'Policy', fit }));
  const mappedText = JSON.stringify(mapped);
  return mappedText === JSON.stringify(document) ? text : mappedText;
}

function parsePolicy(text: string): unknown {
  if (text.length > MAX_POLICY_CHARACTERS)
    throw new Denied('RECORD_INVALID', `Policy has more than ${MAX_POLICY_CHARACTERS} characters.`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Denied('RECORD_INVALID', 'Policy is no JSON.');
  }
  // Writing the document again would settle silently what the server refuses.
  const duplicate = duplicateKey(text);
  if (duplicate !== undefined) throw new Denied('RECORD_INVALID', 'Policy has a member twice.');
  return document;
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item: unknown) => mapStrings(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapStrings(item, map)]));
}

/** A value must be one name of a path. */
function fitSegment(value: string, variable: string): string {
  const isSafe =
    value.trim() !== '' &&
    value !== '.' &&
    value !== '..' &&
    value.isWellFormed() &&
    !UNSAFE_IN_SEGMENT.test(value) &&
    // The server would read it as a variable of its own.
    !value.includes('${') &&
    Buffer.byteLength(value) <= MAX_SEGMENT_BYTES;
  if (!isSafe) throw new Denied('RECORD_INVALID', `The value of ${variable} is not one name of a path.`);
  return value;
}

function fitRole(value: string, variable: string): string {
  if (value.length <= MAX_ROLE_NAME_CHARACTERS && ROLE_NAME.test(value)) return value;
  throw new Denied('RECORD_INVALID', `The value of ${variable} cannot stand in the ARN of a role.`);
}

/** What means something in a pattern is written so that it means itself. */
function policyFit(document: unknown): Fit {
  const isEscapable =
    typeof document === 'object' &&
    document !== null &&
    'Version' in document &&
    document.Version === POLICY_VERSION_WITH_VARIABLES;
  return (value, variable) => {
    const name = fitSegment(value, variable);
    if (!isEscapable && name.search(POLICY_SPECIAL) !== -1) {
      throw new Denied(
        'RECORD_INVALID',
        `The value of ${variable} holds a wildcard, and the Policy is not of Version ${POLICY_VERSION_WITH_VARIABLES}.`,
      );
    }
    return name.replace(POLICY_SPECIAL, (character) => `\${${character}}`);
  };
}
