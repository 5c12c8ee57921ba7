/** Why a login was refused, as stable codes with the explanation an operator reads in the log. */

import type { Decision } from './decision.ts';

/** The one table from code to explanation. Codes are written to logs and never change their meaning. */
export const REFUSALS = {
  USER_NAME_INVALID: 'The user name is not 3 to 100 of A-Z a-z 0-9 _ . @ -, or begins with one of . @ -.',
  PASSWORD_BLANK: 'The password is empty or blank. Functions read such a request as a public-key look-up.',
  PASSWORD_TOO_LONG: 'The password is longer than the Transfer API allows.',
  PASSWORD_INVALID: 'The password holds a NUL character or is not valid Unicode.',

  ANSWERS_INVALID: 'An answer to a challenge is too long, holds a NUL character or is not valid Unicode.',

  SOURCE_REFUSED:
    'The address of the client is in none of the networks that the server allows, or in one it denies.',

  NOT_AUTHENTICATED: 'The function answered without a Role: it does not accept this user or password.',
  CONTRACT_VIOLATION: 'The function answered with something other than a JSON object.',
  ROLE_INVALID: 'Role is not the ARN of an IAM role.',
  ROLE_UNKNOWN: 'Role is not one of the roles in the configuration.',
  HOME_TYPE_INVALID: 'HomeDirectoryType is neither PATH nor LOGICAL.',
  HOME_DETAILS_MISSING: 'HomeDirectoryType is LOGICAL, but HomeDirectoryDetails is absent or empty.',
  HOME_DETAILS_UNEXPECTED: 'HomeDirectoryDetails is given, but HomeDirectoryType is not LOGICAL.',
  HOME_DETAILS_INVALID: 'HomeDirectoryDetails is not a JSON array of Entry and Target pairs, as a string.',
  HOME_DETAILS_TOO_LARGE: 'HomeDirectoryDetails is larger than the contract allows.',
  HOME_INVALID: 'The home directory or one of its mappings breaks a rule.',
  POSIX_PROFILE_MISSING: 'The server is of the EFS domain, and the function gave no PosixProfile.',
  POSIX_PROFILE_INVALID:
    'PosixProfile is not an object with numeric Uid and Gid and at most 16 SecondaryGids.',
  PUBLIC_KEYS_MISSING: 'The function gave no public key for a public-key login.',
  PUBLIC_KEYS_INVALID: 'PublicKeys is not an array of strings of sensible length.',
  PUBLIC_KEYS_TOO_MANY: 'The function gave more public keys than are compared.',
  CHALLENGE_INVALID:
    'Challenge is not an object of Name, Instruction, Prompts and PollSeconds of sensible size, or State is not a short string.',
  CHALLENGE_UNANSWERABLE:
    'The function asks for more, and this login cannot be asked: it is a password or a key, or prompts are not enabled.',
  CHALLENGE_TOO_MANY_ROUNDS: 'The function asks for more, and has asked as often as it may.',
  CHALLENGE_READ_AS_LOOKUP:
    'The function took an event with challengeAnswers for a key look-up: it granted with public keys, or before it asked anything.',
  POLICY_INVALID: 'Policy is not a string that holds a JSON object.',
  POLICY_TOO_LONG: 'Policy is longer than a session policy may be.',

  KEY_NOT_LISTED: 'The offered public key is not one of those the function gave.',
  KEY_EXPIRED: 'The line of the offered public key has an expiry-time that is over.',
  KEY_SOURCE_REFUSED: 'The line of the offered public key has a from that the client is not in.',
  CERTIFICATE_NOT_TRUSTED:
    'The authority of the offered certificate is trusted neither by the server nor by the keys the function gave.',
  KEY_REVOKED: 'The offered key, the key in the offered certificate, or the authority of that, is revoked.',
  CERTIFICATE_REVOKED: 'The offered certificate is revoked, by its serial or its key id.',
  ROLES_DIFFER: 'The answers to the key and to the password name different roles.',
  SESSION_POLICY_UNUSABLE: 'The session policy is not understood, so that it cannot be enforced.',
  HOME_UNAVAILABLE: 'The home directory cannot be opened.',

  FUNCTION_THREW: 'The function threw an error, rejected, or called back with an error.',
  FUNCTION_TIMED_OUT: 'The function did not answer in time and was ended.',
  FUNCTION_CRASHED: 'The process of the function ended before it answered.',
  FUNCTION_OVERLOADED:
    'All instances of the function are busy and its queue is full or did not move in time.',
  FUNCTION_UNREACHABLE:
    'The function could not be asked: the service or the method does not take the call, or cannot be reached.',
  FUNCTION_BAD_MODULE: 'The module of the function cannot be loaded or exports no handler.',
  ANSWER_TOO_LARGE: 'The answer of the function is larger than a Lambda answer may be.',
  ANSWER_NOT_JSON: 'The answer of the function cannot be written as JSON.',
  ABORTED: 'The client went away, or the server stopped, before the function answered.',
} as const satisfies Record<string, string>;

export type RefusalCode = keyof typeof REFUSALS;

/** A login that goes no further. */
export interface Refused {
  readonly outcome: 'refused';
  readonly code: RefusalCode;
  /** What was wrong in this case. For the log, never for the client. */
  readonly reason: string;
  /** What one of our own providers decided, where the refusal comes from it. */
  readonly decision?: Decision;
}

/** Makes a refusal; without a reason of its own it says what the table says. */
export function refused(code: RefusalCode, reason: string = REFUSALS[code]): Refused {
  return Object.freeze({ outcome: 'refused', code, reason });
}
