/** A directory of a file system with an identity of its own for everybody who comes through it, as on EFS. */

import { FileError, toFileError } from '../../error.ts';
import type { FileSystem } from '../../file-system.ts';
import type { HomePresence, PosixProfile, Storage, StorageSession } from '../../storage.ts';
import { ROOT, rebase, type VirtualPath } from '../../virtual-path.ts';

export interface AccessPointOptions {
  /** The file system; opened before, and closed by its owner. */
  readonly storage: Storage;
  /** The directory that sessions see as the root. */
  readonly path: VirtualPath;
  /** Takes the place of the session's own profile. */
  readonly posixUser?: PosixProfile;
}

/** Whom the directory is looked at for when the access point is opened: the process itself. */
const OWN_SESSION: StorageSession = {
  userName: '',
  sessionId: '0000000000000000',
  serverId: 's-00000000000000000',
  role: '',
  partialUploads: 'discard',
  directoryListing: 'optimized',
  signal: new AbortController().signal,
  posixProfile: {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    secondaryGids: process.getgroups?.() ?? [],
  },
};

export class AccessPoint implements Storage {
  readonly homes: HomePresence;
  readonly #storage: Storage;
  readonly #path: VirtualPath;
  readonly #posixUser: PosixProfile | undefined;

  constructor({ storage, path, posixUser }: AccessPointOptions) {
    this.homes = storage.homes;
    this.#storage = storage;
    this.#path = path;
    this.#posixUser = posixUser;
  }

  async open(): Promise<void> {
    try {
      const files = this.#storage.attach(OWN_SESSION, this.#path);
      const { type } = await files.stat(ROOT, { followLinks: false });
      if (type !== 'directory') throw new FileError('NOT_A_DIRECTORY');
    } catch (error) {
      const { code, message } = toFileError(error);
      throw new FileError(code, `directory ${this.#path} of the access point: ${message}`, { cause: error });
    }
  }

  attach(session: StorageSession, root: VirtualPath = ROOT): FileSystem {
    const own = this.#posixUser === undefined ? session : { ...session, posixProfile: this.#posixUser };
    return this.#storage.attach(own, rebase(root, ROOT, this.#path));
  }

  async close(): Promise<void> {}
}
