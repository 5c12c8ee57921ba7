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
/** Any times: which ones does not matter to the policies. */
const CHANGED_TIMES = { times: { accessedSeconds: 0, modifiedSeconds: 0 } };

/** What is at the path, where the policies ask otherwise about a directory. */
export type WhyThing = 'a file' | 'a directory';

export interface Asked {
  /** Absent where it does not matter. */
  readonly thing?: WhyThing;
  readonly needs: readonly Need[];
}

export interface WhyPaths {
  readonly path: VirtualPath;
  /** Of a rename; the path itself otherwise. */
  readonly target: VirtualPath;
  /** The path was written with a slash at its end. */
  readonly isDirectory: boolean;
}

/** The guard's own rules. The first answer decides; a second one says what else would, were it a directory. */
export function askedFor(
  operation: WhyOperation,
  rules: AccessRules,
  { path, target, isDirectory }: WhyPaths,
): readonly [Asked, ...Asked[]] {
  const either = (asFile: readonly Need[], asDirectory: readonly Need[]): readonly [Asked, ...Asked[]] => {
    if (!rules.judgesEveryName) return [{ needs: asFile }];
    const [file, directory] = [
      { thing: 'a file', needs: asFile },
      { thing: 'a directory', needs: asDirectory },
    ] as const;
    return isDirectory ? [directory] : [file, directory];
  };
  switch (operation) {
    case 'list':
      return [{ needs: rules.list(path) }];
    case 'stat':
      return either(rules.lookAtFile(path), rules.lookAtDirectory(path));
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
      return either(rules.change(path, CHANGED_TIMES), [
        ...rules.change(path, CHANGED_TIMES),
        ...rules.makeDirectory(path),
      ]);
    case 'rename':
      return either(rules.moveFile(path, target), rules.moveDirectory(path, target));
  }
}
