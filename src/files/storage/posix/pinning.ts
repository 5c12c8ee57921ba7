/** How a node of the host is held still between looking at it and using it. */

import type { Stats } from 'node:fs';

/** A directory or file that is held; calls that follow links may use `path`. */
export interface PinnedNode {
  /** A host path that names this node, not whatever is at its place by now. */
  readonly path: string;
  /** Called once, after the last use of `path`. */
  release(): void;
}

export interface PinnedEntry extends PinnedNode {
  readonly stats: Stats;
}

export interface Pinning {
  /** Holds a directory. With `followLinks` false a symbolic link at the end rejects with ENOTDIR, as a file does. */
  directory(hostPath: string, options: { readonly followLinks: boolean }): Promise<PinnedNode>;
  /** Holds whatever is there; a symbolic link itself, not its target. */
  entry(hostPath: string): Promise<PinnedEntry>;
}
