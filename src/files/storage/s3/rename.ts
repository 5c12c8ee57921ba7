/** Renames files: a copy inside the service, and then the end of the old object. S3 has no rename of its own. */

import { FileError } from '../../error.ts';
import { isWithin, type VirtualPath } from '../../virtual-path.ts';
import type { ObjectHead } from './object-store.ts';
import { DirectoryMove, type MoveOptions } from './rename-directory.ts';
import type { Entry, S3View } from './view.ts';
import { whereFree } from './where-free.ts';

export class Renames {
  readonly #view: S3View;

  constructor(view: S3View) {
    this.#view = view;
  }

  /** @throws FileError NOT_FOUND, ALREADY_EXISTS, INVALID_ARGUMENT for a move into itself */
  async move(from: VirtualPath, to: VirtualPath, options: MoveOptions): Promise<void> {
    const source = await this.#view.get(from);
    if (from === to) return;
    if (isWithin(to, from)) throw new FileError('INVALID_ARGUMENT', 'nothing can be moved into itself');
    const target = await this.#view.find(to, 'missing');
    if (target !== undefined && !options.replaces && source.kind === 'file')
      throw new FileError('ALREADY_EXISTS');
    if (source.kind === 'file') return this.#moveFile(source.head, to, target);
    const move = new DirectoryMove(
      this.#view,
      { path: from, prefix: source.prefix },
      { path: to, prefix: this.#view.keys.directory(to) },
      options,
    );
    await move.run(target);
  }

  /** When the old object cannot be removed both stay, and the client is told: a copy too many is no loss. */
  async #moveFile(head: ObjectHead, to: VirtualPath, target: Entry | undefined): Promise<void> {
    if (target?.kind === 'directory') throw new FileError('IS_A_DIRECTORY');
    const { store, keys, signal } = this.#view;
    const toKey = keys.file(to);
    if (target === undefined) {
      await whereFree((condition) => store.copy(head, toKey, undefined, condition, signal));
    } else {
      await store.copy(head, toKey, undefined, {}, signal);
    }
    await store.remove(head.key, signal);
  }
}
