/** A place files live, as configured; it gives every session a view of its own. */

import type { FileSystem } from './file-system.ts';
import type { VirtualPath } from './virtual-path.ts';

/** The POSIX identity of a session, as in the Transfer API's `PosixProfile`. */
export interface PosixProfile {
  readonly uid: number;
  readonly gid: number;
  readonly secondaryGids: readonly number[];
}

/** Who works on a storage. */
export interface StorageSession {
  readonly userName: string;
  /** 16 hex digits. */
  readonly sessionId: string;
  readonly posixProfile?: PosixProfile;
  /** Aborts when the session ends: long storage calls stop. */
  readonly signal: AbortSignal;
}

/** Life: construct (no side effects) → `open` → `attach` any number of times → `close`. */
export interface Storage {
  /** Whether a missing home directory is made at login: true where a directory is only a part of a name (S3 prefixes). */
  readonly createsHomes: boolean;
  /** Checks that the place exists and can be used. @throws FileError with a message for the operator */
  open(): Promise<void>;
  /**
   * The storage's tree for one session. With `root` the view begins there and nothing in it leads outside; `root` may be
   * a directory or one file, need not exist yet, and no symbolic link on the way to it is followed.
   *
   * @throws FileError PERMISSION_DENIED
   */
  attach(session: StorageSession, root?: VirtualPath): FileSystem;
  close(): Promise<void>;
}
