/** One storage directory or file where a home shows it. */

import { type FileErrorCode, toFileError } from './error.ts';
import type { FileAttributes, FileSystem, SpaceReport } from './file-system.ts';
import { guarded, type SessionGuard } from './guard.ts';
import { rulesFor } from './guard-scope.ts';
import { IMPLIED_DIRECTORY, SYNTHETIC_DIRECTORY } from './home-attributes.ts';
import { ImpliedDirectories } from './home-implied.ts';
import type { Storage, StorageSession } from './storage.ts';
import { isWithin, parentPath, pathSegments, ROOT, type VirtualPath, virtualPath } from './virtual-path.ts';

const MAKING_MAY_FAIL: ReadonlySet<FileErrorCode> = new Set<FileErrorCode>([
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
]);

export interface HomeMountOptions {
  readonly storage: Storage;
  readonly session: StorageSession;
  /** Of the storage, as policies name it. */
  readonly name: string;
  /** Inside the storage. */
  readonly target: VirtualPath;
  readonly type: 'FILE' | 'DIRECTORY';
  /** Absent where no policy limits the session. */
  readonly guard?: SessionGuard;
}

/** The tree at a target, once as it is and once as the session may use it. */
interface OpenedMount {
  readonly bare: FileSystem;
  readonly files: FileSystem;
}

/** Made at the first use: a home may have thousands of mappings of which a session uses two. */
export class HomeMount {
  readonly type: 'FILE' | 'DIRECTORY';
  readonly #options: HomeMountOptions;
  /** Where the session lands, from the target; it is implied with all that is above it. */
  #landing: VirtualPath = ROOT;
  #opened: Promise<OpenedMount> | undefined;

  constructor(options: HomeMountOptions) {
    this.type = options.type;
    this.#options = options;
  }

  get storage(): Storage {
    return this.#options.storage;
  }

  /** The space of the whole storage; undefined where nobody tells this session. Makes nothing. @throws FileError */
  async storageSpace(): Promise<SpaceReport | undefined> {
    const { storage, session, name, target, guard } = this.#options;
    if (guard?.access.allows(rulesFor(guard.scope, name, target).look(ROOT)) === false) return undefined;
    return storage.attach(session).spaceReporting?.space(ROOT);
  }

  /** The tree at the target, which is made first where the storage wants that. @throws FileError */
  async files(): Promise<FileSystem> {
    const { files } = await this.#open();
    return files;
  }

  /**
   * Makes the directory where the session lands, below the target, where the storage makes homes. That is the server's
   * doing, so no policy of the user is asked. @throws FileError
   */
  async prepare(landing: VirtualPath): Promise<void> {
    this.#landing = landing;
    const { bare } = await this.#open();
    if (this.storage.homes === 'made' && this.type === 'DIRECTORY') await makeDirectories(bare, landing);
  }

  /** What a listing of the directory above shows; a target that is missing is shown all the same. */
  async attributes(): Promise<FileAttributes> {
    if (this.#isTypeTrusted) return IMPLIED_DIRECTORY;
    try {
      const files = await this.files();
      return await files.stat(ROOT, { followLinks: true });
    } catch {
      return { ...SYNTHETIC_DIRECTORY, type: this.type === 'FILE' ? 'file' : 'directory' };
    }
  }

  /**
   * With DirectoryListingOptimization the Type of a mapping is taken at its word; without it, a target of Type DIRECTORY
   * that turns out to be a file is shown as one (aws-transfer.md §4.4).
   */
  get #isTypeTrusted(): boolean {
    const { storage, session } = this.#options;
    return (
      storage.homes === 'implied' && session.directoryListing === 'optimized' && this.type === 'DIRECTORY'
    );
  }

  #open(): Promise<OpenedMount> {
    this.#opened ??= this.#attach().catch((error: unknown) => {
      this.#opened = undefined;
      throw toFileError(error);
    });
    return this.#opened;
  }

  async #attach(): Promise<OpenedMount> {
    const { storage, session, name, target, guard } = this.#options;
    if (storage.homes === 'made') {
      const directory = this.type === 'FILE' ? parentPath(target) : target;
      await makeDirectories(storage.attach(session), directory);
    }
    const bare = storage.attach(session, target);
    const shown = this.#withImplied(bare);
    if (guard === undefined) return { bare, files: shown };
    const { signal } = session;
    return { bare, files: guarded(shown, { ...guard, name, base: target, signal }) };
  }

  /** Below the guard, so that what is denied stays denied. */
  #withImplied(files: FileSystem): FileSystem {
    if (this.storage.homes !== 'implied' || this.type === 'FILE') return files;
    return new ImpliedDirectories(files, {
      isImplied: (path) => isWithin(this.#landing, path),
      isTrusted: (path) => path === ROOT && this.#isTypeTrusted,
    });
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
