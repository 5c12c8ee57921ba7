/** The hidden folder of a bucket in which uploads lie until they are published, and how that is done. */

import { randomUUID } from 'node:crypto';
import { toFileError } from '../../error.ts';
import type { FileHandle, FileSystem, OpenMode } from '../../file-system.ts';
import { type VirtualPath, virtualPath } from '../../virtual-path.ts';
import { withParents } from './parents.ts';
import { STAGING_FOLDER } from './staging-name.ts';

/**
 * Age since the last write at which a staged file is nobody's any more: its process was killed. Other processes may
 * share the folder and have uploads of their own under way, and no session stays that long without a word.
 */
export const STALE_UPLOAD_AGE_MS = 24 * 60 * 60 * 1000;
/** Uploads that are not yet published are nobody's business, not even of other accounts of the host. */
const FOLDER_MODE = 0o700;
const LIST_BATCH_ENTRIES = 256;

const STAGED: OpenMode = {
  read: true,
  write: true,
  append: false,
  create: true,
  truncate: false,
  exclusive: true,
};

/** A file that nobody can see yet. */
export interface StagedFile {
  readonly path: VirtualPath;
  readonly handle: FileHandle;
}

export interface Publication {
  readonly from: VirtualPath;
  readonly to: VirtualPath;
  /** Refuses a target that exists, whoever made it meanwhile. */
  readonly isExclusive: boolean;
}

export class Staging {
  readonly #files: FileSystem;
  readonly #replace: (from: VirtualPath, to: VirtualPath) => Promise<void>;

  /** @param files the bucket from its root, as the storage itself sees it: a session may end before its uploads do */
  constructor(files: FileSystem) {
    const { replacing } = files;
    if (replacing === undefined) throw new TypeError('a bucket needs a file system that can replace files');
    this.#files = files;
    this.#replace = (from, to) => replacing.replace(from, to);
  }

  /** An empty file of the mode that new objects have. @throws FileError */
  async begin(): Promise<StagedFile> {
    const path = virtualPath(randomUUID(), STAGING_FOLDER);
    try {
      return { path, handle: await this.#files.open(path, STAGED, {}) };
    } catch (error) {
      if (toFileError(error).code !== 'NOT_FOUND') throw error;
    }
    await this.#makeFolder();
    return { path, handle: await this.#files.open(path, STAGED, {}) };
  }

  /**
   * Makes a staged file, closed by now, the object: in one step, so that there is never half an object. A symbolic link
   * in its place, which nobody sees, gives way and is not followed.
   *
   * @throws FileError; the staged file is then still there
   */
  publish({ from, to, isExclusive }: Publication): Promise<void> {
    return withParents(this.#files, to, () =>
      isExclusive ? this.#files.rename(from, to) : this.#replace(from, to),
    );
  }

  /** Never rejects: what stays behind is removed when it is stale. */
  async discard(path: VirtualPath): Promise<void> {
    await this.#files.remove(path).catch(() => {});
  }

  /** Ends what was begun and is not wanted any more. Never rejects. */
  async giveUp(beginning: Promise<StagedFile>): Promise<void> {
    try {
      const { path, handle } = await beginning;
      await handle.abort('failed');
      await this.discard(path);
    } catch {
      // Nothing was begun.
    }
  }

  /** Removes what killed processes left. Never rejects: the next start tries again. */
  async removeStale(nowMs: number): Promise<void> {
    try {
      await this.#removeOlderThan(nowMs - STALE_UPLOAD_AGE_MS);
    } catch {
      // Most often there is no such folder yet.
    }
  }

  async #removeOlderThan(limitMs: number): Promise<void> {
    const reader = await this.#files.list(STAGING_FOLDER);
    try {
      for (;;) {
        const entries = await reader.next(LIST_BATCH_ENTRIES);
        if (entries.length === 0) return;
        const stale = entries.filter(({ attributes }) => attributes.modifiedMs < limitMs);
        for (const { name } of stale) await this.discard(virtualPath(name, STAGING_FOLDER));
      }
    } finally {
      await reader.close();
    }
  }

  async #makeFolder(): Promise<void> {
    try {
      await this.#files.makeDirectory(STAGING_FOLDER, { mode: FOLDER_MODE });
    } catch (error) {
      if (toFileError(error).code !== 'ALREADY_EXISTS') throw error;
    }
  }
}
