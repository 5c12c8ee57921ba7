/** A host directory tree as one session sees it, by system calls made as the session's own user. */

import type { BlockPool } from '../../../block-pool.ts';
import { FileError } from '../../../error.ts';
import type {
  AttributeChanges,
  DirectoryReader,
  FileAttributes,
  FileHandle,
  FileSystem,
  HardLinkCapability,
  LinkCapability,
  OpenMode,
} from '../../../file-system.ts';
import type { PosixProfile } from '../../../storage.ts';
import { ROOT, type VirtualPath } from '../../../virtual-path.ts';
import { applyWithoutMode } from '../attributes.ts';
import { close } from '../calls.ts';
import type { CopyPiece } from '../copy-inside.ts';
import { PosixFileHandle } from '../file-handle.ts';
import { checkStaysInside, storedTarget } from '../links.ts';
import { newDirectoryMode, newFileMode, openFlags } from '../open-flags.ts';
import type { PromptBudget } from '../prompt-budget.ts';
import { type CallsNow, type DescriptorCalls, SmallFileCalls, THREAD_CALLS } from '../small-file-calls.ts';
import { CALLS_IN_MEMORY } from './calls-now.ts';
import { NativeDirectoryReader } from './directory-reader.ts';
import { decodeAttributes, decodeSpace, numberAt } from './encoding.ts';
import { NEARNESS } from './nearness.ts';
import type { Operation, Place, Result } from './protocol.ts';
import type { ThreadPool } from './thread-pool.ts';

export interface NativeFileSystemOptions {
  readonly threads: ThreadPool;
  /** Whom to act as; the process itself when absent. */
  readonly profile: PosixProfile | undefined;
  /** Where the view begins, below the storage's root. */
  readonly base: VirtualPath;
  readonly followsLinks: boolean;
  readonly mayChangeModes: boolean;
  readonly isDurable: boolean;
  readonly signal: AbortSignal;
  readonly blocks: BlockPool;
  readonly budget: PromptBudget;
  /** For files on a local disk. */
  readonly diskCalls: CallsNow;
  readonly onUnreadableNames: (count: number) => void;
}

export class NativeFileSystem implements FileSystem {
  readonly #options: NativeFileSystemOptions;

  readonly links?: LinkCapability;
  readonly hardLinks?: HardLinkCapability;
  readonly replacing = {
    replace: (from: VirtualPath, to: VirtualPath) => this.#move(from, to, { replaces: true }),
  };
  readonly spaceReporting = {
    space: (path: VirtualPath) =>
      this.#call({ kind: 'space', place: this.#place(path) }, ({ numbers }) => decodeSpace(numbers)),
  };

  constructor(options: NativeFileSystemOptions) {
    this.#options = options;
    if (!options.followsLinks) return;
    this.links = {
      readLink: (path) => this.#readLink(path),
      symlink: (target, path) => this.#symlink(target, path),
    };
    this.hardLinks = { link: (existing, path) => this.#link(existing, path) };
  }

  stat(path: VirtualPath, options: { readonly followLinks: boolean }): Promise<FileAttributes> {
    const showsLink = this.#showsLink(path, options);
    return this.#call({ kind: 'stat', place: this.#place(path), showsLink }, ({ numbers }) =>
      decodeAttributes(numbers),
    );
  }

  setAttributes(
    path: VirtualPath,
    changes: AttributeChanges,
    options: { readonly followLinks: boolean },
  ): Promise<void> {
    const place = this.#place(path);
    const showsLink = this.#showsLink(path, options);
    return this.#permitted(changes, (permitted) =>
      this.#call({ kind: 'change', place, showsLink, changes: permitted }, ignore),
    );
  }

  async open(path: VirtualPath, mode: OpenMode, initial: AttributeChanges): Promise<FileHandle> {
    const { isDurable, blocks } = this.#options;
    const file = await this.#opened(openedFile, {
      kind: 'open',
      place: this.#place(path),
      flags: openFlags(mode),
      mode: newFileMode(initial),
      isDurable,
    });
    const { descriptor } = file;
    return new PosixFileHandle({
      descriptor,
      calls: this.#callsOn(file),
      mode,
      blocks,
      isDurable,
      changeAttributes: (changes) =>
        this.#permitted(changes, (permitted) => this.#changeOpen(descriptor, permitted)),
      copyPiece: (piece) => this.#copyPiece(piece),
    });
  }

  async list(path: VirtualPath): Promise<DirectoryReader> {
    const { threads, profile, followsLinks, onUnreadableNames } = this.#options;
    const descriptor = await this.#opened(descriptorOf, { kind: 'list', place: this.#place(path) });
    return new NativeDirectoryReader({
      threads,
      profile,
      descriptor,
      showsLinks: followsLinks,
      onUnreadableNames,
    });
  }

  makeDirectory(path: VirtualPath, initial: AttributeChanges): Promise<void> {
    const { isDurable } = this.#options;
    const mode = newDirectoryMode(initial);
    return this.#call({ kind: 'makeDirectory', place: this.#place(path), mode, isDurable }, ignore);
  }

  removeDirectory(path: VirtualPath): Promise<void> {
    return this.#remove(path, { isDirectory: true });
  }

  remove(path: VirtualPath): Promise<void> {
    return this.#remove(path, { isDirectory: false });
  }

  rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    return this.#move(from, to, { replaces: false });
  }

  async #remove(path: VirtualPath, { isDirectory }: { readonly isDirectory: boolean }): Promise<void> {
    checkNotRoot(path);
    const { isDurable } = this.#options;
    await this.#call({ kind: 'remove', place: this.#place(path), isDirectory, isDurable }, ignore);
  }

  async #move(
    from: VirtualPath,
    to: VirtualPath,
    { replaces }: { readonly replaces: boolean },
  ): Promise<void> {
    checkNotRoot(from);
    checkNotRoot(to);
    const { isDurable } = this.#options;
    const places = { from: this.#place(from), to: this.#place(to) };
    await this.#call({ kind: 'rename', ...places, replaces, isDurable }, ignore);
  }

  #link(existing: VirtualPath, path: VirtualPath): Promise<void> {
    const { isDurable } = this.#options;
    const places = { from: this.#place(existing), to: this.#place(path) };
    return this.#call({ kind: 'link', ...places, isDurable }, ignore);
  }

  async #symlink(target: string, path: VirtualPath): Promise<void> {
    const { isDurable } = this.#options;
    const place = this.#place(path);
    await this.#call({ kind: 'symlink', target: storedTarget(target, path), place, isDurable }, ignore);
  }

  /** The target as it is stored; one that leads out is as absent as what it points to. */
  async #readLink(path: VirtualPath): Promise<string> {
    if (path === ROOT) throw new FileError('NOT_FOUND');
    const target = await this.#call({ kind: 'readLink', place: this.#place(path) }, ({ text }) => text);
    checkStaysInside(target, path);
    return target;
  }

  /** What is near and small is not worth the wait for a thread. Whose rights count was settled when it was opened. */
  #callsOn({ nearness, sizeBytes }: OpenedFile): DescriptorCalls {
    const { budget, diskCalls } = this.#options;
    if (nearness === NEARNESS.MEMORY) return new SmallFileCalls({ sizeBytes, budget, now: CALLS_IN_MEMORY });
    if (nearness === NEARNESS.DISK) return new SmallFileCalls({ sizeBytes, budget, now: diskCalls });
    return THREAD_CALLS;
  }

  #opened<T>(decode: (result: Result) => T, operation: Operation): Promise<T> {
    const { threads, profile } = this.#options;
    this.#checkSession();
    return threads.call({
      profile,
      operation,
      decode,
      discard: (result) => void close(descriptorOf(result)).catch(() => {}),
    });
  }

  #changeOpen(descriptor: number, changes: AttributeChanges): Promise<void> {
    const { threads, profile } = this.#options;
    return threads.call({
      profile,
      operation: { kind: 'changeOpen', descriptor, changes },
      decode: ignore,
      usesDescriptor: true,
    });
  }

  /** @returns how many bytes it was, 0 at the end of the source */
  async #copyPiece(piece: CopyPiece): Promise<number> {
    const { threads, profile } = this.#options;
    this.#checkSession();
    return threads.call({
      profile,
      operation: { kind: 'copy', ...piece },
      decode: ({ numbers }) => numberAt(numbers, 0),
      usesDescriptor: true,
    });
  }

  #permitted(
    changes: AttributeChanges,
    apply: (permitted: AttributeChanges) => Promise<void>,
  ): Promise<void> {
    return this.#options.mayChangeModes ? apply(changes) : applyWithoutMode(changes, apply);
  }

  async #call<T>(operation: Operation, decode: (result: Result) => T): Promise<T> {
    const { threads, profile } = this.#options;
    this.#checkSession();
    return threads.call({ profile, operation, decode });
  }

  #checkSession(): void {
    if (this.#options.signal.aborted) throw new FileError('ABORTED');
  }

  #place(path: VirtualPath): Place {
    const { base, followsLinks } = this.#options;
    return { base: base.slice(1), path: path.slice(1), followsLinks };
  }

  /** Whether the session may know that there is a link at `path`. Never at the view's own root. */
  #showsLink(path: VirtualPath, { followLinks }: { readonly followLinks: boolean }): boolean {
    return !followLinks && this.#options.followsLinks && path !== ROOT;
  }
}

function ignore(): void {}

interface OpenedFile {
  readonly descriptor: number;
  readonly nearness: number;
  readonly sizeBytes: number;
}

function openedFile({ numbers }: Result): OpenedFile {
  return {
    descriptor: numberAt(numbers, 0),
    nearness: numberAt(numbers, 1),
    sizeBytes: numberAt(numbers, 2),
  };
}

function descriptorOf({ numbers }: Result): number {
  return numberAt(numbers, 0);
}

function checkNotRoot(path: VirtualPath): void {
  if (path === ROOT) throw new FileError('PERMISSION_DENIED');
}
