/** Turns what the schema found into problems a person can fix. Never quotes a value: it may be a secret. */

import type { z } from 'zod';
import { knownKeysAt } from './json-schema.ts';
import type { Path, Problem } from './problem.ts';

/** Keys of the API's CreateServer that a later version will know. */
const LATER_SERVER_KEYS: readonly string[] = [
  'Certificate',
  'EndpointDetails',
  'EndpointType',
  'HostKey',
  'IpAddressType',
  'LoggingRole',
  'S3StorageOptions',
  'StructuredLogDestinations',
  'Tags',
  'WorkflowDetails',
];
/** And of its ProtocolDetails: they belong to FTPS, FTP and AS2. */
const LATER_PROTOCOL_KEYS: readonly string[] = ['As2Transports', 'PassiveIp', 'TlsSessionResumptionMode'];
/** Where nobody has anything better to say. */
const NOT_VALID = 'is not valid';
/** A key farther away than this many edits is another word. */
const MAX_EDITS = 3;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a mapping (keys and values)',
  record: 'a mapping (keys and values)',
  array: 'a list',
  string: 'text; quote it if it looks like a number or true or false',
  number: 'a number',
  int: 'a whole number',
};

/** The schema's error map: used wherever a key has no message of its own. */
export function explainIssue(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return explainType(issue.expected, issue.input);
    case 'invalid_value':
      return issue.input === undefined
        ? 'is required'
        : `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return Array.isArray(issue.options)
        ? `must be one of ${issue.options.map(String).join(', ')}`
        : NOT_VALID;
    case 'too_small':
      return `must be ${amount(issue.origin, 'at least', issue.minimum)}`;
    case 'too_big':
      return `must be ${amount(issue.origin, 'at most', issue.maximum)}`;
    default:
      return NOT_VALID;
  }
}

/**
 * Issues of a value that may be of several kinds are those of the kind that was meant, the first one whose required keys
 * are all there, unless the schema has a message of its own for that place.
 */
export function flatIssues(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union' || issue.message !== NOT_VALID) return [issue];
    const meant = issue.errors.find((kind) => !kind.some(isMissingKey)) ?? issue.errors.at(-1) ?? [];
    return flatIssues(meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })));
  });
}

/** One problem for each wrong key or value, without lines. */
export function toProblems(issues: readonly z.core.$ZodIssue[]): readonly Problem[] {
  return flatIssues(issues).flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys') {
      const given = Object.keys(issue.input ?? {}).filter((key) => !issue.keys.includes(key));
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: explainUnknownKey(key, path, given),
      }));
    }
    const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message;
    return [{ path, message: message ?? NOT_VALID }];
  });
}

function explainType(expected: string, input: unknown): string {
  if (input === undefined) return 'is required';
  const wanted = `must be ${TYPE_NAMES[expected] ?? expected}`;
  return input === null ? `is empty; it ${wanted}` : wanted;
}

function amount(origin: string, bound: string, limit: number | bigint): string {
  if (origin === 'string') return `${bound} ${limit} ${limit === 1 ? 'character' : 'characters'} long`;
  if (origin === 'array') return `a list of ${bound} ${limit}`;
  return `${bound} ${limit}`;
}

function isMissingKey({ code, path, input }: z.core.$ZodIssue): boolean {
  // A key that says of which kind the value is can be missing too.
  const isMissing = code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union';
  return isMissing && path.length === 1 && input === undefined;
}

/** @param given the keys beside it that are known */
function explainUnknownKey(key: string, path: Path, given: readonly string[]): string {
  const known = knownKeysAt(path);
  if (known.includes(key)) return `does not go with ${given.join(', ')}; remove the one or the other`;
  const nearest = nearestOf(key, known);
  if (nearest !== undefined) return `unknown key; did you mean '${nearest}'?`;
  if (laterKeysAt(path).includes(key)) return 'is not supported by this version; remove it';
  return `unknown key; remove it, or use one of ${known.join(', ')}`;
}

function laterKeysAt([list, , member, ...rest]: Path): readonly string[] {
  if (list !== 'servers' || rest.length > 0) return [];
  if (member === undefined) return LATER_SERVER_KEYS;
  return member === 'ProtocolDetails' ? LATER_PROTOCOL_KEYS : [];
}

function nearestOf(key: string, known: readonly string[]): string | undefined {
  const maxEdits = Math.min(MAX_EDITS, Math.floor(key.length / 2));
  return known
    .map((name) => ({ name, edits: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .filter(({ edits }) => edits <= maxEdits)
    .sort((a, b) => a.edits - b.edits)[0]?.name;
}

/** Levenshtein distance; keys are short. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, character] of [...a].entries()) {
    const current = [row + 1];
    for (let column = 0; column < b.length; column += 1) {
      const replaced = (previous[column] ?? 0) + (b[column] === character ? 0 : 1);
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
