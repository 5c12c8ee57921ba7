/** Files in a directory of the host: a local disk, NFS or EFS. */

import { access, constants } from 'node:fs/promises';
import { BlockPool } from '../../block-pool.ts';
import { FileError } from '../../error.ts';
import type { FileSystem } from '../../file-system.ts';
import type { HomePresence, PosixProfile, Storage, StorageSession } from '../../storage.ts';
import { ROOT, type VirtualPath } from '../../virtual-path.ts';
import { errnoOf } from './calls.ts';
import { PosixFileSystem } from './file-system.ts';
import { pathPinning } from './path-pinning.ts';
import { hasProcPinning, procPinning } from './proc-pinning.ts';
import { PosixRoot, PosixView } from './view.ts';

export interface PosixStorageOptions {
  /** Absolute host directory. */
  readonly root: string;
  /**
   * `follow-within`: links work as long as they stay below the root. `refuse`: a path through a link is not found and
   * listings leave links out, for buckets kept on disk (S3 knows no links).
   */
  readonly symlinks: 'follow-within' | 'refuse';
  /** `profile`: a session with a POSIX profile must be the process's own user. `process`: profiles are ignored. */
  readonly identity: 'profile' | 'process';
  /** Default `required`. For buckets `made`: an S3 prefix needs no directory. */
  readonly homes?: HomePresence;
}

export class PosixStorage implements Storage {
  readonly homes: HomePresence;
  readonly #options: PosixStorageOptions;
  readonly #pool = new BlockPool();
  #root: PosixRoot | undefined;
  #unreadableNames = 0;

  constructor(options: PosixStorageOptions) {
    this.#options = options;
    this.homes = options.homes ?? 'required';
  }

  /** Entries that listings left out because their names are not valid UTF-8. */
  get unreadableNames(): number {
    return this.#unreadableNames;
  }

  async open(): Promise<void> {
    const { root } = this.#options;
    if (!root.startsWith('/')) {
      throw new FileError('INVALID_PATH', `storage directory ${root}: the path must be absolute`);
    }
    try {
      const pinning = (await hasProcPinning(root)) ? procPinning : pathPinning;
      await access(root, constants.R_OK | constants.X_OK);
      this.#root = new PosixRoot(pinning, await pinning.directory(root, { followLinks: true }));
    } catch (error) {
      const reason = errnoOf(error) || 'unknown error';
      throw new FileError('IO_ERROR', `storage directory ${root}: cannot be used (${reason})`, {
        cause: error,
      });
    }
  }

  attach(session: StorageSession, base: VirtualPath = ROOT): FileSystem {
    if (this.#root === undefined) throw new FileError('IO_ERROR', 'the storage is not open');
    if (this.#options.identity === 'profile') checkOwnIdentity(session.posixProfile);
    const view = new PosixView({
      root: this.#root,
      base,
      followsLinks: this.#options.symlinks === 'follow-within',
      signal: session.signal,
    });
    const onUnreadableName = (): void => {
      this.#unreadableNames += 1;
    };
    return new PosixFileSystem({ view, pool: this.#pool, onUnreadableName });
  }

  async close(): Promise<void> {
    this.#root?.close();
    this.#root = undefined;
  }
}

/** The kernel decides what a profile may do, and it sees only the process's own user. @throws FileError */
function checkOwnIdentity(profile: PosixProfile | undefined): void {
  if (profile === undefined) return;
  const uid = process.geteuid?.();
  const gid = process.getegid?.();
  if (profile.uid === uid && profile.gid === gid) return;
  throw new FileError(
    'PERMISSION_DENIED',
    `the POSIX profile ${profile.uid}:${profile.gid} is not the user ${uid}:${gid} that the service runs as, ` +
      'and acting as other users is not available',
  );
}
