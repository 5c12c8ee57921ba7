/** A user of the pool as a person: from the claims of their id token, or from what an administrator sees of them. */

import { z } from 'zod';
import { Denied } from '../../decision.ts';
import { subjectClaims } from '../../upstream/id-token.ts';
import type { Group, Person, Proof } from '../provider.ts';
import type { CognitoOptions } from './options.ts';

const GROUPS_CLAIM = 'cognito:groups';
const USER_NAME_CLAIM = 'cognito:username';

/** Claims about the token instead of the user. */
const TOKEN_CLAIMS = new Set([
  'aud',
  'at_hash',
  'auth_time',
  'event_id',
  'exp',
  'iat',
  'iss',
  'jti',
  'nonce',
  'origin_jti',
  'token_use',
]);

/** What an id token of a user pool holds. An access token of the pool is signed by the same key. */
export const idTokenClaims = subjectClaims.extend({
  token_use: z.literal('id'),
  [USER_NAME_CLAIM]: z.string().min(1),
});

export function personOfClaims(claims: z.output<typeof idTokenClaims>, proofs: readonly Proof[]): Person {
  const attributes = new Map(
    Object.entries(claims)
      .filter(([name]) => !TOKEN_CLAIMS.has(name))
      .map(([name, value]) => [name, textsOf(value)] as const)
      .filter(([, values]) => values.length > 0),
  );
  const groups = (attributes.get(GROUPS_CLAIM) ?? []).map(groupOf);
  return { subject: claims.sub, userName: claims[USER_NAME_CLAIM], attributes, groups, proofs };
}

/** The name of a group is unique in its pool and cannot be changed. */
export function groupOf(name: string): Group {
  return { id: name, name };
}

/**
 * Whoever can change an alias of theirs could else log in under a name that is somebody's here.
 * @throws Denied IDENTITY_MISMATCH
 */
export function checkName(
  { userName, attributes }: Person,
  signInName: string,
  { names }: Pick<CognitoOptions, 'names'>,
): void {
  const first = (name: string) => attributes.get(name)?.[0];
  const candidates: Readonly<Record<CognitoOptions['names'][number], string | undefined>> = {
    username: userName,
    email: first('email_verified') === 'true' ? first('email') : undefined,
    preferred_username: first('preferred_username'),
  };
  // User pools compare names without case unless they were made otherwise.
  const isNamed = names.some((name) => candidates[name]?.toLowerCase() === signInName.toLowerCase());
  if (!isNamed) throw new Denied('IDENTITY_MISMATCH', 'The name is another alias of the user.');
}

/** Objects, such as `address`, are left out. */
function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => textOf(item));
  return textOf(value);
}

function textOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'number' || typeof value === 'boolean' ? [String(value)] : [];
}
