/** Policies and guarded trees for the tests of the guard. */

import { compilePolicy } from '../../policy/index.ts';
import { SessionAccess } from '../access.ts';
import type { FileSystem } from '../file-system.ts';
import { guarded, type SessionGuard } from '../guard.ts';
import type { AccessScope } from '../guard-scope.ts';
import { ROOT } from '../virtual-path.ts';

export const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
export const PRINCIPAL = {
  role: ROLE,
  userName: 'jane',
  sessionId: '0123456789abcdef',
  serverId: 's-0123456789abcdef0',
  sourceIp: '203.0.113.9',
};
export const S3_SCOPE: AccessScope = { domain: 'S3', role: ROLE };
export const DENIED = { name: 'FileError', code: 'PERMISSION_DENIED', message: 'permission denied' };

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export function policyOf(...statements: readonly Statement[]): unknown {
  return { Version: '2012-10-17', Statement: statements };
}

export function guardOf(rolePolicy: unknown, scope = S3_SCOPE): SessionGuard {
  const access = SessionAccess.from({ principal: PRINCIPAL, rolePolicy: compilePolicy(rolePolicy) });
  if (access === undefined) throw new TypeError('there is a policy');
  return { access, scope };
}

/** `files` as the bucket or file system `name`, limited by one policy. */
export function limited(
  files: FileSystem,
  rolePolicy: unknown,
  { scope = S3_SCOPE, name = 'bucket', base = ROOT, signal = new AbortController().signal } = {},
): FileSystem {
  return guarded(files, { ...guardOf(rolePolicy, scope), name, base, signal });
}
