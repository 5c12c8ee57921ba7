/** What the configuration says about who may do what, in the form that sessions are limited by. */

import type { RoleFacts } from '../files/access.ts';
import type { AccessPointFacts, FileSystemFacts } from '../files/guard-scope.ts';
import { compilePolicy } from '../policy/index.ts';
import type { Configuration } from './config/load.ts';

/** Compiled once: thousands of users share a role. The schema has seen that every policy compiles. */
export function rolesOf({ roles }: Configuration): ReadonlyMap<string, RoleFacts> {
  return new Map(
    Object.entries(roles).map(([role, { policy }]) => [
      role,
      policy === undefined ? {} : { policy: compilePolicy(policy, { name: 'role policy' }) },
    ]),
  );
}

/** By id. */
export function fileSystemsOf({ storage }: Configuration): ReadonlyMap<string, FileSystemFacts> {
  const uid = process.geteuid?.();
  return new Map(
    Object.entries(storage.fileSystems).map(([id, { region, identity }]) => [
      id,
      identity === 'process' && uid !== undefined ? { region, uid } : { region },
    ]),
  );
}

/** By id. */
export function accessPointsOf({ storage }: Configuration): ReadonlyMap<string, AccessPointFacts> {
  return new Map(
    Object.entries(storage.accessPoints).map(([id, { fileSystem, posixUser }]) => [
      id,
      { fileSystemId: fileSystem, ...(posixUser === undefined ? {} : { uid: posixUser.uid }) },
    ]),
  );
}
