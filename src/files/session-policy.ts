/** The session policy of a login: compiled for the guard, and written out for storages that hand it to AWS. */

import { type CompiledPolicy, compilePolicy, expandPolicyText, PolicyError } from '../policy/index.ts';
import type { HomeSpec } from './home-spec.ts';
import { pathSegments } from './virtual-path.ts';

export interface SessionPolicy {
  readonly outcome: 'usable';
  readonly policy: CompiledPolicy;
  /** JSON text, its `${transfer:…}` variables replaced. */
  readonly text: string;
}

export interface UnusablePolicy {
  readonly outcome: 'unusable';
  /** Names the place and the fix. */
  readonly reason: string;
}

/** Never throws for a policy: one that is not understood must refuse the login. */
export function readSessionPolicy(
  text: string,
  home: HomeSpec,
  userName: string,
): SessionPolicy | UnusablePolicy {
  const variables = transferVariables(home, userName);
  try {
    return {
      outcome: 'usable',
      policy: compilePolicy(text, { variables, name: 'session policy' }),
      text: expandPolicyText(text, variables),
    };
  } catch (error) {
    if (error instanceof PolicyError) return { outcome: 'unusable', reason: error.message };
    throw error;
  }
}

/**
 * The values of aws-transfer.md §4.5. The home variables exist for PATH homes only, and below the root only: a policy
 * that uses one without a bucket would otherwise be about no bucket, or about every one.
 */
function transferVariables(home: HomeSpec, userName: string): Readonly<Record<string, string>> {
  const user = { 'transfer:UserName': userName };
  if (home.type === 'LOGICAL') return user;
  const [bucket, ...folder] = pathSegments(home.directory);
  if (bucket === undefined) return user;
  return {
    ...user,
    'transfer:HomeBucket': bucket,
    'transfer:HomeFolder': folder.join('/'),
    'transfer:HomeDirectory': [bucket, ...folder].join('/'),
  };
}
