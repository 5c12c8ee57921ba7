/** Asks the policies before every operation on a storage: what they deny never reaches it. */

import type { SessionAccess } from './access.ts';
import { FileError } from './error.ts';
import type {
  AttributeChanges,
  DirectoryReader,
  FileAttributes,
  FileHandle,
  FileSystem,
  FileType,
  HardLinkCapability,
  LinkCapability,
  MoveCheck,
  OpenMode,
  ReplaceCapability,
  SpaceCapability,
} from './file-system.ts';
import { GuardedReadHandle } from './guard-handle.ts';
import { checkMove, checkMoved } from './guard-move.ts';
import { type AccessRules, changesTree, type LinkRules } from './guard-rules.ts';
import { type AccessScope, rulesFor } from './guard-scope.ts';
import { parentPath, ROOT, type VirtualPath } from './virtual-path.ts';

/** The policies of one session, and what they are asked about. */
export interface SessionGuard {
  readonly access: SessionAccess;
  readonly scope: AccessScope;
}

export interface GuardOptions extends SessionGuard {
  /** Of the bucket, file system or access point. */
  readonly name: string;
  /** Where `files` begins in it. */
  readonly base: VirtualPath;
  /** Aborts when the session ends. */
  readonly signal: AbortSignal;
}

/** `files`, as far as the policies of the session allow. */
export function guarded(files: FileSystem, { access, scope, name, base, signal }: GuardOptions): FileSystem {
  return new GuardedFileSystem(files, access, rulesFor(scope, name, base), signal);
}

class GuardedFileSystem implements FileSystem {
  readonly #files: FileSystem;
  readonly #access: SessionAccess;
  readonly #rules: AccessRules;
  readonly #signal: AbortSignal;

  readonly links?: LinkCapability;
  readonly hardLinks?: HardLinkCapability;
  readonly replacing?: ReplaceCapability;
  readonly spaceReporting?: SpaceCapability;

  constructor(files: FileSystem, access: SessionAccess, rules: AccessRules, signal: AbortSignal) {
    this.#files = files;
    this.#access = access;
    this.#rules = rules;
    this.#signal = signal;
    const { links, hardLinks, replacing, spaceReporting } = files;
    if (links !== undefined && rules.links !== undefined) this.links = this.#guardedLinks(links, rules.links);
    if (hardLinks !== undefined && rules.links !== undefined)
      this.hardLinks = this.#guardedHardLinks(hardLinks, rules.links);
    if (replacing !== undefined) this.replacing = this.#guardedReplacing(replacing);
    if (spaceReporting !== undefined) this.spaceReporting = this.#guardedSpace(spaceReporting);
  }

  /** Nothing that may not be seen is asked for, and what was found is shown only as what may be seen. */
  async stat(path: VirtualPath, options: { readonly followLinks: boolean }): Promise<FileAttributes> {
    this.#access.check(this.#rules.look(path));
    const attributes = await this.#files.stat(path, options);
    this.#checkSeen(path, attributes.type);
    return attributes;
  }

  async setAttributes(
    path: VirtualPath,
    changes: AttributeChanges,
    options: { readonly followLinks: boolean },
  ): Promise<void> {
    this.#access.check(this.#rules.change(path, changes));
    if (changes.times !== undefined) await this.#checkMarker(path);
    await this.#files.setAttributes(path, changes, options);
  }

  /** What is opened for writing was allowed to be written; nothing is asked again for its bytes. */
  async open(path: VirtualPath, mode: OpenMode, initial: AttributeChanges): Promise<FileHandle> {
    this.#access.check(this.#rules.open(path, mode));
    const handle = await this.#files.open(path, mode, initial).catch((error: unknown) => {
      if (!changesTree(mode) && error instanceof FileError && error.code === 'IS_A_DIRECTORY')
        this.#checkSeen(path, 'directory');
      throw error;
    });
    if (changesTree(mode) || this.#access.allows(this.#rules.change(path, {}))) return handle;
    return new GuardedReadHandle(handle, (changes) => this.#access.check(this.#rules.change(path, changes)));
  }

  async list(path: VirtualPath): Promise<DirectoryReader> {
    this.#access.check(this.#rules.list(path));
    return this.#files.list(path);
  }

  async makeDirectory(path: VirtualPath, initial: AttributeChanges): Promise<void> {
    this.#access.check(this.#rules.makeDirectory(path));
    await this.#files.makeDirectory(path, initial);
  }

  async removeDirectory(path: VirtualPath): Promise<void> {
    this.#access.check(this.#rules.removeDirectory(path));
    await this.#files.removeDirectory(path);
  }

  async remove(path: VirtualPath): Promise<void> {
    this.#access.check(this.#rules.remove(path));
    await this.#files.remove(path);
  }

  async rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    await this.#checkMove(from, to);
    await this.#files.rename(from, to, this.#mayMove);
  }

  /**
   * The right to an object says nothing of a directory of the same name, and the other way round. Where the listing
   * above does not show it either, what may not be seen is not there: S3 would not tell more.
   */
  #checkSeen(path: VirtualPath, type: FileType): void {
    const { lookAtDirectory, lookAtFile } = this.#rules;
    const cause = this.#access.denied(
      (type === 'directory' ? lookAtDirectory : lookAtFile).call(this.#rules, path),
    );
    if (cause === undefined) return;
    const isShown = path === ROOT || this.#access.allows(this.#rules.list(parentPath(path)));
    throw new FileError(isShown ? 'PERMISSION_DENIED' : 'NOT_FOUND', undefined, { cause });
  }

  /** The times of a directory are kept with its marker, an object that a policy may forbid beside those of files. */
  async #checkMarker(path: VirtualPath): Promise<void> {
    const needs = this.#rules.makeDirectory(path);
    if (this.#access.allows(needs)) return;
    const { type } = await this.#files.stat(path, { followLinks: true });
    if (type === 'directory') this.#access.check(needs);
  }

  /** Once more for each name, by storages that take their time. */
  readonly #mayMove: MoveCheck = (from, to, type) => checkMoved(this.#access, this.#rules, from, to, type);

  #checkMove(from: VirtualPath, to: VirtualPath): Promise<void> {
    return checkMove({
      files: this.#files,
      access: this.#access,
      rules: this.#rules,
      signal: this.#signal,
      from,
      to,
    });
  }

  #guardedReplacing(replacing: ReplaceCapability): ReplaceCapability {
    return {
      replace: async (from, to) => {
        await this.#checkMove(from, to);
        await replacing.replace(from, to, this.#mayMove);
      },
    };
  }

  #guardedLinks(links: LinkCapability, rules: LinkRules): LinkCapability {
    return {
      readLink: async (path) => {
        this.#access.check(rules.read);
        return links.readLink(path);
      },
      symlink: async (target, path) => {
        this.#access.check(rules.make);
        await links.symlink(target, path);
      },
    };
  }

  #guardedHardLinks(hardLinks: HardLinkCapability, rules: LinkRules): HardLinkCapability {
    return {
      link: async (existing, path) => {
        this.#access.check(rules.make);
        await hardLinks.link(existing, path);
      },
    };
  }

  #guardedSpace(spaceReporting: SpaceCapability): SpaceCapability {
    return {
      space: async (path) => {
        this.#access.check(this.#rules.look(path));
        if (this.#rules.judgesEveryName) await this.stat(path, { followLinks: true });
        return spaceReporting.space(path);
      },
    };
  }
}
