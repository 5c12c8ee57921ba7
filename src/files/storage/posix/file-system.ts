/** A host directory tree as one session sees it. */

import fs, { type Stats } from 'node:fs';
import {
  access,
  chmod,
  chown,
  lchown,
  lstat,
  lutimes,
  mkdir,
  opendir,
  rename,
  rmdir,
  statfs,
  truncate,
  unlink,
  utimes,
} from 'node:fs/promises';
import type { BlockPool } from '../../block-pool.ts';
import { FileError, toFileError } from '../../error.ts';
import type {
  AttributeChanges,
  DirectoryReader,
  FileAttributes,
  FileHandle,
  FileSystem,
  HardLinkCapability,
  LinkCapability,
  OpenMode,
  SpaceReport,
} from '../../file-system.ts';
import { isWithin, MAX_NAME_BYTES, ROOT, type VirtualPath } from '../../virtual-path.ts';
import {
  type AttributeCalls,
  applyChanges,
  applyWithoutMode,
  checkRegularFile,
  NOT_REGULAR,
  toAttributes,
} from './attributes.ts';
import { close, errnoOf, fchmod, fchown, fstat, ftruncate, futimes, open } from './calls.ts';
import { PosixDirectoryReader } from './directory-reader.ts';
import { PosixFileHandle } from './file-handle.ts';
import { PosixLinks } from './links.ts';
import { newDirectoryMode, newFileMode, openFlags } from './open-flags.ts';
import type { PinnedEntry } from './pinning.ts';
import { renameToFree } from './rename.ts';
import type { PosixView } from './view.ts';
import type { Walk } from './walk.ts';

/** Entries the system is asked for at a time. */
const LIST_BATCH_ENTRIES = 128;

const { O_CREAT, O_NOFOLLOW } = fs.constants;

export interface PosixFileSystemOptions {
  readonly view: PosixView;
  readonly blocks: BlockPool;
  readonly mayChangeModes: boolean;
  readonly onUnreadableNames: (count: number) => void;
}

export class PosixFileSystem implements FileSystem {
  readonly #view: PosixView;
  readonly #blocks: BlockPool;
  readonly #mayChangeModes: boolean;
  readonly #onUnreadableNames: (count: number) => void;

  readonly links?: LinkCapability;
  readonly hardLinks?: HardLinkCapability;
  readonly replacing = { replace: (from: VirtualPath, to: VirtualPath) => this.#replace(from, to) };
  readonly spaceReporting = { space: (path: VirtualPath) => this.#space(path) };

  constructor({ view, blocks, mayChangeModes, onUnreadableNames }: PosixFileSystemOptions) {
    this.#view = view;
    this.#blocks = blocks;
    this.#mayChangeModes = mayChangeModes;
    this.#onUnreadableNames = onUnreadableNames;
    if (!view.followsLinks) return;
    const links = new PosixLinks(view);
    this.links = links;
    this.hardLinks = links;
  }

  stat(path: VirtualPath, options: { readonly followLinks: boolean }): Promise<FileAttributes> {
    const showsLink = !options.followLinks && this.#view.showsLink(path);
    return this.#view.at(path, async (walk) => {
      for (;;) {
        const stats = await lstat(walk.entryPath);
        if (!stats.isSymbolicLink() || showsLink) return toAttributes(stats);
        await walk.followLast();
      }
    });
  }

  setAttributes(
    path: VirtualPath,
    changes: AttributeChanges,
    options: { readonly followLinks: boolean },
  ): Promise<void> {
    const showsLink = !options.followLinks && this.#view.showsLink(path);
    return this.#view.at(path, (walk) =>
      this.#pinned(walk, { showsLink }, (entry) => {
        const isLink = entry.stats.isSymbolicLink();
        return this.#change(changes, isLink ? linkCalls(walk.entryPath) : entryCalls(entry));
      }),
    );
  }

  open(path: VirtualPath, mode: OpenMode, initial: AttributeChanges): Promise<FileHandle> {
    const flags = openFlags(mode) | O_NOFOLLOW;
    return this.#view.at(path, async (walk) => {
      const descriptor = await openEntry(walk, flags, newFileMode(initial));
      try {
        checkRegularFile(await fstat(descriptor));
        if ((flags & O_CREAT) !== 0) await this.#view.sync(walk);
      } catch (error) {
        await close(descriptor);
        throw error;
      }
      return new PosixFileHandle({
        descriptor,
        mode,
        blocks: this.#blocks,
        isDurable: this.#view.isDurable,
        changeAttributes: (changes) => this.#change(changes, descriptorCalls(descriptor)),
      });
    });
  }

  async list(path: VirtualPath): Promise<DirectoryReader> {
    const { walk, release } = await this.#view.begin(path);
    try {
      await walk.enterLast();
      const hostPath = walk.directoryPath;
      const directory = await opendir(hostPath, { encoding: 'latin1', bufferSize: LIST_BATCH_ENTRIES });
      return new PosixDirectoryReader({
        directory,
        hostPath,
        showsLinks: this.#view.followsLinks,
        onUnreadableName: () => this.#onUnreadableNames(1),
        release,
      });
    } catch (error) {
      release();
      throw toFileError(error);
    }
  }

  makeDirectory(path: VirtualPath, initial: AttributeChanges): Promise<void> {
    return this.#view.at(path, async (walk) => {
      await mkdir(walk.entryPath, newDirectoryMode(initial));
      await this.#view.sync(walk);
    });
  }

  async removeDirectory(path: VirtualPath): Promise<void> {
    checkNotRoot(path);
    await this.#view.at(path, async (walk) => {
      await this.#look(walk);
      await rmdir(walk.entryPath);
      await this.#view.sync(walk);
    });
  }

  async remove(path: VirtualPath): Promise<void> {
    checkNotRoot(path);
    await this.#view.at(path, async (walk) => {
      const stats = await this.#look(walk);
      if (stats.isDirectory()) throw new FileError('IS_A_DIRECTORY');
      await unlink(walk.entryPath);
      await this.#view.sync(walk);
    });
  }

  rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    return this.#move(from, to, async (source, target, stats) => {
      await renameToFree(source.entryPath, target.entryPath, stats);
    });
  }

  #replace(from: VirtualPath, to: VirtualPath): Promise<void> {
    return this.#move(from, to, (source, target) => rename(source.entryPath, target.entryPath));
  }

  async #move(
    from: VirtualPath,
    to: VirtualPath,
    action: (source: Walk, target: Walk, stats: Stats) => Promise<void>,
  ): Promise<void> {
    checkNotRoot(from);
    checkNotRoot(to);
    await this.#view.at(from, async (source) => {
      const stats = await this.#look(source);
      if (from === to) return;
      if (isWithin(to, from)) throw new FileError('INVALID_ARGUMENT');
      await this.#view.at(to, async (target) => {
        await action(source, target, stats);
        await this.#view.sync(target);
        await this.#view.sync(source);
      });
    });
  }

  #space(path: VirtualPath): Promise<SpaceReport> {
    return this.#view.at(path, (walk) =>
      this.#pinned(walk, { showsLink: false }, async (entry) => {
        const report = await statfs(entry.path, { bigint: true });
        return {
          blockBytes: Number(report.bsize),
          fragmentBytes: Number(report.bsize),
          blocks: report.blocks,
          freeBlocks: report.bfree,
          availableBlocks: report.bavail,
          files: report.files,
          freeFiles: report.ffree,
          readOnly: await isReadOnly(entry.path),
          maxNameBytes: MAX_NAME_BYTES,
          fileSystemId: BigInt(entry.stats.dev),
        };
      }),
    );
  }

  #change(changes: AttributeChanges, calls: AttributeCalls<Promise<void>>): Promise<void> {
    if (this.#mayChangeModes) return applyChanges(changes, calls);
    return applyWithoutMode(changes, (permitted) => applyChanges(permitted, calls));
  }

  /** The entry itself, unless it is a link that the session must not see. @throws FileError NOT_FOUND */
  async #look(walk: Walk): Promise<Stats> {
    const stats = await lstat(walk.entryPath);
    if (stats.isSymbolicLink() && !this.#view.followsLinks) throw new FileError('NOT_FOUND');
    return stats;
  }

  /** Holds the entry while `action` uses it, so that what was looked at is what is changed. */
  async #pinned<T>(
    walk: Walk,
    { showsLink }: { readonly showsLink: boolean },
    action: (entry: PinnedEntry) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const entry = await this.#view.pinning.entry(walk.entryPath);
      try {
        if (!entry.stats.isSymbolicLink() || showsLink) return await action(entry);
      } finally {
        entry.release();
      }
      await walk.followLast();
    }
  }
}

/** `statfs` of Node does not say it; asking for the right to write does. */
async function isReadOnly(hostPath: string): Promise<boolean> {
  try {
    await access(hostPath, fs.constants.W_OK);
    return false;
  } catch (error) {
    return errnoOf(error) === 'EROFS';
  }
}

function checkNotRoot(path: VirtualPath): void {
  if (path === ROOT) throw new FileError('PERMISSION_DENIED');
}

async function openEntry(walk: Walk, flags: number, permissions: number): Promise<number> {
  for (;;) {
    try {
      return await open(walk.entryPath, flags, permissions);
    } catch (error) {
      const errno = errnoOf(error);
      // A FIFO that nobody reads, or a socket.
      if (errno === 'ENXIO') throw new FileError('PERMISSION_DENIED', NOT_REGULAR);
      if (errno !== 'ELOOP') throw error;
    }
    await walk.followLast();
  }
}

function descriptorCalls(descriptor: number): AttributeCalls<Promise<void>> {
  return {
    resize: (sizeBytes) => ftruncate(descriptor, sizeBytes),
    chmod: (mode) => fchmod(descriptor, mode),
    utimes: (accessedSeconds, modifiedSeconds) => futimes(descriptor, accessedSeconds, modifiedSeconds),
    chown: (uid, gid) => fchown(descriptor, uid, gid),
  };
}

function entryCalls({ path, stats }: PinnedEntry): AttributeCalls<Promise<void>> {
  return {
    async resize(sizeBytes) {
      checkRegularFile(stats);
      await truncate(path, sizeBytes);
    },
    chmod: (mode) => chmod(path, mode),
    utimes: (accessedSeconds, modifiedSeconds) => utimes(path, accessedSeconds, modifiedSeconds),
    chown: (uid, gid) => chown(path, uid, gid),
  };
}

/** A link has no size and, on Linux, no permissions of its own. */
function linkCalls(entryPath: string): AttributeCalls<Promise<void>> {
  const refuse = async (): Promise<never> => {
    throw new FileError('NOT_SUPPORTED');
  };
  return {
    resize: refuse,
    chmod: refuse,
    utimes: (accessedSeconds, modifiedSeconds) => lutimes(entryPath, accessedSeconds, modifiedSeconds),
    chown: (uid, gid) => lchown(entryPath, uid, gid),
  };
}
