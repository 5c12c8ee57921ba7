/** What the configuration says about who may do what, in the form that sessions are limited by. */

import type { RoleFacts } from '../files/access.ts';
import type { AccessPointFacts } from '../files/guard-scope.ts';
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
export function accessPointsOf({ storage }: Configuration): ReadonlyMap<string, AccessPointFacts> {
  return new Map(
    Object.entries(storage.accessPoints).map(([id, { fileSystem, posixUser }]) => [
      id,
      { fileSystemId: fileSystem, ...(posixUser === undefined ? {} : { uid: posixUser.uid }) },
    ]),
  );
}
