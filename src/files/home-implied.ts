/** Directories of a home that are there without existing, as a prefix of S3 is before anything is stored below it. */

import { FileError } from './error.ts';
import type {
  AttributeChanges,
  DirectoryEntry,
  DirectoryReader,
  FileAttributes,
  FileHandle,
  FileSystem,
  HardLinkCapability,
  LinkCapability,
  MoveCheck,
  OpenMode,
  ReplaceCapability,
  SpaceCapability,
} from './file-system.ts';
import { IMPLIED_DIRECTORY } from './home-attributes.ts';
import type { VirtualPath } from './virtual-path.ts';

export interface ImpliedOptions {
  /** Whether the path is one of them. */
  readonly isImplied: (path: VirtualPath) => boolean;
  /** Answer for them without asking the storage, whatever is there. */
  readonly isTrusted: (path: VirtualPath) => boolean;
}

/** Only looking and listing know of it: everything else is up to the storage. */
export class ImpliedDirectories implements FileSystem {
  readonly #files: FileSystem;
  readonly #options: ImpliedOptions;

  readonly links?: LinkCapability;
  readonly hardLinks?: HardLinkCapability;
  readonly replacing?: ReplaceCapability;
  readonly spaceReporting?: SpaceCapability;

  constructor(files: FileSystem, options: ImpliedOptions) {
    this.#files = files;
    this.#options = options;
    const { links, hardLinks, replacing, spaceReporting } = files;
    if (links !== undefined) this.links = links;
    if (hardLinks !== undefined) this.hardLinks = hardLinks;
    if (replacing !== undefined) this.replacing = replacing;
    if (spaceReporting !== undefined) this.spaceReporting = spaceReporting;
  }

  async stat(path: VirtualPath, options: { readonly followLinks: boolean }): Promise<FileAttributes> {
    if (this.#options.isTrusted(path)) return IMPLIED_DIRECTORY;
    return this.#orImplied(path, this.#files.stat(path, options), IMPLIED_DIRECTORY);
  }

  /** A storage may notice only at the first entries that there are none. */
  async list(path: VirtualPath): Promise<DirectoryReader> {
    const reader = await this.#orImplied(path, this.#files.list(path), NO_ENTRIES);
    if (!this.#options.isImplied(path)) return reader;
    return {
      next: (maxEntries) => this.#orImplied<readonly DirectoryEntry[]>(path, reader.next(maxEntries), []),
      close: () => reader.close(),
    };
  }

  setAttributes(
    path: VirtualPath,
    changes: AttributeChanges,
    options: { readonly followLinks: boolean },
  ): Promise<void> {
    return this.#files.setAttributes(path, changes, options);
  }

  /** A file is never made in the place of a directory that is there without existing. */
  async open(path: VirtualPath, mode: OpenMode, initial: AttributeChanges): Promise<FileHandle> {
    if (mode.create && this.#options.isImplied(path)) {
      const { type } = await this.stat(path, { followLinks: true });
      if (type === 'directory') throw new FileError('IS_A_DIRECTORY');
    }
    return this.#files.open(path, mode, initial);
  }

  makeDirectory(path: VirtualPath, initial: AttributeChanges): Promise<void> {
    return this.#files.makeDirectory(path, initial);
  }

  removeDirectory(path: VirtualPath): Promise<void> {
    return this.#files.removeDirectory(path);
  }

  remove(path: VirtualPath): Promise<void> {
    return this.#files.remove(path);
  }

  rename(from: VirtualPath, to: VirtualPath, mayMove?: MoveCheck): Promise<void> {
    return this.#files.rename(from, to, mayMove);
  }

  async #orImplied<T>(path: VirtualPath, answer: Promise<T>, implied: T): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      const isMissing = error instanceof FileError && error.code === 'NOT_FOUND';
      if (isMissing && this.#options.isImplied(path)) return implied;
      throw error;
    }
  }
}

const NO_ENTRIES: DirectoryReader = { next: async () => [], close: async () => undefined };
