/** Judges the answer of an identity provider: a Grant, or a refusal with its reason. */

import { Answer, AnswerRefused, isMembers, refuse } from './answer.ts';
import { type Challenged, readChallenge } from './challenge-answer.ts';
import type { Grant } from './grant.ts';
import { readHome } from './home-answer.ts';
import { readPublicKeys } from './keys-answer.ts';
import { readPosixProfile } from './posix-answer.ts';
import { type Refused, refused } from './refusal.ts';
import type { IdentityRequest } from './request.ts';

/** The API's `Role`: 20 to 2,048 characters of this form. */
const ROLE_ARN = /^arn:.*role\/\S+$/;
const MIN_ROLE_CHARACTERS = 20;
const MAX_ROLE_CHARACTERS = 2048;

/** Longest session policy in characters (the API's `Policy`, and STS). */
export const MAX_POLICY_CHARACTERS = 2048;

/** What an answer is judged by. */
export interface ResponseContext {
  /** The question that was answered. */
  readonly request: IdentityRequest;
  /** The server's domain; EFS needs a POSIX profile. */
  readonly domain: 'S3' | 'EFS';
  /** ARNs of the configured roles. */
  readonly roles: ReadonlySet<string>;
  /** The server trusts authorities of its own, so a user needs no key of their own. */
  readonly areKeysOptional?: boolean;
  /** Names of the configured buckets and file systems: homes lie in these. */
  readonly storageNames: ReadonlySet<string>;
}

export interface Granted {
  readonly outcome: 'granted';
  readonly grant: Grant;
  /** What was against the contract and tolerated. For the log, without the password. */
  readonly warnings: readonly string[];
}

/** Whether the text is the ARN of an IAM role, by the API's own grammar. */
export function isRoleArn(text: string): boolean {
  return text.length >= MIN_ROLE_CHARACTERS && text.length <= MAX_ROLE_CHARACTERS && ROLE_ARN.test(text);
}

/**
 * Success is an object with every member in order; whatever else comes back is a refusal. Never throws.
 * A Grant for a key look-up says which keys may log in; the user has not proved to hold one.
 */
export function parseIdentityResponse(answer: unknown, context: ResponseContext): Granted | Refused {
  const judged = parseIdentityStep(answer, context);
  return judged.outcome === 'challenged' ? refused('CHALLENGE_UNANSWERABLE') : judged;
}

/** The same where the user can be asked: the answer may be a challenge instead. Never throws. */
export function parseIdentityStep(answer: unknown, context: ResponseContext): Granted | Challenged | Refused {
  if (!isMembers(answer))
    return refused('CONTRACT_VIOLATION', `The function answered with ${kindOf(answer)}.`);
  try {
    const members = new Answer(answer, context.request.scrubber());
    const isChallenge = members.member('Challenge') !== undefined;
    return isChallenge ? readChallenge(members) : readGrant(members, context);
  } catch (error) {
    if (error instanceof AnswerRefused) return refused(error.code, error.message);
    return refused('CONTRACT_VIOLATION', 'The answer could not be read.');
  }
}

function readGrant(answer: Answer, context: ResponseContext): Granted {
  const role = readRole(answer, context.roles);
  const policy = readPolicy(answer, context.domain);
  const grant: Grant = {
    userName: context.request.username,
    role,
    home: readHome(answer, context.request.username, context.storageNames),
    ...(policy === undefined ? {} : { policy }),
    // S3 knows no POSIX identity; a profile in such an answer has no effect on AWS either.
    ...(context.domain === 'EFS' ? { posixProfile: readPosixProfile(answer) } : {}),
    publicKeys: readPublicKeys(answer, {
      isKeyLookup: context.request.isKeyLookup,
      isChallengeAnswer: context.request.isChallengeAnswer,
      areOptional: context.areKeysOptional === true,
    }),
  };
  return Object.freeze({
    outcome: 'granted',
    grant: Object.freeze(grant),
    warnings: Object.freeze(answer.warnings),
  });
}

function readRole(answer: Answer, roles: ReadonlySet<string>): string {
  const role = answer.member('Role');
  if (role === undefined) refuse('NOT_AUTHENTICATED');
  if (typeof role !== 'string' || !isRoleArn(role)) refuse('ROLE_INVALID', answer.quote(role));
  if (!roles.has(role)) refuse('ROLE_UNKNOWN', answer.quote(role));
  return role;
}

function readPolicy(answer: Answer, domain: ResponseContext['domain']): string | undefined {
  const policy = answer.member('Policy');
  if (policy === undefined) return undefined;
  if (typeof policy !== 'string') refuse('POLICY_INVALID', answer.quote(policy));
  if (policy.length > MAX_POLICY_CHARACTERS) refuse('POLICY_TOO_LONG', `${policy.length} characters`);
  if (!holdsJsonObject(policy)) refuse('POLICY_INVALID', answer.quote(policy));
  if (domain === 'S3') return policy;
  answer.warn('Policy is ignored: session policies apply to S3 only');
  return undefined;
}

function holdsJsonObject(text: string): boolean {
  try {
    return isMembers(JSON.parse(text));
  } catch {
    return false;
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
