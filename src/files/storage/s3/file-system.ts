/** The prefix of a bucket as a tree of files, for one session. */

import type { BlockPool } from '../../block-pool.ts';
import { FileError, toFileError } from '../../error.ts';
import type {
  AttributeChanges,
  DirectoryReader,
  FileAttributes,
  FileHandle,
  FileSystem,
  MoveCheck,
  OpenMode,
  ReplaceCapability,
} from '../../file-system.ts';
import type { StorageSession } from '../../storage.ts';
import { parentPath, ROOT, type VirtualPath } from '../../virtual-path.ts';
import { changeAttributes } from './attribute-changes.ts';
import {
  changedProperties,
  directoryAttributes,
  fileAttributes,
  objectProperties,
  withTime,
} from './attributes.ts';
import { Directories } from './directories.ts';
import { openDirectory } from './directory-reader.ts';
import type { EmptiedDirectories } from './emptied.ts';
import type { ObjectHead, ObjectProperties, ObjectStore } from './object-store.ts';
import { ObjectReader } from './reader.ts';
import { Renames } from './rename.ts';
import type { MoveOptions } from './rename-directory.ts';
import { openUpload, type UploadSettings } from './upload.ts';
import { type Entry, S3View } from './view.ts';
import { EMPTY_BODY, whereFree } from './where-free.ts';

/** Opened to be changed, not to be written anew. */
const CONTINUE: OpenMode = {
  read: false,
  write: true,
  append: false,
  create: false,
  truncate: false,
  exclusive: false,
};

export interface S3FileSystemOptions {
  readonly store: ObjectStore;
  readonly session: StorageSession;
  /** Where the view begins in the bucket: a directory or one object, which need not exist. */
  readonly root: VirtualPath;
  /** Shared by everybody who reads from the storage: its limit is the memory of all downloads together. */
  readonly pool: BlockPool;
  readonly uploads: UploadSettings;
  /** Shared by all sessions of the storage. */
  readonly emptied: EmptiedDirectories;
  /** Called for each key that a listing leaves out because no path can spell it. */
  readonly onUnreadableName: () => void;
}

/**
 * No links, no space report: S3 has neither, and a made-up amount of free space would stop an upload that fits.
 * Directories above a new file need not exist, as in S3; one without a marker is gone with its last file, and shown as empty
 * for a while (`EmptiedDirectories`).
 */
export class S3FileSystem implements FileSystem {
  readonly #view: S3View;
  readonly #pool: BlockPool;
  readonly #uploads: UploadSettings;
  readonly #onUnreadableName: () => void;
  readonly #directories: Directories;
  readonly #renames: Renames;
  /**
   * The session's own uploads, by key. It can ask about one by path before there is an object: sshfs looks at every file
   * that it has made, and gives it up when there is none.
   */
  readonly #ownUploads = new Map<string, FileHandle>();

  readonly replacing: ReplaceCapability;

  constructor({ store, session, root, pool, uploads, emptied, onUnreadableName }: S3FileSystemOptions) {
    this.#view = new S3View({ store, session, root, emptied });
    this.#pool = pool;
    this.#uploads = uploads;
    this.#onUnreadableName = onUnreadableName;
    this.#directories = new Directories(this.#view);
    this.#renames = new Renames(this.#view);
    this.replacing = { replace: (from, to, mayMove) => this.#move(from, to, { replaces: true, mayMove }) };
  }

  async stat(path: VirtualPath): Promise<FileAttributes> {
    return reported(async () => {
      const entry = await this.#view.findOrEmptied(path);
      if (entry === undefined) return this.#ownUpload(path).stat();
      if (entry.kind === 'file') return fileAttributes(entry.head);
      const looksAtMarker = this.#view.session.directoryListing === 'markers';
      return directoryAttributes(looksAtMarker ? await this.#view.marker(entry.prefix) : undefined);
    });
  }

  async setAttributes(path: VirtualPath, changes: AttributeChanges): Promise<void> {
    return reported(async () => {
      const entry = await this.#view.find(path);
      if (entry === undefined) return this.#ownUpload(path).setAttributes(changes);
      await changeAttributes(this.#view, entry, changes, (head, sizeBytes) => this.#cut(head, sizeBytes));
    });
  }

  async open(path: VirtualPath, mode: OpenMode, initial: AttributeChanges): Promise<FileHandle> {
    return reported(async () => {
      const head = await this.#fileToOpen(path, mode);
      const key = this.#view.keys.file(path);
      return mode.write ? this.#openUpload(key, mode, initial, head) : this.#openReader(key, head);
    });
  }

  async list(path: VirtualPath): Promise<DirectoryReader> {
    return reported(() => openDirectory(this.#view, path, this.#onUnreadableName));
  }

  async makeDirectory(path: VirtualPath): Promise<void> {
    return reported(() => this.#directories.make(path));
  }

  async removeDirectory(path: VirtualPath): Promise<void> {
    return reported(() => this.#directories.remove(path));
  }

  async remove(path: VirtualPath): Promise<void> {
    return reported(async () => {
      checkNotRoot(path);
      const entry = await this.#view.get(path);
      if (entry.kind === 'directory') throw new FileError('IS_A_DIRECTORY');
      await this.#view.store.remove(entry.head.key, this.#view.signal);
      this.#directories.emptied(parentPath(path));
    });
  }

  rename(from: VirtualPath, to: VirtualPath, mayMove?: MoveCheck): Promise<void> {
    return this.#move(from, to, { replaces: false, mayMove });
  }

  async #move(from: VirtualPath, to: VirtualPath, options: MoveOptions): Promise<void> {
    return reported(async () => {
      checkNotRoot(from);
      checkNotRoot(to);
      await this.#renames.move(from, to, options);
      this.#directories.moved(from);
    });
  }

  /** The object there is, as far as the mode lets it be or not be there. @throws FileError */
  async #fileToOpen(path: VirtualPath, mode: OpenMode): Promise<ObjectHead | undefined> {
    const entry = await this.#entryToOpen(path, mode);
    if (entry?.kind === 'directory') throw new FileError('IS_A_DIRECTORY');
    if (entry === undefined && !mode.create) throw new FileError('NOT_FOUND');
    if (entry !== undefined && mode.create && mode.exclusive) throw new FileError('ALREADY_EXISTS');
    return entry?.head;
  }

  /** The root of a view without a key in it may be a file that is still to be made. */
  async #entryToOpen(path: VirtualPath, mode: OpenMode): Promise<Entry | undefined> {
    const isWrittenAnew = mode.write && mode.create && (mode.truncate || mode.exclusive);
    const entry = isWrittenAnew
      ? await this.#view.findBeforeWrite(path)
      : await this.#view.find(path, mode.create ? 'missing' : 'present');
    if (path !== ROOT || entry?.kind !== 'directory' || entry.prefix === '') return entry;
    return (await this.#view.hasKeys(entry.prefix)) ? entry : undefined;
  }

  /** @throws FileError NOT_FOUND */
  #ownUpload(path: VirtualPath): FileHandle {
    const upload = this.#ownUploads.get(this.#view.keys.file(path));
    if (upload === undefined) throw new FileError('NOT_FOUND');
    return upload;
  }

  async #openUpload(
    key: string,
    mode: OpenMode,
    initial: AttributeChanges,
    existing: ObjectHead | undefined,
  ): Promise<FileHandle> {
    const { store, session } = this.#view;
    const upload = await openUpload({
      store,
      key,
      mode,
      session,
      settings: this.#uploads,
      properties: uploadProperties(session, mode, initial, existing),
      ...(existing === undefined ? {} : { existing }),
      onEnded: () => {
        if (this.#ownUploads.get(key) === upload) this.#ownUploads.delete(key);
      },
    });
    this.#ownUploads.set(key, upload);
    return upload;
  }

  async #cut(head: ObjectHead, sizeBytes: number): Promise<void> {
    const handle = await this.#openUpload(head.key, CONTINUE, {}, head);
    try {
      await handle.setAttributes({ sizeBytes });
    } catch (error) {
      await handle.abort('failed');
      throw error;
    }
    await handle.close();
  }

  async #openReader(key: string, existing: ObjectHead | undefined): Promise<FileHandle> {
    const head = existing ?? (await this.#makeEmpty(key));
    const { store, signal } = this.#view;
    return new ObjectReader({ store, head, pool: this.#pool, signal });
  }

  /** Opened to be read, and made because the client asked for that. */
  async #makeEmpty(key: string): Promise<ObjectHead> {
    const { store, session, signal } = this.#view;
    const properties = objectProperties(session);
    await whereFree((condition) => store.put(key, EMPTY_BODY, properties, condition, signal));
    const head = await store.head(key, signal);
    if (head === undefined) throw new FileError('NOT_FOUND');
    return head;
  }
}

/** An object that is continued stays what it was; one that is written anew has nothing of the old one. */
function uploadProperties(
  session: StorageSession,
  mode: OpenMode,
  { times }: AttributeChanges,
  existing: ObjectHead | undefined,
): ObjectProperties {
  const continues = existing !== undefined && !mode.truncate;
  const properties = continues ? changedProperties(existing, session) : objectProperties(session);
  return times === undefined ? properties : withTime(properties, times.modifiedSeconds);
}

async function reported<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toFileError(error);
  }
}

function checkNotRoot(path: VirtualPath): void {
  if (path === ROOT) throw new FileError('PERMISSION_DENIED');
}
