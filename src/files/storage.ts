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
  /** `s-` and 17 hex digits. */
  readonly serverId: string;
  /** ARN of the user's IAM role, for storages that assume it. */
  readonly role: string;
  /** The session policy as JSON text, its `${transfer:…}` variables expanded, for storages that assume the role. */
  readonly sessionPolicy?: string;
  readonly posixProfile?: PosixProfile;
  /**
   * What an upload into a bucket leaves whose client went away before CLOSE: `store` makes an object of what arrived
   * without a gap, as AWS does; `discard` leaves what was there before. Storages that write in place keep what they have.
   */
  readonly partialUploads: 'store' | 'discard';
  /** DirectoryListingOptimization: `optimized` never looks at the markers of directories one by one. */
  readonly directoryListing: 'optimized' | 'markers';
  /** Aborts when the session ends: long storage calls stop. */
  readonly signal: AbortSignal;
}

/**
 * What a home directory is that does not exist: `required` is somebody's to make, `made` is made at login, and `implied`
 * is there without existing, as a prefix of S3 is.
 */
export type HomePresence = 'required' | 'made' | 'implied';

/** Life: construct (no side effects) → `open` → `attach` any number of times → `close`. */
export interface Storage {
  readonly homes: HomePresence;
  /** Checks that the place exists and can be used. @throws FileError with a message for the operator */
  open(): Promise<void>;
  /**
   * Asked once at login, before the first `attach` of a home that needs the storage; absent where nobody is refused so.
   *
   * @throws FileError PERMISSION_DENIED
   */
  admit?(session: StorageSession): Promise<void>;
  /**
   * The storage's tree for one session. With `root` the view begins there and nothing in it leads outside; `root` may be
   * a directory or one file, need not exist yet, and no symbolic link on the way to it is followed.
   *
   * @throws FileError PERMISSION_DENIED
   */
  attach(session: StorageSession, root?: VirtualPath): FileSystem;
  close(): Promise<void>;
}
