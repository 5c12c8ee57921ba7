/** What an SFTP session tells the outside: transfers, changes, refusals. */

import type { FileError } from '../files/error.ts';
import type { AbortOutcome, AttributeChanges } from '../files/file-system.ts';
import type { VirtualPath } from '../files/virtual-path.ts';

export type SftpOperation =
  | 'OPEN'
  | 'CLOSE'
  | 'READ'
  | 'WRITE'
  | 'LSTAT'
  | 'FSTAT'
  | 'SETSTAT'
  | 'FSETSTAT'
  | 'OPENDIR'
  | 'READDIR'
  | 'REMOVE'
  | 'MKDIR'
  | 'RMDIR'
  | 'REALPATH'
  | 'STAT'
  | 'RENAME'
  | 'READLINK'
  | 'SYMLINK'
  | 'POSIX_RENAME'
  | 'STATVFS'
  | 'FSTATVFS'
  | 'HARDLINK'
  | 'FSYNC'
  | 'LSETSTAT'
  | 'LIMITS'
  | 'EXPAND_PATH'
  | 'COPY_DATA'
  | 'COPY_FILE'
  | 'HOME_DIRECTORY'
  | 'USERS_GROUPS_BY_ID'
  | 'CHECK_FILE'
  | 'SPACE_AVAILABLE'
  | 'VENDOR_ID'
  /** A command in place of the subsystem. */
  | 'EXEC'
  /** A type or an extension that is not known here. */
  | 'UNKNOWN';

export interface FileOpened {
  readonly path: VirtualPath;
  readonly read: boolean;
  readonly write: boolean;
}

export interface FileClosed {
  readonly path: VirtualPath;
  readonly bytesRead: number;
  /** Bytes the storage took. */
  readonly bytesWritten: number;
  /** `aborted`: the client went away without CLOSE, so a written file is partial and was not committed. */
  readonly outcome: 'closed' | 'failed' | 'aborted';
  readonly error?: FileError;
  /** What is left of a file that was not closed well. */
  readonly left?: AbortOutcome;
}

export interface OperationRefused {
  readonly operation: SftpOperation;
  readonly path?: VirtualPath;
  /** `error.cause` holds what the machine said; it is never sent to the client. */
  readonly error: FileError;
}

/** A change of the tree that succeeded. */
export type TreeChanged =
  | { readonly operation: 'MKDIR' | 'RMDIR' | 'REMOVE'; readonly path: VirtualPath }
  | {
      readonly operation: 'RENAME';
      readonly path: VirtualPath;
      readonly newPath: VirtualPath;
      /** The client allowed an existing target to be replaced. */
      readonly replacing: boolean;
    }
  | {
      readonly operation: 'SETSTAT';
      readonly path: VirtualPath;
      /** What was asked for. */
      readonly changes: AttributeChanges;
      /** Told to the client as done and left undone, but for a size. */
      readonly isIgnored?: true;
    }
  | { readonly operation: 'SYMLINK'; readonly path: VirtualPath; readonly target: string }
  | { readonly operation: 'HARDLINK'; readonly path: VirtualPath; readonly existing: VirtualPath };

/** A file's contents were hashed for the client. */
export interface FileHashed {
  readonly path: VirtualPath;
  readonly algorithm: string;
  /** Bytes that were read for it; none of them went to the client. */
  readonly byteCount: number;
}

/** Told of facts as they happen, in the session's own turn: implementations return at once and never throw. */
export interface SftpObserver {
  opened(file: FileOpened): void;
  /** Called once for every `opened`. */
  closed(file: FileClosed): void;
  refused(refusal: OperationRefused): void;
  changed(change: TreeChanged): void;
  hashed(file: FileHashed): void;
}

export const SILENT_OBSERVER: SftpObserver = {
  opened() {},
  closed() {},
  refused() {},
  changed() {},
  hashed() {},
};
