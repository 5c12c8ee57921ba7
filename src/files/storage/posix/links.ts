/** Symbolic and hard links of a host directory tree, with targets that never show where the tree lies. */

import { link, lstat, readlink, symlink } from 'node:fs/promises';
import { FileError } from '../../error.ts';
import type { HardLinkCapability, LinkCapability } from '../../file-system.ts';
import { parentPath, pathSegments, type VirtualPath, virtualPath } from '../../virtual-path.ts';
import type { PosixView } from './view.ts';

export const ONLY_FILES_ARE_LINKED = 'only regular files can be linked';

export class PosixLinks implements LinkCapability, HardLinkCapability {
  readonly #view: PosixView;

  constructor(view: PosixView) {
    this.#view = view;
  }

  /** The target as it is stored; one that leads out is as absent as what it points to. */
  readLink(path: VirtualPath): Promise<string> {
    return this.#view.at(path, async (walk) => {
      if (!this.#view.showsLink(path)) throw new FileError('NOT_FOUND');
      const target = await readlink(walk.entryPath);
      checkStaysInside(target, path);
      return target;
    });
  }

  symlink(target: string, path: VirtualPath): Promise<void> {
    return this.#view.at(path, async (walk) => {
      await symlink(storedTarget(target, path), walk.entryPath);
      await this.#view.sync(walk);
    });
  }

  link(existing: VirtualPath, path: VirtualPath): Promise<void> {
    return this.#view.at(existing, (source) =>
      this.#view.at(path, async (target) => {
        const stats = await lstat(source.entryPath);
        if (!stats.isFile()) throw new FileError('PERMISSION_DENIED', ONLY_FILES_ARE_LINKED);
        await link(source.entryPath, target.entryPath);
        await this.#view.sync(target);
      }),
    );
  }
}

/**
 * An absolute target means the view's root, so it is stored relative to the link: the host's root is elsewhere.
 *
 * @throws FileError NOT_FOUND for a target outside, INVALID_PATH
 */
export function storedTarget(target: string, path: VirtualPath): string {
  const resolved = virtualPath(target, parentPath(path));
  const stored = target.startsWith('/') ? relativeTarget(resolved, path) : target;
  checkStaysInside(stored, path);
  return stored;
}

/** Lexical, so it is courtesy and not the guard: the walk is. @throws FileError NOT_FOUND */
export function checkStaysInside(target: string, path: VirtualPath): void {
  if (target.startsWith('/')) throw new FileError('NOT_FOUND');
  let depth = pathSegments(parentPath(path)).length;
  for (const name of target.split('/')) {
    if (name === '..') depth -= 1;
    else if (name !== '' && name !== '.') depth += 1;
    if (depth < 0) throw new FileError('NOT_FOUND');
  }
}

function relativeTarget(target: VirtualPath, path: VirtualPath): string {
  const from = pathSegments(parentPath(path));
  const to = pathSegments(target);
  let shared = 0;
  while (shared < from.length && from[shared] === to[shared]) shared += 1;
  return [...from.slice(shared).map(() => '..'), ...to.slice(shared)].join('/') || '.';
}
