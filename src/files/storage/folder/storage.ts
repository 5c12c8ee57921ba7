/** Buckets on local disk: the S3 domain served from a folder, with the rules that users of S3 see. */

import { FileError } from '../../error.ts';
import type { FileSystem } from '../../file-system.ts';
import type { Storage, StorageSession } from '../../storage.ts';
import { ROOT, type VirtualPath } from '../../virtual-path.ts';
import { PosixStorage } from '../posix/storage.ts';
import { FolderFileSystem } from './file-system.ts';
import { Staging } from './staging.ts';

export interface FolderStorageOptions {
  /** Absolute host directory. Nothing below it may be the mount of another file system: uploads are renamed into place. */
  readonly root: string;
}

/** Whom the bucket's own work is done for. It ends with the storage, not with a session. */
const OWN_SESSION: StorageSession = {
  userName: '',
  sessionId: '0000000000000000',
  serverId: 's-00000000000000000',
  role: '',
  partialUploads: 'discard',
  directoryListing: 'optimized',
  signal: new AbortController().signal,
};

/**
 * An object becomes visible at CLOSE, by a rename; until then what was there before stays. Files belong to the account
 * of the service, and there are no links.
 */
export class FolderStorage implements Storage {
  readonly homes = 'made';
  readonly #posix: PosixStorage;
  #staging: Staging | undefined;

  constructor({ root }: FolderStorageOptions) {
    this.#posix = new PosixStorage({ root, symlinks: 'refuse', identity: 'process' });
  }

  async open(): Promise<void> {
    await this.#posix.open();
    this.#staging = new Staging(this.#posix.attach(OWN_SESSION));
    await this.#staging.removeStale(Date.now());
  }

  attach(session: StorageSession, base: VirtualPath = ROOT): FileSystem {
    if (this.#staging === undefined) throw new FileError('IO_ERROR', 'the storage is not open');
    return new FolderFileSystem({
      files: this.#posix.attach(session),
      staging: this.#staging,
      base,
      partialUploads: session.partialUploads,
    });
  }

  async close(): Promise<void> {
    this.#staging = undefined;
    await this.#posix.close();
  }
}
