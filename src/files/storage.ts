/** A place files live, as configured; it gives every session a view of its own. */

import type { FileSystem } from './file-system.ts';

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
  /** Checks that the place exists and can be used. @throws FileError with a message for the operator */
  open(): Promise<void>;
  /** The storage's tree for one session, rooted at the storage's own root. @throws FileError PERMISSION_DENIED */
  attach(session: StorageSession): FileSystem;
  close(): Promise<void>;
}
