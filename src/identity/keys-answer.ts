/** Reads `PublicKeys` from an answer. */

import { type Answer, refuse } from './answer.ts';

/** Most keys compared with the offered one: every key costs a parse before the client has proved anything. */
export const MAX_PUBLIC_KEYS = 50;
/** Longest key line. The API's `SshPublicKeyBody` is 2,048, which is short for RSA 16384 with options. */
export const MAX_PUBLIC_KEY_CHARACTERS = 8192;

/**
 * The keys of a key look-up, at least one; none for a password login.
 *
 * @throws AnswerRefused PUBLIC_KEYS_MISSING, PUBLIC_KEYS_INVALID, PUBLIC_KEYS_TOO_MANY
 */
export function readPublicKeys(answer: Answer, isKeyLookup: boolean): readonly string[] {
  const value = answer.member('PublicKeys');
  if (!isKeyLookup) return ignoreKeys(answer, value);
  if (value === undefined) refuse('PUBLIC_KEYS_MISSING');
  if (!Array.isArray(value)) refuse('PUBLIC_KEYS_INVALID', answer.quote(value));
  const keys = value.map((key: unknown) => readKey(answer, key)).filter((key) => key !== '');
  if (keys.length === 0) refuse('PUBLIC_KEYS_MISSING');
  if (keys.length > MAX_PUBLIC_KEYS) refuse('PUBLIC_KEYS_TOO_MANY', `${keys.length} keys`);
  return Object.freeze(keys);
}

function readKey(answer: Answer, key: unknown): string {
  if (typeof key !== 'string') refuse('PUBLIC_KEYS_INVALID', `an item is ${answer.quote(key)}`);
  if (key.length > MAX_PUBLIC_KEY_CHARACTERS) {
    refuse('PUBLIC_KEYS_INVALID', `a key of ${key.length} characters`);
  }
  return key.trim();
}

/** The contract forbids keys in an answer to a password; `[""]`, as in a sample of the AWS guide, is no key. */
function ignoreKeys(answer: Answer, value: unknown): readonly string[] {
  const isEmpty =
    value === undefined || (Array.isArray(value) && value.every((key) => key === '' || key === null));
  if (!isEmpty) answer.warn('PublicKeys must not be returned for a password login; they are ignored');
  return Object.freeze([]);
}
