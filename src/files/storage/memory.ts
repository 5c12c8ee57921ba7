/** A storage in memory, bounded in bytes and gone with the process: for tests and demonstrations. */

import { FileError } from '../error.ts';
import type {
  AttributeChanges,
  DirectoryEntry,
  DirectoryReader,
  FileAttributes,
  FileHandle,
  FileSystem,
  OpenMode,
  SpaceReport,
} from '../file-system.ts';
import type { Storage, StorageSession } from '../storage.ts';
import {
  baseName,
  isWithin,
  MAX_NAME_BYTES,
  parentPath,
  pathSegments,
  ROOT,
  rebase,
  type VirtualPath,
} from '../virtual-path.ts';
import { MemoryBudget, MemoryDirectory, MemoryFile, MemoryFileHandle } from './memory-node.ts';

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const BLOCK_BYTES = 4096;

export interface MemoryStorageOptions {
  /** Most bytes that all files together may hold; default 64 MiB. */
  readonly maxBytes?: number;
}

export class MemoryStorage implements Storage {
  readonly homes = 'made';
  readonly #tree = new MemoryDirectory();
  readonly #budget: MemoryBudget;

  constructor(options: MemoryStorageOptions = {}) {
    this.#budget = new MemoryBudget(options.maxBytes ?? DEFAULT_MAX_BYTES);
  }

  async open(): Promise<void> {}

  attach(_session: StorageSession, root: VirtualPath = ROOT): FileSystem {
    return new MemoryFileSystem(this.#tree, this.#budget, root);
  }

  async close(): Promise<void> {}
}

type Node = MemoryFile | MemoryDirectory;

class MemoryFileSystem implements FileSystem {
  readonly #tree: MemoryDirectory;
  readonly #budget: MemoryBudget;
  readonly #root: VirtualPath;

  readonly replacing = { replace: (from: VirtualPath, to: VirtualPath) => this.#move(from, to, true) };
  readonly spaceReporting = { space: (path: VirtualPath) => this.#space(path) };

  constructor(tree: MemoryDirectory, budget: MemoryBudget, root: VirtualPath) {
    this.#tree = tree;
    this.#budget = budget;
    this.#root = root;
  }

  async stat(path: VirtualPath): Promise<FileAttributes> {
    return this.#existing(path).attributes();
  }

  async setAttributes(path: VirtualPath, changes: AttributeChanges): Promise<void> {
    this.#existing(path).setAttributes(changes);
  }

  async open(path: VirtualPath, mode: OpenMode, initial: AttributeChanges): Promise<FileHandle> {
    const found = this.#find(path);
    if (found === undefined) return new MemoryFileHandle(this.#create(path, mode, initial), mode);
    if (mode.create && mode.exclusive) throw new FileError('ALREADY_EXISTS');
    if (found instanceof MemoryDirectory) throw new FileError('IS_A_DIRECTORY');
    if (mode.truncate && mode.write) found.resize(0);
    return new MemoryFileHandle(found, mode);
  }

  async list(path: VirtualPath): Promise<DirectoryReader> {
    const found = this.#existing(path);
    if (!(found instanceof MemoryDirectory)) throw new FileError('NOT_A_DIRECTORY');
    const entries = [...found.entries].map(([name, node]) => ({ name, attributes: node.attributes() }));
    return new MemoryDirectoryReader(entries);
  }

  async makeDirectory(path: VirtualPath, initial: AttributeChanges): Promise<void> {
    if (this.#find(path) !== undefined) throw new FileError('ALREADY_EXISTS');
    this.#holder(path).entries.set(this.#name(path), new MemoryDirectory(initial));
  }

  async removeDirectory(path: VirtualPath): Promise<void> {
    const found = this.#movable(path);
    if (!(found instanceof MemoryDirectory)) throw new FileError('NOT_A_DIRECTORY');
    if (found.entries.size > 0) throw new FileError('NOT_EMPTY');
    this.#holder(path).entries.delete(this.#name(path));
  }

  async remove(path: VirtualPath): Promise<void> {
    const found = this.#movable(path);
    if (found instanceof MemoryDirectory) throw new FileError('IS_A_DIRECTORY');
    this.#holder(path).entries.delete(this.#name(path));
    found.removed();
  }

  rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    return this.#move(from, to, false);
  }

  async #move(from: VirtualPath, to: VirtualPath, replaces: boolean): Promise<void> {
    const moved = this.#movable(from);
    if (to === ROOT) throw new FileError('PERMISSION_DENIED');
    if (from === to) return;
    if (isWithin(to, from)) throw new FileError('INVALID_ARGUMENT');
    const existing = this.#find(to);
    if (existing !== undefined) {
      if (!replaces) throw new FileError('ALREADY_EXISTS');
      checkReplaceable(moved, existing);
    }
    const target = this.#holder(to);
    this.#holder(from).entries.delete(this.#name(from));
    target.entries.set(this.#name(to), moved);
    if (existing instanceof MemoryFile) existing.removed();
  }

  async #space(path: VirtualPath): Promise<SpaceReport> {
    this.#existing(path);
    const freeBlocks = BigInt(Math.floor(this.#budget.availableBytes / BLOCK_BYTES));
    return {
      blockBytes: BLOCK_BYTES,
      fragmentBytes: BLOCK_BYTES,
      blocks: BigInt(Math.floor(this.#budget.maxBytes / BLOCK_BYTES)),
      freeBlocks,
      availableBlocks: freeBlocks,
      files: 0n,
      freeFiles: 0n,
      readOnly: false,
      maxNameBytes: MAX_NAME_BYTES,
    };
  }

  #create(path: VirtualPath, mode: OpenMode, initial: AttributeChanges): MemoryFile {
    if (!mode.create) throw new FileError('NOT_FOUND');
    const file = new MemoryFile(this.#budget, initial);
    this.#holder(path).entries.set(this.#name(path), file);
    return file;
  }

  #movable(path: VirtualPath): Node {
    if (path === ROOT) throw new FileError('PERMISSION_DENIED');
    return this.#existing(path);
  }

  #existing(path: VirtualPath): Node {
    const found = this.#find(path);
    if (found === undefined) throw new FileError('NOT_FOUND');
    return found;
  }

  #find(path: VirtualPath): Node | undefined {
    let node: Node = this.#tree;
    for (const name of pathSegments(rebase(path, ROOT, this.#root))) {
      if (!(node instanceof MemoryDirectory)) throw new FileError('NOT_A_DIRECTORY');
      const next = node.entries.get(name);
      if (next === undefined) return undefined;
      node = next;
    }
    return node;
  }

  /** The directory that holds `path`, which may be above the view when `path` is its root. */
  #holder(path: VirtualPath): MemoryDirectory {
    let node: Node | undefined = this.#tree;
    for (const name of pathSegments(parentPath(rebase(path, ROOT, this.#root)))) {
      if (!(node instanceof MemoryDirectory)) throw new FileError('NOT_A_DIRECTORY');
      node = node.entries.get(name);
      if (node === undefined) throw new FileError('NOT_FOUND');
    }
    if (!(node instanceof MemoryDirectory)) throw new FileError('NOT_A_DIRECTORY');
    return node;
  }

  #name(path: VirtualPath): string {
    return baseName(rebase(path, ROOT, this.#root));
  }
}

function checkReplaceable(moved: Node, existing: Node): void {
  if (!(existing instanceof MemoryDirectory)) {
    if (moved instanceof MemoryDirectory) throw new FileError('NOT_A_DIRECTORY');
    return;
  }
  if (!(moved instanceof MemoryDirectory)) throw new FileError('IS_A_DIRECTORY');
  if (existing.entries.size > 0) throw new FileError('NOT_EMPTY');
}

class MemoryDirectoryReader implements DirectoryReader {
  readonly #entries: readonly DirectoryEntry[];
  #next = 0;

  constructor(entries: readonly DirectoryEntry[]) {
    this.#entries = entries;
  }

  async next(maxEntries: number): Promise<readonly DirectoryEntry[]> {
    const batch = this.#entries.slice(this.#next, this.#next + maxEntries);
    this.#next += batch.length;
    return batch;
  }

  async close(): Promise<void> {}
}
