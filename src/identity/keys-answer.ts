/** Reads `PublicKeys` from an answer. */

import { type Answer, refuse } from './answer.ts';

/** Most keys compared with the offered one: every key costs a parse before the client has proved anything. */
export const MAX_PUBLIC_KEYS = 50;
/** Longest key line. The API's `SshPublicKeyBody` is 2,048, which is short for RSA 16384 with options. */
export const MAX_PUBLIC_KEY_CHARACTERS = 8192;

/** What keys an answer must or may hold. */
export interface KeysExpected {
  readonly isKeyLookup: boolean;
  readonly isChallengeAnswer: boolean;
  /** The server trusts authorities of its own: a user may have no key at all. */
  readonly areOptional: boolean;
}

/**
 * The keys of a key look-up, at least one where they are not optional; none for any other login.
 *
 * @throws AnswerRefused PUBLIC_KEYS_MISSING, PUBLIC_KEYS_INVALID, PUBLIC_KEYS_TOO_MANY, CHALLENGE_READ_AS_LOOKUP
 */
export function readPublicKeys(answer: Answer, expected: KeysExpected): readonly string[] {
  const value = answer.member('PublicKeys');
  if (!expected.isKeyLookup) return ignoreKeys(answer, value, expected);
  if (value === undefined && expected.areOptional) return Object.freeze([]);
  if (value === undefined) refuse('PUBLIC_KEYS_MISSING');
  if (!Array.isArray(value)) refuse('PUBLIC_KEYS_INVALID', answer.quote(value));
  const keys = value.map((key: unknown) => readKey(answer, key)).filter((key) => key !== '');
  if (keys.length === 0 && !expected.areOptional) refuse('PUBLIC_KEYS_MISSING');
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
function ignoreKeys(answer: Answer, value: unknown, { isChallengeAnswer }: KeysExpected): readonly string[] {
  const isEmpty =
    value === undefined || (Array.isArray(value) && value.every((key) => key === '' || key === null));
  // Without a password the event looks like a look-up to a function that does not know answers: it judged nothing.
  if (!isEmpty && isChallengeAnswer) refuse('CHALLENGE_READ_AS_LOOKUP');
  if (!isEmpty) answer.warn('PublicKeys must not be returned for a password login; they are ignored');
  return Object.freeze([]);
}
