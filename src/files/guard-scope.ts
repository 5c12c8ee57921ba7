/** The rules of a session's storages: those of S3 or of EFS, by the domain of its server. */

import { roleParts } from './access.ts';
import { EfsRules } from './guard-efs.ts';
import type { AccessRules } from './guard-rules.ts';
import { S3Rules } from './guard-s3.ts';
import type { VirtualPath } from './virtual-path.ts';

/** Of a file system that nothing is said of. */
const DEFAULT_REGION = 'us-east-1';

/** A POSIX file system of the configuration. */
export interface FileSystemFacts {
  /** In the ARN by which policies name it. */
  readonly region: string;
  /** Whose rights files are used with, where those are not of the session. */
  readonly uid?: number;
}

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
  readonly fileSystems?: ReadonlyMap<string, FileSystemFacts>;
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
  const fileSystemId = accessPoint?.fileSystemId ?? name;
  const fileSystem = scope.fileSystems?.get(fileSystemId);
  const uid = fileSystem?.uid ?? accessPoint?.uid ?? scope.uid;
  return new EfsRules({
    partition,
    region: fileSystem?.region ?? DEFAULT_REGION,
    accountId,
    fileSystemId,
    ...(accessPoint === undefined ? {} : { accessPointId: name }),
    isRoot: uid === 0,
  });
}
