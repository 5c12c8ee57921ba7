/** The interface between protocols and storages: a small required part and optional capabilities, probed once. */

import type { VirtualPath } from './virtual-path.ts';

export type FileType = 'file' | 'directory' | 'symlink' | 'other';

export interface FileAttributes {
  readonly type: FileType;
  readonly sizeBytes: number;
  /** Permission bits only (0o7777); the type is in `type`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Milliseconds since the epoch. */
  readonly accessedMs: number;
  /** Milliseconds since the epoch. */
  readonly modifiedMs: number;
  readonly linkCount: number;
}

/** What SETSTAT and friends ask to change; an absent member stays as it is. */
export interface AttributeChanges {
  readonly sizeBytes?: number;
  readonly mode?: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Seconds since the epoch, as on the wire. */
  readonly times?: { readonly accessedSeconds: number; readonly modifiedSeconds: number };
}

/** How a file is opened. At least one of `read` and `write` is set. */
export interface OpenMode {
  readonly read: boolean;
  readonly write: boolean;
  /** Every write goes to the end; positions are ignored. */
  readonly append: boolean;
  /** Make the file when it does not exist. */
  readonly create: boolean;
  readonly truncate: boolean;
  /** With `create`: refuse when the file exists. */
  readonly exclusive: boolean;
}

export interface DirectoryEntry {
  /** One name; never holds `/` and is never `.` or `..`. */
  readonly name: string;
  readonly attributes: FileAttributes;
}

/** An open listing. Used by one caller at a time. */
export interface DirectoryReader {
  /** The next entries, at most `maxEntries`, in no promised order; empty when there are no more. */
  next(maxEntries: number): Promise<readonly DirectoryEntry[]>;
  close(): Promise<void>;
}

/** Bytes lent by a storage. The borrower calls `release` once, after its last look at `views`. */
export interface FileSlice {
  readonly views: readonly Uint8Array[];
  readonly byteCount: number;
  release(): void;
}

/** `failed`: a write did not work, so half a file must not look like a whole one. `disconnected`: the client went away. */
export type AbortReason = 'failed' | 'disconnected';
/** `kept`: what was stored until then can be seen. `discarded`: the place is as if the file had never been opened. */
export type AbortOutcome = 'kept' | 'discarded';

/**
 * An open file. Reads may run side by side; the caller runs writes of one handle one at a time. Ends with exactly one
 * of `close` and `abort`.
 */
export interface FileHandle {
  /**
   * Exactly `min(byteCount, size - position)` bytes, none at or past the end. A short answer before the end makes
   * OpenSSH shrink its requests for the rest of the file.
   */
  read(position: number, byteCount: number): Promise<FileSlice>;
  /** Stores all views back to back from `position`; resolves when the storage took them. All or nothing to the caller. */
  write(views: readonly Uint8Array[], position: number): Promise<void>;
  stat(): Promise<FileAttributes>;
  setAttributes(changes: AttributeChanges): Promise<void>;
  /** Resolves when what was written is on stable storage. */
  sync(): Promise<void>;
  /** Commits. Resolves only when the file is stored; rejects when it is not. */
  close(): Promise<void>;
  /** Gives up. Touches only what this handle made, and says what is left of it. Never rejects. */
  abort(reason: AbortReason): Promise<AbortOutcome>;
  /**
   * Copies inside the storage without moving the bytes through us; absent where the storage cannot. `byteCount` 0 means
   * to the end. Rejects with NOT_SUPPORTED when `target` is of another storage.
   */
  copyTo?(position: number, byteCount: number, target: FileHandle, targetPosition: number): Promise<void>;
  /** Whether `other` is open on the same file, by whatever path; absent where a file has one path only. */
  isSameFile?(other: FileHandle): Promise<boolean>;
}

export interface LinkCapability {
  readLink(path: VirtualPath): Promise<string>;
  /** Makes `path` a symbolic link to `target`, which must resolve inside the storage. */
  symlink(target: string, path: VirtualPath): Promise<void>;
}

export interface HardLinkCapability {
  link(existing: VirtualPath, path: VirtualPath): Promise<void>;
}

/**
 * Asked by storages that move a directory name by name, right before each: something may have come into it since it was
 * listed. Throws a `FileError` for what has to stay.
 */
export type MoveCheck = (from: VirtualPath, to: VirtualPath, type: 'file' | 'directory') => void;

export interface ReplaceCapability {
  /** Renames and replaces an existing target in one step (POSIX rename). */
  replace(from: VirtualPath, to: VirtualPath, mayMove?: MoveCheck): Promise<void>;
}

/** Sizes in units of `fragmentBytes`, as POSIX statvfs. */
export interface SpaceReport {
  readonly blockBytes: number;
  readonly fragmentBytes: number;
  readonly blocks: bigint;
  readonly freeBlocks: bigint;
  readonly availableBlocks: bigint;
  readonly files: bigint;
  readonly freeFiles: bigint;
  readonly readOnly: boolean;
  readonly maxNameBytes: number;
  /** Equal for places whose bytes are the same ones; absent where nobody can tell. */
  readonly fileSystemId?: bigint;
}

export interface SpaceCapability {
  space(path: VirtualPath): Promise<SpaceReport>;
}

/**
 * A tree of files as one session sees it. Paths are canonical; every method rejects with `FileError` only.
 * The capabilities are fixed for the life of the object, so a protocol asks once what to advertise.
 */
export interface FileSystem {
  /** Attributes of the path; a symbolic link at its end is followed unless `followLinks` is false. */
  stat(path: VirtualPath, options: { readonly followLinks: boolean }): Promise<FileAttributes>;
  /** Changes attributes, all that can be; rejects with the last failure (OpenSSH's rule). */
  setAttributes(
    path: VirtualPath,
    changes: AttributeChanges,
    options: { readonly followLinks: boolean },
  ): Promise<void>;
  /** `initial.mode` applies when the file is made. */
  open(path: VirtualPath, mode: OpenMode, initial: AttributeChanges): Promise<FileHandle>;
  list(path: VirtualPath): Promise<DirectoryReader>;
  makeDirectory(path: VirtualPath, initial: AttributeChanges): Promise<void>;
  /** Removes an empty directory. */
  removeDirectory(path: VirtualPath): Promise<void>;
  /** Removes a file or a symbolic link, never a directory. */
  remove(path: VirtualPath): Promise<void>;
  /** Renames; rejects with ALREADY_EXISTS when `to` exists (SFTP v3, and AWS). */
  rename(from: VirtualPath, to: VirtualPath, mayMove?: MoveCheck): Promise<void>;

  readonly links?: LinkCapability;
  readonly hardLinks?: HardLinkCapability;
  readonly replacing?: ReplaceCapability;
  readonly spaceReporting?: SpaceCapability;
}
