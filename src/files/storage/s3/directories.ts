/** Makes and removes directories: empty objects whose keys end with a slash. */

import { FileError } from '../../error.ts';
import { parentPath, ROOT, type VirtualPath } from '../../virtual-path.ts';
import { markerProperties } from './attributes.ts';
import type { S3View } from './view.ts';
import { EMPTY_BODY, whereFree } from './where-free.ts';

/** Directories remembered as emptied by one session; the oldest is forgotten. */
const MAX_EMPTIED = 1000;

export class Directories {
  readonly #view: S3View;
  /**
   * Directories from which this session took a file. One without a marker is gone with its last file, and a client that
   * deletes a tree still removes the directory afterwards: it is told that all is well, as it is. A marker instead would
   * be an upload that nobody asked for, and that a role may forbid.
   */
  readonly #emptied = new Set<VirtualPath>();

  constructor(view: S3View) {
    this.#view = view;
  }

  /** Directories above it need not exist. @throws FileError ALREADY_EXISTS */
  async make(path: VirtualPath): Promise<void> {
    const { store, session, keys, signal } = this.#view;
    const marker = keys.directory(path);
    const entry = await this.#view.findBeforeWrite(path);
    if (entry !== undefined) throw new FileError('ALREADY_EXISTS');
    await whereFree((condition) =>
      store.put(marker, EMPTY_BODY, markerProperties(session), condition, signal),
    );
    this.#emptied.delete(path);
  }

  /** @throws FileError NOT_EMPTY, NOT_FOUND, NOT_A_DIRECTORY, PERMISSION_DENIED for the root */
  async remove(path: VirtualPath): Promise<void> {
    if (path === ROOT) throw new FileError('PERMISSION_DENIED');
    const { store, keys, signal } = this.#view;
    const marker = keys.directory(path);
    let exists = false;
    for await (const { key } of this.#view.objects(marker, { pageKeys: 2 })) {
      if (key !== marker) throw new FileError('NOT_EMPTY');
      exists = true;
    }
    if (exists) await store.remove(marker, signal);
    else await this.#checkEmptied(path);
    this.#emptied.delete(path);
    this.emptied(parentPath(path));
  }

  /** A file or directory was taken out of the directory. */
  emptied(path: VirtualPath): void {
    this.#emptied.delete(path);
    this.#emptied.add(path);
    for (const oldest of this.#emptied) {
      if (this.#emptied.size <= MAX_EMPTIED) return;
      this.#emptied.delete(oldest);
    }
  }

  async #checkEmptied(path: VirtualPath): Promise<void> {
    const entry = await this.#view.find(path);
    if (entry?.kind === 'file') throw new FileError('NOT_A_DIRECTORY');
    if (entry === undefined && !this.#emptied.has(path)) throw new FileError('NOT_FOUND');
  }
}
