/** What the guard wants to know of a storage: the needs of every operation, as one table for each domain. */

import type { Need } from './access.ts';
import type { AttributeChanges, OpenMode } from './file-system.ts';
import type { VirtualPath } from './virtual-path.ts';

/** What opening a file decides on. */
export type OpenIntent = Omit<OpenMode, 'append'>;

/** Whether the opened file may be made or changed: a client may ask to make a file that it only reads. */
export function changesTree({ write, create, truncate }: OpenIntent): boolean {
  return write || create || truncate;
}

/** All needs of an operation have to be met. Paths are those of the view that is guarded. */
export interface AccessRules {
  /** Whether a directory may hold names with rules of their own, so that moving it asks for each. */
  readonly judgesEveryName: boolean;
  list(path: VirtualPath): readonly Need[];
  /** Before anybody knows what is there: whatever shows a file or a directory. */
  look(path: VirtualPath): readonly Need[];
  lookAtFile(path: VirtualPath): readonly Need[];
  lookAtDirectory(path: VirtualPath): readonly Need[];
  open(path: VirtualPath, intent: OpenIntent): readonly Need[];
  change(path: VirtualPath, changes: AttributeChanges): readonly Need[];
  makeDirectory(path: VirtualPath): readonly Need[];
  removeDirectory(path: VirtualPath): readonly Need[];
  remove(path: VirtualPath): readonly Need[];
  moveFile(from: VirtualPath, to: VirtualPath): readonly Need[];
  /** The directory alone, without what is in it. */
  moveDirectory(from: VirtualPath, to: VirtualPath): readonly Need[];
  /** Absent where names have rules of their own: a link would be a second name, and a way around them. */
  readonly links?: LinkRules;
}

export interface LinkRules {
  readonly read: readonly Need[];
  /** Makes a symbolic or a hard link. */
  readonly make: readonly Need[];
}
