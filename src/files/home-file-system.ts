/** The tree that a session sees: every path is routed to the storage that it belongs to, or to none. */

import { FileError, type FileErrorCode } from './error.ts';
import type {
  AttributeChanges,
  DirectoryReader,
  FileAttributes,
  FileHandle,
  FileSystem,
  HardLinkCapability,
  LinkCapability,
  OpenMode,
  ReplaceCapability,
  SpaceCapability,
  SpaceReport,
} from './file-system.ts';
import { SYNTHETIC_DIRECTORY } from './home-attributes.ts';
import { HomeDirectoryReader } from './home-directory.ts';
import type { HomeMount } from './home-mount.ts';
import { spaceBelow } from './home-space.ts';
import type { HomePlace, HomeTree, MountedPlace } from './home-tree.ts';
import { parentPath, ROOT, type VirtualPath, virtualPath } from './virtual-path.ts';

/** What every storage of the home can do; the rest is not offered. */
export interface HomeCapabilities {
  readonly links: boolean;
  readonly hardLinks: boolean;
  readonly replacing: boolean;
  readonly spaceReporting: boolean;
}

/** A path of the home as a path of one storage. */
interface StoredPath {
  readonly files: FileSystem;
  readonly path: VirtualPath;
}

interface StoredPair {
  readonly files: FileSystem;
  readonly from: VirtualPath;
  readonly to: VirtualPath;
}

export class HomeFileSystem implements FileSystem {
  readonly #tree: HomeTree<HomeMount>;

  readonly links?: LinkCapability;
  readonly hardLinks?: HardLinkCapability;
  readonly replacing?: ReplaceCapability;
  readonly spaceReporting?: SpaceCapability;

  constructor(tree: HomeTree<HomeMount>, capabilities: HomeCapabilities) {
    this.#tree = tree;
    if (capabilities.links) {
      this.links = {
        readLink: (path) => this.#readLink(path),
        symlink: (target, path) => this.#symlink(target, path),
      };
    }
    if (capabilities.hardLinks) this.hardLinks = { link: (existing, path) => this.#link(existing, path) };
    if (capabilities.replacing) this.replacing = { replace: (from, to) => this.#replace(from, to) };
    if (capabilities.spaceReporting) this.spaceReporting = { space: (path) => this.#space(path) };
  }

  /** Makes the directory where its storage makes homes. @throws FileError */
  async prepare(directory: VirtualPath): Promise<void> {
    const place = this.#tree.place(directory);
    if (place.kind === 'mounted') await place.mount.prepare(place.path);
  }

  async stat(path: VirtualPath, options: { readonly followLinks: boolean }): Promise<FileAttributes> {
    const place = this.#place(path);
    if (place.kind === 'synthetic') return SYNTHETIC_DIRECTORY;
    const files = await place.mount.files();
    return files.stat(place.path, options);
  }

  async setAttributes(
    path: VirtualPath,
    changes: AttributeChanges,
    options: { readonly followLinks: boolean },
  ): Promise<void> {
    const stored = await this.#stored(path, 'PERMISSION_DENIED');
    await stored.files.setAttributes(stored.path, changes, options);
  }

  async open(path: VirtualPath, mode: OpenMode, initial: AttributeChanges): Promise<FileHandle> {
    const stored = await this.#stored(path, 'IS_A_DIRECTORY');
    return stored.files.open(stored.path, mode, initial);
  }

  async list(path: VirtualPath): Promise<DirectoryReader> {
    const place = this.#place(path);
    if (place.kind === 'synthetic') return new HomeDirectoryReader(place.children());
    if (place.mount.type === 'FILE') throw new FileError('NOT_A_DIRECTORY');
    const files = await place.mount.files();
    return files.list(place.path);
  }

  async makeDirectory(path: VirtualPath, initial: AttributeChanges): Promise<void> {
    const stored = await this.#stored(path, 'ALREADY_EXISTS');
    await stored.files.makeDirectory(stored.path, initial);
  }

  async removeDirectory(path: VirtualPath): Promise<void> {
    const stored = await this.#storedInside(path);
    await stored.files.removeDirectory(stored.path);
  }

  async remove(path: VirtualPath): Promise<void> {
    const stored = await this.#storedInside(path);
    await stored.files.remove(stored.path);
  }

  async rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    const pair = await this.#pair(from, to);
    await pair.files.rename(pair.from, pair.to);
  }

  async #replace(from: VirtualPath, to: VirtualPath): Promise<void> {
    const pair = await this.#pair(from, to);
    await offered(pair.files.replacing).replace(pair.from, pair.to);
  }

  async #link(existing: VirtualPath, path: VirtualPath): Promise<void> {
    const pair = await this.#pair(existing, path);
    await offered(pair.files.hardLinks).link(pair.from, pair.to);
  }

  async #readLink(path: VirtualPath): Promise<string> {
    const stored = await this.#stored(path, 'INVALID_ARGUMENT');
    return offered(stored.files.links).readLink(stored.path);
  }

  /** An absolute target is a path of the home; the storage is given its own name for it. */
  async #symlink(target: string, path: VirtualPath): Promise<void> {
    const link = this.#inside(path);
    const resolved = this.#place(virtualPath(target, parentPath(path)));
    if (resolved.kind === 'synthetic' || resolved.mount !== link.mount) throw new FileError('CROSS_STORAGE');
    const files = await link.mount.files();
    await offered(files.links).symlink(target.startsWith('/') ? resolved.path : target, link.path);
  }

  async #space(path: VirtualPath): Promise<SpaceReport> {
    const place = this.#place(path);
    if (place.kind === 'synthetic') return spaceBelow(place);
    const files = await place.mount.files();
    return offered(files.spaceReporting).space(place.path);
  }

  /** @throws FileError NOT_FOUND */
  #place(path: VirtualPath): Exclude<HomePlace<HomeMount>, { kind: 'nowhere' }> {
    const place = this.#tree.place(path);
    if (place.kind === 'nowhere') throw new FileError('NOT_FOUND');
    return place;
  }

  /** @throws FileError NOT_FOUND, and `syntheticCode` for a directory that no storage holds */
  async #stored(path: VirtualPath, syntheticCode: FileErrorCode): Promise<StoredPath> {
    const place = this.#place(path);
    if (place.kind === 'synthetic') throw new FileError(syntheticCode);
    return { files: await place.mount.files(), path: place.path };
  }

  /** For operations that move or remove a name: what the home is made of stays. @throws FileError */
  #inside(path: VirtualPath): MountedPlace<HomeMount> {
    const place = this.#place(path);
    if (place.kind === 'synthetic' || place.path === ROOT) throw new FileError('PERMISSION_DENIED');
    return place;
  }

  async #storedInside(path: VirtualPath): Promise<StoredPath> {
    const place = this.#inside(path);
    return { files: await place.mount.files(), path: place.path };
  }

  /** Two mappings are two trees even on one storage: a move between them could not be held inside both. */
  async #pair(from: VirtualPath, to: VirtualPath): Promise<StoredPair> {
    const source = this.#inside(from);
    const target = this.#inside(to);
    if (source.mount !== target.mount) throw new FileError('CROSS_STORAGE');
    return { files: await source.mount.files(), from: source.path, to: target.path };
  }
}

function offered<T>(capability: T | undefined): T {
  if (capability === undefined) throw new FileError('NOT_SUPPORTED');
  return capability;
}
