/** Checks what a provider or the API says about a home and turns it into a `HomeSpec`. */

import { toFileError } from './error.ts';
import type { HomeMapping, HomeSpec } from './home-spec.ts';
import { isWithin, pathSegments, ROOT, type VirtualPath, virtualPath } from './virtual-path.ts';

/** Most mappings of one user: 2.1 MB hold no more of the shortest ones. */
export const MAX_MAPPINGS = 50_000;
/** Longest Entry and Target in characters (API model). */
const MAX_MAPPED_PATH_LENGTH = 1024;
/** The guides spell it `${transfer:UserName}`, `${transfer:Username}` and `${Transfer:UserName}`. */
const USER_NAME_VARIABLE = /\$\{transfer:username\}/gi;

export type HomeErrorCode =
  | 'MAPPINGS_INVALID'
  | 'MAPPINGS_MISSING'
  | 'MAPPINGS_TOO_MANY'
  | 'ENTRY_INVALID'
  | 'ENTRY_OVERLAP'
  | 'TARGET_INVALID'
  | 'TYPE_INVALID'
  | 'STORAGE_UNKNOWN'
  | 'DIRECTORY_INVALID'
  | 'DIRECTORY_OUTSIDE';

/** A home breaks a rule. The message is for the operator: it names the value and the fix. */
export class HomeError extends Error {
  override readonly name = 'HomeError';
  readonly code: HomeErrorCode;

  constructor(code: HomeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** One mapping as it was written, variables not yet expanded. */
export interface HomeMappingInput {
  readonly entry: string;
  readonly target: string;
  readonly type: 'FILE' | 'DIRECTORY';
}

export interface HomeInput {
  readonly userName: string;
  readonly type: 'PATH' | 'LOGICAL';
  /** Default `/`. PATH: with the bucket or file system. LOGICAL: as the user sees it. */
  readonly directory?: string;
  /** LOGICAL only. */
  readonly mappings?: readonly HomeMappingInput[];
}

/**
 * The home of one user, every path canonical and every variable expanded.
 *
 * @param storageNames the buckets and file systems that are configured
 * @throws HomeError
 */
export function homeSpec(input: HomeInput, storageNames: ReadonlySet<string>): HomeSpec {
  return input.type === 'LOGICAL' ? logicalHome(input, storageNames) : pathHome(input, storageNames);
}

/** Reads decoded JSON: an array of `{ Entry, Target, Type? }`. @throws HomeError MAPPINGS_…, TYPE_INVALID */
export function parseMappings(decoded: unknown): readonly HomeMappingInput[] {
  if (!Array.isArray(decoded)) {
    throw new HomeError(
      'MAPPINGS_INVALID',
      'the mappings are not a list; write [{"Entry":"/…","Target":"/…"}]',
    );
  }
  checkCount(decoded.length);
  return decoded.map((item: unknown, index) => parseMapping(item, index));
}

function parseMapping(item: unknown, index: number): HomeMappingInput {
  if (typeof item !== 'object' || item === null) {
    throw new HomeError('MAPPINGS_INVALID', `mapping ${index + 1} is not an object with Entry and Target`);
  }
  const {
    Entry: entry,
    Target: target,
    Type: type = 'DIRECTORY',
  }: Partial<Record<string, unknown>> = { ...item };
  if (typeof entry !== 'string' || typeof target !== 'string') {
    throw new HomeError(
      'MAPPINGS_INVALID',
      `mapping ${index + 1} lacks an Entry or a Target that is a string`,
    );
  }
  if (type !== 'FILE' && type !== 'DIRECTORY') {
    throw new HomeError('TYPE_INVALID', `mapping ${quote(entry)}: Type must be FILE or DIRECTORY`);
  }
  return { entry, target, type };
}

function pathHome({ directory, userName }: HomeInput, storageNames: ReadonlySet<string>): HomeSpec {
  const path = landingDirectory(directory, userName);
  if (path !== ROOT) checkStorage(path, storageNames, () => 'HomeDirectory');
  return { type: 'PATH', directory: path };
}

function logicalHome(input: HomeInput, storageNames: ReadonlySet<string>): HomeSpec {
  const { mappings: inputs = [], userName } = input;
  checkCount(inputs.length);
  const mappings = inputs.map((mapping) => expandMapping(mapping, userName, storageNames));
  checkOverlap(mappings);
  const directory = landingDirectory(input.directory, userName);
  if (!mappings.some((mapping) => canLandIn(directory, mapping))) {
    throw new HomeError(
      'DIRECTORY_OUTSIDE',
      `HomeDirectory ${quote(directory)} is in no mapping; use / or a directory below an Entry`,
    );
  }
  return { type: 'LOGICAL', mappings, directory };
}

function checkCount(count: number): void {
  if (count === 0) throw new HomeError('MAPPINGS_MISSING', 'a LOGICAL home needs at least one mapping');
  if (count <= MAX_MAPPINGS) return;
  throw new HomeError('MAPPINGS_TOO_MANY', `${count} mappings; at most ${MAX_MAPPINGS} are allowed`);
}

function expandMapping(
  { entry, target, type }: HomeMappingInput,
  userName: string,
  storageNames: ReadonlySet<string>,
): HomeMapping {
  const what = (): string => `mapping ${quote(entry)}`;
  const mapping: HomeMapping = {
    entry: expandPath(entry, userName, 'ENTRY_INVALID', () => `${what()}: Entry`),
    target: expandPath(target, userName, 'TARGET_INVALID', () => `${what()}: Target ${quote(target)}`),
    type,
  };
  const depth = pathSegments(mapping.target).length;
  if (depth === 0 || (depth === 1 && type === 'FILE')) {
    throw new HomeError(
      'TARGET_INVALID',
      `${what()}: Target ${quote(target)} must be /bucket or /bucket/path`,
    );
  }
  if (mapping.entry === ROOT && type === 'FILE') {
    throw new HomeError('ENTRY_INVALID', `${what()}: the root cannot be of Type FILE`);
  }
  checkStorage(mapping.target, storageNames, () => `${what()}: Target`);
  return mapping;
}

/**
 * Variables are put into one name each and the result is checked again: joining first let user names climb out of
 * their directory elsewhere (CVE-2026-30915, SFTPGo).
 */
function expandPath(text: string, userName: string, code: HomeErrorCode, what: () => string): VirtualPath {
  if (text.length > MAX_MAPPED_PATH_LENGTH) {
    throw new HomeError(code, `${what()} is longer than ${MAX_MAPPED_PATH_LENGTH} characters`);
  }
  if (!text.startsWith('/')) throw new HomeError(code, `${what()} must begin with /`);
  if (text === '/') return ROOT;
  const plain = plainPath(text);
  if (plain !== undefined) return plain;
  const names = text.slice(1).split('/');
  for (const name of names) checkName(name, code, what);
  const expanded = names.map((name) => name.replace(USER_NAME_VARIABLE, () => userName));
  for (const name of expanded) checkName(name, code, () => `${what()} with the user name ${quote(userName)}`);
  try {
    return virtualPath(`/${expanded.join('/')}`);
  } catch (error) {
    throw new HomeError(code, `${what()}: ${toFileError(error).message}`, { cause: error });
  }
}

/** Nearly every path is one, and homes have thousands: no variable in it, and nothing that has to be resolved. */
function plainPath(text: string): VirtualPath | undefined {
  if (text.includes('$')) return undefined;
  try {
    const path = virtualPath(text);
    return path === text ? path : undefined;
  } catch {
    return undefined;
  }
}

function checkName(name: string, code: HomeErrorCode, what: () => string): void {
  if (name === '')
    throw new HomeError(code, `${what()} has an empty name; remove doubled and trailing slashes`);
  if (name === '.' || name === '..') throw new HomeError(code, `${what()} must not have . or .. as a name`);
  if (/[/\0]/.test(name)) throw new HomeError(code, `${what()} must not bring / or NUL into a name`);
}

function landingDirectory(text: string | undefined, userName: string): VirtualPath {
  const trimmed = text !== undefined && text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text;
  return expandPath(
    trimmed || '/',
    userName,
    'DIRECTORY_INVALID',
    () => `HomeDirectory ${quote(text ?? '/')}`,
  );
}

function checkStorage(path: VirtualPath, storageNames: ReadonlySet<string>, what: () => string): void {
  const name = pathSegments(path)[0] ?? '';
  if (storageNames.has(name)) return;
  throw new HomeError(
    'STORAGE_UNKNOWN',
    `${what()} ${quote(path)}: ${quote(name)} is neither a configured bucket nor a configured file system`,
  );
}

/** Sorted with a slash at the end, an entry stands right before whatever lies in it. */
function checkOverlap(mappings: readonly HomeMapping[]): void {
  const keys = mappings.map(({ entry }) => (entry === ROOT ? ROOT : `${entry}/`)).sort(byCodeUnits);
  for (const [index, key] of keys.entries()) {
    const next = keys[index + 1];
    if (next === undefined || !next.startsWith(key)) continue;
    const reason =
      key === ROOT ? 'the Entry / must be the only one' : 'entries must not repeat or contain each other';
    throw new HomeError('ENTRY_OVERLAP', `mappings ${quote(key)} and ${quote(next)}: ${reason}`);
  }
}

function byCodeUnits(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function canLandIn(directory: VirtualPath, { entry, type }: HomeMapping): boolean {
  if (isWithin(directory, entry)) return type === 'DIRECTORY';
  return isWithin(entry, directory);
}

/** Control characters are escaped: the text goes into logs. */
function quote(text: string): string {
  return JSON.stringify(text);
}
