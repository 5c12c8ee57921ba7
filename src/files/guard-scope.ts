/** The rules of a session's storages: those of S3 or of EFS, by the domain of its server. */

import { roleParts } from './access.ts';
import { EfsRules } from './guard-efs.ts';
import type { AccessRules } from './guard-rules.ts';
import { S3Rules } from './guard-s3.ts';
import type { VirtualPath } from './virtual-path.ts';

/** An access point of the configuration. */
export interface AccessPointFacts {
  readonly fileSystemId: string;
  /** The identity of everybody who comes through it, in place of their own. */
  readonly uid?: number;
}

/** What the rules of a session's storages are made of. */
export interface AccessScope {
  readonly domain: 'S3' | 'EFS';
  /** ARN of the role: its partition and account are those of the resources. */
  readonly role: string;
  /** Of the session's POSIX profile. */
  readonly uid?: number;
  /** By id. */
  readonly accessPoints?: ReadonlyMap<string, AccessPointFacts>;
}

/**
 * @param name the bucket, file system or access point
 * @param base where the view begins in it
 */
export function rulesFor(scope: AccessScope, name: string, base: VirtualPath): AccessRules {
  const { partition, accountId } = roleParts(scope.role);
  if (scope.domain === 'S3') return new S3Rules({ partition, bucket: name, base });
  const accessPoint = scope.accessPoints?.get(name);
  const uid = accessPoint?.uid ?? scope.uid;
  return new EfsRules({
    partition,
    accountId,
    fileSystemId: accessPoint?.fileSystemId ?? name,
    ...(accessPoint === undefined ? {} : { accessPointId: name }),
    isRoot: uid === 0,
  });
}
