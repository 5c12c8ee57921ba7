/** Reads the home directory members from an answer. */

import { HomeError, type HomeMappingInput, homeSpec, parseMappings } from '../files/home-mapping.ts';
import type { HomeSpec } from '../files/home-spec.ts';
import { type Answer, refuse } from './answer.ts';
import type { RefusalCode } from './refusal.ts';

/** Largest `HomeDirectoryDetails` in UTF-8 bytes (quota of custom identity providers). */
export const MAX_HOME_DETAILS_BYTES = 2_100_000;

/** @throws AnswerRefused HOME_… */
export function readHome(answer: Answer, userName: string, storageNames: ReadonlySet<string>): HomeSpec {
  const type = readType(answer);
  const directory = readDirectory(answer);
  const common = { userName, type, ...(directory === undefined ? {} : { directory }) };
  const input = type === 'LOGICAL' ? { ...common, mappings: readMappings(answer) } : common;
  return refuseOnHomeError(answer, 'HOME_INVALID', () => homeSpec(input, storageNames));
}

function readType(answer: Answer): 'PATH' | 'LOGICAL' {
  const type = answer.member('HomeDirectoryType') ?? 'PATH';
  if (type !== 'PATH' && type !== 'LOGICAL') refuse('HOME_TYPE_INVALID', answer.quote(type));
  // Whoever sends mappings means to lock the user into them; a forgotten type must not open the whole bucket.
  if (type === 'PATH' && hasDetails(answer)) refuse('HOME_DETAILS_UNEXPECTED');
  return type;
}

function hasDetails(answer: Answer): boolean {
  const details = answer.member('HomeDirectoryDetails');
  if (details === undefined) return false;
  return Array.isArray(details) ? details.length > 0 : !/^\s*(?:\[\s*\]|null)\s*$/.test(String(details));
}

function readDirectory(answer: Answer): string | undefined {
  const directory = answer.member('HomeDirectory');
  if (directory === undefined) return undefined;
  if (typeof directory !== 'string') refuse('HOME_INVALID', `HomeDirectory is ${answer.quote(directory)}`);
  return directory;
}

function readMappings(answer: Answer): readonly HomeMappingInput[] {
  const details = answer.member('HomeDirectoryDetails');
  if (details === undefined) refuse('HOME_DETAILS_MISSING');
  const decoded = typeof details === 'string' ? parseDetails(answer, details) : details;
  if (Array.isArray(decoded) && decoded.length === 0) refuse('HOME_DETAILS_MISSING');
  if (Array.isArray(details)) acceptArray(answer, details);
  return refuseOnHomeError(answer, 'HOME_DETAILS_INVALID', () => parseMappings(decoded));
}

function parseDetails(answer: Answer, details: string): unknown {
  if (Buffer.byteLength(details) > MAX_HOME_DETAILS_BYTES) refuse('HOME_DETAILS_TOO_LARGE');
  try {
    return JSON.parse(details);
  } catch {
    return refuse('HOME_DETAILS_INVALID', answer.quote(details));
  }
}

/** Many people send the array itself; nothing is lost by understanding them. */
function acceptArray(answer: Answer, mappings: readonly unknown[]): void {
  if (Buffer.byteLength(JSON.stringify(mappings)) > MAX_HOME_DETAILS_BYTES) refuse('HOME_DETAILS_TOO_LARGE');
  answer.warn('HomeDirectoryDetails is an array; it is a string that holds JSON by contract');
}

function refuseOnHomeError<T>(answer: Answer, code: RefusalCode, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof HomeError)) throw error;
    return refuse(code, `${error.code}, ${answer.scrub(error.message)}`);
  }
}
