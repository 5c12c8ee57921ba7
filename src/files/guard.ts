/** Asks the policies before every operation on a storage: what they deny never reaches it. */

import type { SessionAccess } from './access.ts';
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
} from './file-system.ts';
import { GuardedReadHandle } from './guard-handle.ts';
import { checkMove } from './guard-move.ts';
import { type AccessRules, changesTree, type LinkRules } from './guard-rules.ts';
import { type AccessScope, rulesFor } from './guard-scope.ts';
import type { VirtualPath } from './virtual-path.ts';

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
    const isDirectory = attributes.type === 'directory';
    this.#access.check(isDirectory ? this.#rules.lookAtDirectory(path) : this.#rules.lookAtFile(path));
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
    const handle = await this.#files.open(path, mode, initial);
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
    await this.#files.rename(from, to);
  }

  /** The times of a directory are kept with its marker, an object that a policy may forbid beside those of files. */
  async #checkMarker(path: VirtualPath): Promise<void> {
    const needs = this.#rules.makeDirectory(path);
    if (this.#access.allows(needs)) return;
    const { type } = await this.#files.stat(path, { followLinks: true });
    if (type === 'directory') this.#access.check(needs);
  }

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
        await replacing.replace(from, to);
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
        return spaceReporting.space(path);
      },
    };
  }
}
