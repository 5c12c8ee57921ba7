/** Makes and removes directories: empty objects whose keys end with a slash. */

import { FileError } from '../../error.ts';
import { parentPath, ROOT, type VirtualPath } from '../../virtual-path.ts';
import { markerProperties } from './attributes.ts';
import type { S3View } from './view.ts';
import { EMPTY_BODY, whereFree } from './where-free.ts';

export class Directories {
  readonly #view: S3View;

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
    this.#view.emptied.forget(marker);
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
    this.moved(path);
  }

  /** What was at the path is somewhere else now. */
  moved(path: VirtualPath): void {
    this.#view.emptied.forget(this.#view.keys.directory(path));
    this.emptied(parentPath(path));
  }

  /** A file or directory was taken out of the directory. */
  emptied(path: VirtualPath): void {
    this.#view.emptied.add(this.#view.keys.directory(path));
  }

  async #checkEmptied(path: VirtualPath): Promise<void> {
    const entry = await this.#view.findOrEmptied(path);
    if (entry?.kind === 'file') throw new FileError('NOT_A_DIRECTORY');
    if (entry === undefined) throw new FileError('NOT_FOUND');
  }
}
