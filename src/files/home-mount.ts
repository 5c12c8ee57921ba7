/** One storage directory or file where a home shows it. */

import { type FileErrorCode, toFileError } from './error.ts';
import type { FileAttributes, FileSystem, SpaceReport } from './file-system.ts';
import type { Storage, StorageSession } from './storage.ts';
import { parentPath, pathSegments, ROOT, type VirtualPath, virtualPath } from './virtual-path.ts';

/** Shown for synthetic directories and targets that are missing: a time that never changes, for tools that compare. */
const FIXED_TIME_MS = Date.UTC(2000, 0, 1);

const MAKING_MAY_FAIL: ReadonlySet<FileErrorCode> = new Set<FileErrorCode>([
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
]);

export const SYNTHETIC_DIRECTORY: FileAttributes = {
  type: 'directory',
  sizeBytes: 0,
  mode: 0o555,
  uid: 0,
  gid: 0,
  accessedMs: FIXED_TIME_MS,
  modifiedMs: FIXED_TIME_MS,
  linkCount: 1,
};

export interface HomeMountOptions {
  readonly storage: Storage;
  readonly session: StorageSession;
  /** Inside the storage. */
  readonly target: VirtualPath;
  readonly type: 'FILE' | 'DIRECTORY';
}

/** Made at the first use: a home may have thousands of mappings of which a session uses two. */
export class HomeMount {
  readonly type: 'FILE' | 'DIRECTORY';
  readonly #storage: Storage;
  readonly #session: StorageSession;
  readonly #target: VirtualPath;
  #files: Promise<FileSystem> | undefined;

  constructor({ storage, session, target, type }: HomeMountOptions) {
    this.type = type;
    this.#storage = storage;
    this.#session = session;
    this.#target = target;
  }

  get storage(): Storage {
    return this.#storage;
  }

  /** The space of the whole storage; undefined where it does not tell. Makes nothing. @throws FileError */
  async storageSpace(): Promise<SpaceReport | undefined> {
    return this.#storage.attach(this.#session).spaceReporting?.space(ROOT);
  }

  /** The tree at the target, which is made first where the storage wants that. @throws FileError */
  files(): Promise<FileSystem> {
    this.#files ??= this.#open().catch((error: unknown) => {
      this.#files = undefined;
      throw toFileError(error);
    });
    return this.#files;
  }

  /** Makes a directory below the target where the storage makes homes. @throws FileError */
  async prepare(path: VirtualPath): Promise<void> {
    const files = await this.files();
    if (this.#storage.homes === 'made' && this.type === 'DIRECTORY') await makeDirectories(files, path);
  }

  /** What a listing of the directory above shows; a target that is missing is shown all the same. */
  async attributes(): Promise<FileAttributes> {
    try {
      const files = await this.files();
      return await files.stat(ROOT, { followLinks: true });
    } catch {
      return { ...SYNTHETIC_DIRECTORY, type: this.type === 'FILE' ? 'file' : 'directory' };
    }
  }

  async #open(): Promise<FileSystem> {
    if (this.#storage.homes === 'made') {
      const directory = this.type === 'FILE' ? parentPath(this.#target) : this.#target;
      await makeDirectories(this.#storage.attach(this.#session), directory);
    }
    return this.#storage.attach(this.#session, this.#target);
  }
}

/** Whoever may not make it finds it missing, as in any tree: that is no reason to refuse a login. */
async function makeDirectories(files: FileSystem, path: VirtualPath): Promise<void> {
  if (await exists(files, path)) return;
  let directory: VirtualPath = ROOT;
  for (const name of pathSegments(path)) {
    directory = virtualPath(name, directory);
    await files.makeDirectory(directory, {}).catch((error: unknown) => {
      if (!MAKING_MAY_FAIL.has(toFileError(error).code)) throw error;
    });
  }
}

async function exists(files: FileSystem, path: VirtualPath): Promise<boolean> {
  try {
    await files.stat(path, { followLinks: true });
    return true;
  } catch {
    return false;
  }
}
