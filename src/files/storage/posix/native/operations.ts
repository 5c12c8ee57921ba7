/** What a thread does for each operation, with the system calls of its own and as whom it was told to act. */

import fs from 'node:fs';
import { FileError } from '../../../error.ts';
import type { AttributeChanges } from '../../../file-system.ts';
import {
  type AttributeCalls,
  changeSteps,
  checkRegularFile,
  fileTypeOf,
  NOT_REGULAR,
  PERMISSION_BITS,
} from '../attributes.ts';
import { errnoOf } from '../calls.ts';
import { ONLY_FILES_ARE_LINKED } from '../links.ts';
import { O_PATH } from '../proc-pinning.ts';
import { NO_HARD_LINK } from '../rename.ts';
import { encodeAttributes, encodeSpace } from './encoding.ts';
import type { ThreadIdentity } from './identity.ts';
import { nextEntries } from './listing.ts';
import { NEARNESS, Nearness } from './nearness.ts';
import type { Operation, Place, Request, Result } from './protocol.ts';
import { O_CLOEXEC, type Resolver } from './resolver.ts';
import type { FileStatus } from './status.ts';
import {
  AT_EMPTY_PATH,
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  RENAME_NOREPLACE,
  type SystemCalls,
} from './system-calls.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = fs.constants;
const { S_IXGRP } = fs.constants;
/** Of a program that runs as its owner, and as its group; `fs.constants` lacks them. */
const S_ISUID = 0o4000;
const S_ISGID = 0o2000;

/** What a held file is called for calls that take no descriptor of it; they follow this link to the file itself. */
const HELD = '/proc/self/fd';
const DONE: Result = { numbers: [], text: '' };
/** What `renameat2` says where a file system, such as NFS, cannot refuse an existing target by itself. */
const NO_NOREPLACE = new Set(['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

type Of<Kind extends Operation['kind']> = Extract<Operation, { readonly kind: Kind }>;

export interface OperationsOptions {
  readonly calls: SystemCalls;
  readonly resolver: Resolver;
  readonly identity: ThreadIdentity;
}

export class Operations {
  readonly #calls: SystemCalls;
  readonly #resolver: Resolver;
  readonly #identity: ThreadIdentity;
  #nearness: Nearness | undefined;

  constructor({ calls, resolver, identity }: OperationsOptions) {
    this.#calls = calls;
    this.#resolver = resolver;
    this.#identity = identity;
  }

  /** To be called first. @throws SystemCallError where the kernel, a filter of system calls or a missing /proc stands in the way */
  tryOut(): void {
    this.#resolver.with({ base: '', path: '', followsLinks: true }, O_PATH, (descriptor) => {
      this.#nearness = new Nearness(this.#statusOf(descriptor), this.#calls.fstatfs(descriptor));
      this.#calls.statx(descriptor, `${HELD}/${descriptor}`, 0);
    });
  }

  /** @throws FileError, SystemCallError */
  perform({ profile, operation }: Request): Result {
    this.#identity.become(profile);
    switch (operation.kind) {
      case 'stat':
        return this.#stat(operation);
      case 'change':
        return this.#change(operation);
      case 'changeOpen':
        return this.#changeOpen(operation);
      case 'open':
        return this.#open(operation);
      case 'copy':
        return this.#copy(operation);
      case 'list':
        return descriptorResult(this.#resolver.open(operation.place, O_RDONLY | O_DIRECTORY | O_NONBLOCK));
      case 'entries':
        return nextEntries(this.#calls, operation);
      case 'makeDirectory':
        return this.#makeDirectory(operation);
      case 'remove':
        return this.#remove(operation);
      case 'rename':
        return this.#rename(operation);
      case 'link':
        return this.#link(operation);
      case 'symlink':
        return this.#symlink(operation);
      case 'readLink':
        return this.#readLink(operation.place);
      case 'space':
        return this.#space(operation.place);
    }
  }

  #stat({ place, showsLink }: Of<'stat'>): Result {
    return this.#resolver.with(place, lookFlags(showsLink), (descriptor) => ({
      numbers: encodeAttributes(this.#statusOf(descriptor)),
      text: '',
    }));
  }

  #change({ place, showsLink, changes }: Of<'change'>): Result {
    return this.#resolver.with(place, lookFlags(showsLink), (descriptor) => {
      const { mode } = this.#statusOf(descriptor);
      const isLink = fileTypeOf(mode) === 'symlink';
      // A link has no size and, on Linux, no permissions of its own.
      const checkNotLink = (): void => {
        if (isLink) throw new FileError('NOT_SUPPORTED');
      };
      const held = `${HELD}/${descriptor}`;
      applyNow(changes, {
        resize: (sizeBytes) => {
          checkNotLink();
          checkRegularFile({ mode });
          this.#calls.truncate(held, sizeBytes);
        },
        chmod: (permissions) => {
          checkNotLink();
          this.#calls.chmod(held, permissions);
        },
        utimes: (accessed, modified) => this.#calls.utimensat(descriptor, accessed, modified),
        chown: (uid, gid) => this.#calls.fchownat(descriptor, uid, gid),
      });
      return DONE;
    });
  }

  #changeOpen({ descriptor, changes }: Of<'changeOpen'>): Result {
    applyNow(changes, {
      resize: (sizeBytes) => this.#calls.ftruncate(descriptor, sizeBytes),
      chmod: (mode) => this.#calls.fchmod(descriptor, mode),
      utimes: (accessed, modified) => this.#calls.utimensat(descriptor, accessed, modified),
      chown: (uid, gid) => this.#calls.fchown(descriptor, uid, gid),
    });
    return DONE;
  }

  /** The caller's thread acts as the session here too: what is written to loses set-user-ID as by `write(2)`. */
  #copy({ source, position, target, targetPosition, byteCount }: Of<'copy'>): Result {
    const copied = this.#calls.copyFileRange(source, position, target, targetPosition, byteCount);
    return { numbers: [copied], text: '' };
  }

  #open(operation: Of<'open'>): Result {
    const descriptor = this.#openDescriptor(operation);
    try {
      const status = this.#statusOf(descriptor);
      const { mode, sizeBytes } = status;
      checkRegularFile({ mode });
      if ((operation.flags & (O_WRONLY | O_RDWR)) !== 0) this.#takePrivileges(descriptor, mode);
      return { numbers: [descriptor, this.#nearness?.of(status) ?? NEARNESS.FAR, sizeBytes], text: '' };
    } catch (error) {
      this.#calls.close(descriptor);
      throw error;
    }
  }

  #openDescriptor(operation: Of<'open'>): number {
    const { place, flags, mode, isDurable } = operation;
    try {
      if (isDurable && (flags & O_CREAT) !== 0) return this.#openDurably(operation);
      return this.#resolver.open(place, flags, mode);
    } catch (error) {
      // A FIFO that nobody reads, or a socket.
      if (errnoOf(error) === 'ENXIO') throw new FileError('PERMISSION_DENIED', NOT_REGULAR);
      throw error;
    }
  }

  /**
   * `write(2)` takes set-user-ID and set-group-ID from a program that somebody else than root writes to. The bytes of
   * sessions are written by threads of the process, which may be root, so it is done when the file is opened.
   */
  #takePrivileges(descriptor: number, mode: number): void {
    const privileges = S_ISUID | ((mode & S_IXGRP) === 0 ? 0 : S_ISGID);
    if ((mode & privileges) === 0 || this.#identity.isRoot) return;
    // Not the writer, who need not own the file, but the process.
    this.#identity.become(undefined);
    this.#calls.fchmod(descriptor, mode & PERMISSION_BITS & ~privileges);
  }

  /** The name of a file that is made is on stable storage when it is opened, so its close need not know of it. */
  #openDurably({ place, flags, mode }: Of<'open'>): number {
    if ((flags & O_EXCL) !== 0) return this.#make(place, flags, mode);
    const existing = unlessErrno('ENOENT', () => this.#resolver.open(place, flags & ~O_CREAT));
    if (existing !== undefined) return existing;
    const made = unlessErrno('EEXIST', () => this.#make(place, flags, mode));
    if (made !== undefined) return made;
    // A link to nothing yet, so the directory is not the one that holds the link. Rare enough for the large hammer.
    const descriptor = this.#resolver.open(place, flags, mode);
    this.#calls.syncfs(descriptor);
    return descriptor;
  }

  #make(place: Place, flags: number, mode: number): number {
    return this.#resolver.inParent(place, (directory, name) => {
      const descriptor = this.#calls.openat2(directory, name, flags | O_EXCL | O_CLOEXEC, mode, 0);
      try {
        this.#sync(directory);
        return descriptor;
      } catch (error) {
        this.#calls.close(descriptor);
        throw error;
      }
    });
  }

  #makeDirectory({ place, mode, isDurable }: Of<'makeDirectory'>): Result {
    return this.#resolver.inParent(place, (directory, name) => {
      this.#calls.mkdirat(directory, name, mode);
      if (isDurable) this.#sync(directory);
      return DONE;
    });
  }

  #remove({ place, isDirectory, isDurable }: Of<'remove'>): Result {
    return this.#resolver.inParent(place, (directory, name) => {
      if (!place.followsLinks) this.#look(directory, name, place);
      this.#calls.unlinkat(directory, name, isDirectory ? AT_REMOVEDIR : 0);
      if (isDurable) this.#sync(directory);
      return DONE;
    });
  }

  #rename({ from, to, replaces, isDurable }: Of<'rename'>): Result {
    return this.#resolver.inParent(from, (source, oldName) => {
      const status = this.#look(source, oldName, from);
      if (from.path === to.path) return DONE;
      if (to.path.startsWith(`${from.path}/`)) throw new FileError('INVALID_ARGUMENT');
      return this.#resolver.inParent(to, (target, newName) => {
        if (replaces) this.#calls.renameat2(source, oldName, target, newName, 0);
        else this.#renameToFree(status, { source, oldName, target, newName });
        if (isDurable) this.#sync(target);
        if (isDurable) this.#sync(source);
        return DONE;
      });
    });
  }

  /** Refuses a target that exists, in one step wherever the file system can. */
  #renameToFree(status: FileStatus, move: Move): void {
    const { source, oldName, target, newName } = move;
    try {
      this.#calls.renameat2(source, oldName, target, newName, RENAME_NOREPLACE);
    } catch (error) {
      if (!NO_NOREPLACE.has(errnoOf(error))) throw error;
      if (fileTypeOf(status.mode) === 'file' && this.#renameByLink(move)) return;
      if (this.#exists(target, newName)) throw new FileError('ALREADY_EXISTS');
      this.#calls.renameat2(source, oldName, target, newName, 0);
    }
  }

  /** A second name refuses an existing one in one step. Gives false where there are no hard links. */
  #renameByLink({ source, oldName, target, newName }: Move): boolean {
    try {
      this.#calls.linkat(source, oldName, target, newName);
    } catch (error) {
      if (NO_HARD_LINK.has(errnoOf(error))) return false;
      throw error;
    }
    try {
      this.#calls.unlinkat(source, oldName, 0);
    } catch (error) {
      this.#calls.unlinkat(target, newName, 0);
      throw error;
    }
    return true;
  }

  #link({ from, to, isDurable }: Of<'link'>): Result {
    return this.#resolver.inParent(from, (source, name) =>
      this.#resolver.inParent(to, (target, newName) => {
        const { mode } = this.#calls.statx(source, name, AT_SYMLINK_NOFOLLOW);
        if (fileTypeOf(mode) !== 'file') throw new FileError('PERMISSION_DENIED', ONLY_FILES_ARE_LINKED);
        this.#calls.linkat(source, name, target, newName);
        if (isDurable) this.#sync(target);
        return DONE;
      }),
    );
  }

  #symlink({ target, place, isDurable }: Of<'symlink'>): Result {
    return this.#resolver.inParent(place, (directory, name) => {
      this.#calls.symlinkat(target, directory, name);
      if (isDurable) this.#sync(directory);
      return DONE;
    });
  }

  #readLink(place: Place): Result {
    return this.#resolver.inParent(place, (directory, name) => ({
      numbers: [],
      text: this.#calls.readlinkat(directory, name),
    }));
  }

  #space(place: Place): Result {
    return this.#resolver.with(place, O_PATH, (descriptor) => ({
      numbers: encodeSpace(this.#calls.fstatfs(descriptor), this.#statusOf(descriptor)),
      text: '',
    }));
  }

  #statusOf(descriptor: number): FileStatus {
    return this.#calls.statx(descriptor, '', AT_EMPTY_PATH);
  }

  /** The entry itself, unless it is a link that the session must not see. @throws FileError NOT_FOUND */
  #look(directory: number, name: string, { followsLinks }: Place): FileStatus {
    const status = this.#calls.statx(directory, name, AT_SYMLINK_NOFOLLOW);
    if (!followsLinks && fileTypeOf(status.mode) === 'symlink') throw new FileError('NOT_FOUND');
    return status;
  }

  #exists(directory: number, name: string): boolean {
    return unlessErrno('ENOENT', () => this.#calls.statx(directory, name, AT_SYMLINK_NOFOLLOW)) !== undefined;
  }

  /** Brings the names of a directory to stable storage. */
  #sync(directory: number): void {
    const descriptor = this.#openForSync(directory);
    try {
      this.#calls.fsync(descriptor);
    } catch (error) {
      // Said by file systems that have nothing to bring anywhere.
      if (errnoOf(error) !== 'EINVAL') throw error;
    } finally {
      this.#calls.close(descriptor);
    }
  }

  /** Who may change a directory need not be allowed to read it, and only what can be read can be synchronised. */
  #openForSync(directory: number): number {
    const flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    const own = unlessErrno('EACCES', () => this.#calls.openat2(directory, '.', flags, 0, 0));
    if (own !== undefined) return own;
    this.#identity.become(undefined);
    return this.#calls.openat2(directory, '.', flags, 0, 0);
  }
}

interface Move {
  readonly source: number;
  readonly oldName: string;
  readonly target: number;
  readonly newName: string;
}

/** A descriptor that what is looked at is held by; of a link itself only where the session may see it. */
function lookFlags(showsLink: boolean): number {
  return showsLink ? O_PATH | O_NOFOLLOW : O_PATH;
}

function descriptorResult(descriptor: number): Result {
  return { numbers: [descriptor], text: '' };
}

/** Tries every change and throws the last failure. */
function applyNow(changes: AttributeChanges, calls: AttributeCalls<void>): void {
  const failures: unknown[] = [];
  for (const step of changeSteps(changes, calls)) {
    try {
      step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures.at(-1);
}

function unlessErrno<T>(errno: string, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (errnoOf(error) === errno) return undefined;
    throw error;
  }
}
