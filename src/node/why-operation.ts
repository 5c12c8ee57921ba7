/** The operations that `drawbridge why` explains, in the words of clients, and what the policies are asked for each. */

import type { Need } from '../files/access.ts';
import type { AccessRules, OpenIntent } from '../files/guard-rules.ts';
import type { VirtualPath } from '../files/virtual-path.ts';

export const WHY_OPERATIONS = [
  'list',
  'stat',
  'get',
  'put',
  'append',
  'mkdir',
  'rmdir',
  'rm',
  'rename',
  'setstat',
] as const;

export type WhyOperation = (typeof WHY_OPERATIONS)[number];

const READING: OpenIntent = { read: true, write: false, create: false, truncate: false, exclusive: false };
const APPENDING: OpenIntent = { ...READING, read: false, write: true, create: true };
const STORING: OpenIntent = { ...APPENDING, truncate: true };
/** Any mode: which one does not matter to the policies. */
const CHANGED_MODE = { mode: 0o600 };

/** One thing that may be at the path, with what it then needs. */
export interface Asked {
  /** Where the needs depend on what is there: `as a file`, `as a directory`. */
  readonly what?: string;
  readonly needs: readonly Need[];
}

/** The guard's own rules; the first of several answers decides. */
export function askedFor(
  operation: WhyOperation,
  rules: AccessRules,
  path: VirtualPath,
  target: VirtualPath,
): readonly [Asked, ...Asked[]] {
  switch (operation) {
    case 'list':
      return [{ needs: rules.list(path) }];
    case 'stat':
      return [{ needs: rules.look(path) }];
    case 'get':
      return [{ needs: rules.open(path, READING) }];
    case 'put':
      return [{ needs: rules.open(path, STORING) }];
    case 'append':
      return [{ needs: rules.open(path, APPENDING) }];
    case 'mkdir':
      return [{ needs: rules.makeDirectory(path) }];
    case 'rmdir':
      return [{ needs: rules.removeDirectory(path) }];
    case 'rm':
      return [{ needs: rules.remove(path) }];
    case 'setstat':
      return [{ needs: rules.change(path, CHANGED_MODE) }];
    case 'rename':
      return rules.judgesEveryName
        ? [
            { what: 'as a file', needs: rules.moveFile(path, target) },
            {
              what: 'as a directory, where every name below it is asked about too',
              needs: rules.moveDirectory(path, target),
            },
          ]
        : [{ needs: rules.moveFile(path, target) }];
  }
}
