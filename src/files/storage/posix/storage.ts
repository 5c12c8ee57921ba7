/** Files in a directory of the host: a local disk, NFS or EFS. */

import { access, constants } from 'node:fs/promises';
import { BlockPool } from '../../block-pool.ts';
import { FileError } from '../../error.ts';
import type { FileSystem } from '../../file-system.ts';
import type { HomePresence, PosixProfile, Storage, StorageSession } from '../../storage.ts';
import { ROOT, type VirtualPath } from '../../virtual-path.ts';
import { errnoOf } from './calls.ts';
import { PosixFileSystem } from './file-system.ts';
import { NativeTree } from './native/tree.ts';
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
  /**
   * `profile`: a session acts as its POSIX profile, by the kernel's own checks; where that is not possible, the profile
   * must be the process's own user. A session without one is refused: it would act as the process, which may be root.
   * `process`: profiles are ignored.
   */
  readonly identity: 'profile' | 'process';
  /**
   * What an answered close promises. `close`, the default: the file system took every byte, so they survive the end of
   * this process; what a power cut leaves is the file system's affair. `fsync`: they are on stable storage, with the name
   * of a new file, and so is every change of names that was answered.
   */
  readonly durability?: 'close' | 'fsync';
  /** Default `required`. For buckets `made`: an S3 prefix needs no directory. */
  readonly homes?: HomePresence;
  /**
   * Default true: system calls of our own, on threads, where the machine has what they need. Without them paths are
   * walked name by name through Node's file functions, which act as the process only.
   */
  readonly usesThreads?: boolean;
}

const ROOT_UID = 0;

/** How the files below the root are reached. */
type Reach = { readonly native: NativeTree } | { readonly walked: PosixRoot; readonly noProfiles: string };

export class PosixStorage implements Storage {
  readonly homes: HomePresence;
  readonly #options: PosixStorageOptions;
  readonly #blocks = new BlockPool();
  #reach: Reach | undefined;
  #unreadableNames = 0;

  constructor(options: PosixStorageOptions) {
    this.#options = options;
    this.homes = options.homes ?? 'required';
  }

  /** Entries that listings left out because their names are not valid UTF-8. */
  get unreadableNames(): number {
    return this.#unreadableNames;
  }

  /** Why sessions cannot act as their profiles; `undefined` when they can. Known once the storage is open. */
  get noProfiles(): string | undefined {
    const reach = this.#openReach();
    return 'native' in reach ? reach.native.noProfiles : reach.noProfiles;
  }

  async open(): Promise<void> {
    const { root } = this.#options;
    if (!root.startsWith('/')) {
      throw new FileError('INVALID_PATH', `storage directory ${root}: the path must be absolute`);
    }
    try {
      const walked = await openWalked(root);
      this.#reach = await this.#bestReach(walked);
    } catch (error) {
      const reason = errnoOf(error) || 'unknown error';
      throw new FileError('IO_ERROR', `storage directory ${root}: cannot be used (${reason})`, {
        cause: error,
      });
    }
  }

  attach(session: StorageSession, base: VirtualPath = ROOT): FileSystem {
    const reach = this.#openReach();
    const profile = this.#actingAs(session.posixProfile);
    const { signal } = session;
    const followsLinks = this.#options.symlinks === 'follow-within';
    const isDurable = this.#options.durability === 'fsync';
    const shared = {
      blocks: this.#blocks,
      mayChangeModes: profile === undefined || profile.uid === ROOT_UID,
      onUnreadableNames: (count: number) => {
        this.#unreadableNames += count;
      },
    };
    if ('native' in reach) {
      // The thread is the process's own user anyway; it needs no rights to become it.
      const others = reach.native.noProfiles === undefined ? profile : undefined;
      return reach.native.attach({ ...shared, profile: others, base, followsLinks, isDurable, signal });
    }
    const view = new PosixView({ root: reach.walked, base, followsLinks, isDurable, signal });
    return new PosixFileSystem({ ...shared, view });
  }

  async close(): Promise<void> {
    const reach = this.#reach;
    this.#reach = undefined;
    if (reach === undefined) return;
    if ('native' in reach) await reach.native.close();
    else reach.walked.close();
  }

  #openReach(): Reach {
    if (this.#reach === undefined) throw new FileError('IO_ERROR', 'the storage is not open');
    return this.#reach;
  }

  async #bestReach(walked: PosixRoot): Promise<Reach> {
    const { root, usesThreads = true } = this.#options;
    if (!usesThreads) return { walked, noProfiles: 'threads of their own are switched off' };
    try {
      const native = await NativeTree.open(root);
      walked.close();
      return { native };
    } catch (error) {
      return { walked, noProfiles: error instanceof Error ? error.message : String(error) };
    }
  }

  /** @throws FileError PERMISSION_DENIED without a profile, and for one that nobody can act as */
  #actingAs(profile: PosixProfile | undefined): PosixProfile | undefined {
    if (this.#options.identity === 'process') return undefined;
    if (profile === undefined) throw new FileError('PERMISSION_DENIED', 'the session has no POSIX profile');
    if (this.noProfiles !== undefined) checkOwnIdentity(profile, this.noProfiles);
    return profile;
  }
}

async function openWalked(root: string): Promise<PosixRoot> {
  const pinning = (await hasProcPinning(root)) ? procPinning : pathPinning;
  await access(root, constants.R_OK | constants.X_OK);
  return new PosixRoot(pinning, await pinning.directory(root, { followLinks: true }));
}

/** The kernel decides what a profile may do, and it sees only the process's own user. @throws FileError */
function checkOwnIdentity(profile: PosixProfile, noProfiles: string): void {
  const uid = process.geteuid?.();
  const gid = process.getegid?.();
  if (profile.uid === uid && profile.gid === gid) return;
  throw new FileError(
    'PERMISSION_DENIED',
    `the POSIX profile ${profile.uid}:${profile.gid} is not the user ${uid}:${gid} that the service runs as, ` +
      'and acting as other users is not available',
    { cause: new Error(noProfiles) },
  );
}
