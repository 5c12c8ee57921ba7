/** Reads the public keys of a record: `PublicKey` and `PublicKeys`, in every form that stores have them. */

import { parseInstant } from './instant.ts';
import { isMembers, kindOf, type MemberLookUp, RecordInvalid } from './member-look-up.ts';
import type { RecordKey } from './record.ts';

export const KEY_SPELLINGS = ['PublicKey', 'PublicKeys'] as const;

/**
 * Between two keys: a comma before the type of a key, or a line break. Other commas belong to options
 * (`from="10.0.0.0/8,192.0.2.1"`) and comments. Begins with one character: to look for blanks first takes a square of the time.
 */
const KEY_SEPARATOR = /,(?=\s*(?:ssh|ecdsa-sha2|sk-ssh|sk-ecdsa-sha2)-[\w@.-]+\s)|[\r\n]+/;
/** The type at the start of a key's blob comes after its length in 4 bytes (RFC 4253 §6.6). */
const TYPE_LENGTH_BYTES = 4;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

interface GivenKey {
  readonly text: string;
  readonly expires?: unknown;
}

/** Keys that are broken or expired are left out with a remark: the user may have others. @throws Denied RECORD_INVALID */
export function readPublicKeys(members: MemberLookUp): readonly RecordKey[] {
  return members
    .findAll(KEY_SPELLINGS)
    .flatMap(({ name, value }) => givenKeys(name, value).flatMap((key) => readKey(members, name, key)));
}

function givenKeys(member: string, value: unknown): readonly GivenKey[] {
  if (typeof value === 'string') return keysInText(member, value);
  const items: unknown = value instanceof Set ? [...value] : value;
  if (Array.isArray(items)) {
    if (items.some((item: unknown) => isList(item)))
      throw new RecordInvalid(member, 'a list of keys holds a list');
    return items.flatMap((item: unknown) => givenKeys(member, item));
  }
  if (!isMembers(items) || typeof items.PublicKey !== 'string')
    throw new RecordInvalid(member, `a key is ${kindOf(items)}; it has to be a string`);
  return splitKeys(items.PublicKey).map((text) => ({ text, expires: items.Expires }));
}

/** Secrets hold strings only: there a list of keys is JSON in a string. */
function keysInText(member: string, text: string): readonly GivenKey[] {
  if (!/^\s*\[/.test(text)) return splitKeys(text).map((key) => ({ text: key }));
  const decoded = parseJson(text);
  if (!Array.isArray(decoded)) throw new RecordInvalid(member, 'the string does not hold a JSON list');
  return givenKeys(member, decoded);
}

/** Lists in lists would be followed without end. */
function isList(item: unknown): boolean {
  return Array.isArray(item) || item instanceof Set || (typeof item === 'string' && /^\s*\[/.test(item));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function splitKeys(text: string): readonly string[] {
  return text
    .split(KEY_SEPARATOR)
    .map(withoutEndCommas)
    .filter((key) => key !== '' && !key.startsWith('#'));
}

function withoutEndCommas(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s,]/.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end).replace(/^[\s,]+/, '');
}

function readKey(members: MemberLookUp, member: string, { text, expires }: GivenKey): readonly RecordKey[] {
  if (!holdsKey(text)) {
    members.remark(member, 'A key is left out: it is not a key in the form of an authorized_keys file.');
    return [];
  }
  if (expires === undefined || expires === null || expires === '') return [{ line: text }];
  const expiresAtMs = parseInstant(expires);
  if (expiresAtMs === undefined || expiresAtMs <= members.nowMs) {
    const reason = expiresAtMs === undefined ? 'its Expires is no date' : 'it is expired';
    members.remark(member, `A key is left out: ${reason}.`);
    return [];
  }
  return [{ line: text, expiresAtMs }];
}

/** Whether a type is followed by a blob that begins with the same type. */
function holdsKey(line: string): boolean {
  const words = line.split(/\s+/);
  return words.some((type, index) => typeInBlob(words[index + 1] ?? '') === type);
}

function typeInBlob(base64: string): string | undefined {
  if (!BASE64.test(base64)) return undefined;
  const blob = Buffer.from(base64, 'base64');
  if (blob.length <= TYPE_LENGTH_BYTES) return undefined;
  const end = TYPE_LENGTH_BYTES + blob.readUInt32BE(0);
  return end < blob.length ? blob.toString('latin1', TYPE_LENGTH_BYTES, end) : undefined;
}
