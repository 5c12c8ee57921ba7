/** A bucket on disk as one session sees it: keys and objects, with directories where S3 has prefixes. */

import { FileError, toFileError } from '../../error.ts';
import type {
  AttributeChanges,
  DirectoryReader,
  FileAttributes,
  FileHandle,
  FileSystem,
  OpenMode,
  SpaceCapability,
} from '../../file-system.ts';
import type { StorageSession } from '../../storage.ts';
import { ROOT, rebase, type VirtualPath } from '../../virtual-path.ts';
import { FolderDirectoryReader } from './directory-reader.ts';
import { FolderDownload } from './download.ts';
import { changeObject } from './object-changes.ts';
import type { ObjectPlace } from './object-handle.ts';
import { withParents } from './parents.ts';
import type { Staging } from './staging.ts';
import { isBelowStaging } from './staging-name.ts';
import { FolderUpload, type UploadStart } from './upload.ts';

/** Longest key of S3, in UTF-8 bytes: what has a place here has one in a bucket on AWS too. */
const MAX_KEY_BYTES = 1024;

const READ: OpenMode = {
  read: true,
  write: false,
  append: false,
  create: false,
  truncate: false,
  exclusive: false,
};
const CHANGE: OpenMode = { ...READ, read: false, write: true };

export interface FolderFileSystemOptions {
  /** The bucket from its root, for this session. */
  readonly files: FileSystem;
  readonly staging: Staging;
  /** Where the view begins. */
  readonly base: VirtualPath;
  readonly partialUploads: StorageSession['partialUploads'];
}

export class FolderFileSystem implements FileSystem {
  readonly #files: FileSystem;
  readonly #staging: Staging;
  readonly #base: VirtualPath;
  readonly #partialUploads: StorageSession['partialUploads'];
  /**
   * The session's own uploads, by key. It can ask about one by path before there is an object: sshfs looks at every file
   * right after it made it, and gives up when there is none.
   */
  readonly #uploads = new Map<VirtualPath, FolderUpload>();

  readonly replacing = { replace: (from: VirtualPath, to: VirtualPath) => this.#replace(from, to) };
  readonly spaceReporting?: SpaceCapability;

  constructor({ files, staging, base, partialUploads }: FolderFileSystemOptions) {
    this.#files = files;
    this.#staging = staging;
    this.#base = base;
    this.#partialUploads = partialUploads;
    const { spaceReporting } = files;
    if (spaceReporting === undefined) return;
    this.spaceReporting = { space: async (path) => spaceReporting.space(this.#key(path)) };
  }

  async stat(path: VirtualPath, options: { readonly followLinks: boolean }): Promise<FileAttributes> {
    const key = this.#key(path);
    const upload = this.#uploads.get(key);
    try {
      return await this.#files.stat(key, options);
    } catch (error) {
      if (upload === undefined || toFileError(error).code !== 'NOT_FOUND') throw error;
    }
    // It may have been published or given up between the two looks.
    return upload.stat().catch(() => this.#files.stat(key, options));
  }

  async setAttributes(path: VirtualPath, changes: AttributeChanges): Promise<void> {
    const key = this.#key(path);
    try {
      await this.#files.stat(key, { followLinks: true });
    } catch (error) {
      const upload = this.#uploads.get(key);
      if (upload === undefined || toFileError(error).code !== 'NOT_FOUND') throw error;
      return upload.setAttributes(changes);
    }
    await changeObject(changes, {
      resize: (sizeBytes) => this.#resize(key, sizeBytes),
      setTimes: (times) => this.#files.setAttributes(key, { times }, { followLinks: true }),
    });
  }

  /** The mode that clients ask for is ignored, as on S3. */
  async open(path: VirtualPath, mode: OpenMode): Promise<FileHandle> {
    const key = this.#key(path);
    const place: ObjectPlace = { staging: this.#staging, key };
    if (mode.write) return this.#upload(place, mode, await this.#begin(key, mode));
    try {
      return new FolderDownload(place, await this.#files.open(key, READ, {}));
    } catch (error) {
      if (!mode.create || toFileError(error).code !== 'NOT_FOUND') throw error;
    }
    return this.#upload(place, mode, { kind: 'empty', staged: await this.#staging.begin() });
  }

  async list(path: VirtualPath): Promise<DirectoryReader> {
    return new FolderDirectoryReader(await this.#files.list(this.#key(path)));
  }

  async makeDirectory(path: VirtualPath): Promise<void> {
    const key = this.#key(path);
    await withParents(this.#files, key, () => this.#files.makeDirectory(key, {}));
  }

  async removeDirectory(path: VirtualPath): Promise<void> {
    checkNotRoot(path);
    await this.#files.removeDirectory(this.#key(path));
  }

  async remove(path: VirtualPath): Promise<void> {
    checkNotRoot(path);
    await this.#files.remove(this.#key(path));
  }

  rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    return this.#move(from, to, (source, target) => this.#files.rename(source, target));
  }

  #replace(from: VirtualPath, to: VirtualPath): Promise<void> {
    return this.#move(from, to, async (source, target) => {
      if (this.#files.replacing === undefined) throw new FileError('NOT_SUPPORTED');
      await this.#files.replacing.replace(source, target);
    });
  }

  async #move(
    from: VirtualPath,
    to: VirtualPath,
    action: (source: VirtualPath, target: VirtualPath) => Promise<void>,
  ): Promise<void> {
    checkNotRoot(from);
    checkNotRoot(to);
    const source = this.#key(from);
    const target = this.#key(to);
    // First, so that no directory is made for what does not exist.
    await this.#files.stat(source, { followLinks: false });
    await withParents(this.#files, target, () => action(source, target));
  }

  /** @throws FileError when the object, or the place for one, is not as `mode` asks */
  async #begin(key: VirtualPath, mode: OpenMode): Promise<UploadStart> {
    if (mode.create && mode.exclusive) return this.#beginEmpty(refuseAnything(this.#files, key), mode);
    if (mode.truncate) return this.#beginEmpty(checkObject(this.#files, key), mode);
    try {
      return await storedContent(this.#files, key);
    } catch (error) {
      if (!mode.create || toFileError(error).code !== 'NOT_FOUND') throw error;
    }
    return { kind: 'empty', staged: await this.#staging.begin() };
  }

  /** Stages while the object is looked at: both go to the file system in one trip, and most uploads are welcome. */
  async #beginEmpty(looking: Promise<void>, { create }: OpenMode): Promise<UploadStart> {
    const beginning = this.#staging.begin();
    const [refusal] = await Promise.all([
      looking.then(
        () => undefined,
        (error: unknown) => refusalOf(error, create),
      ),
      // Told below, unless the object is refused anyway.
      beginning.catch(() => {}),
    ]);
    if (refusal === undefined) return { kind: 'empty', staged: await beginning };
    await this.#staging.giveUp(beginning);
    throw refusal;
  }

  #upload(place: ObjectPlace, mode: OpenMode, start: UploadStart): FolderUpload {
    const { key } = place;
    const upload: FolderUpload = new FolderUpload({
      place,
      mode,
      start,
      partialUploads: this.#partialUploads,
      onEnded: () => {
        if (this.#uploads.get(key) === upload) this.#uploads.delete(key);
      },
    });
    this.#uploads.set(key, upload);
    return upload;
  }

  /** As an upload of its own: readers of the object keep what they have. */
  async #resize(key: VirtualPath, sizeBytes: number): Promise<void> {
    const place: ObjectPlace = { staging: this.#staging, key };
    const upload = new FolderUpload({
      place,
      mode: CHANGE,
      start: await this.#begin(key, CHANGE),
      partialUploads: 'discard',
      onEnded: () => {},
    });
    try {
      await upload.setAttributes({ sizeBytes });
    } catch (error) {
      await upload.abort('failed');
      throw error;
    }
    await upload.close();
  }

  /**
   * The path from the root of the bucket.
   *
   * @throws FileError NAME_TOO_LONG; NOT_FOUND in the staging folder, whatever is asked for
   */
  #key(path: VirtualPath): VirtualPath {
    const key = rebase(path, ROOT, this.#base);
    if (Buffer.byteLength(key) - 1 > MAX_KEY_BYTES) throw new FileError('NAME_TOO_LONG');
    if (isBelowStaging(key)) throw new FileError('NOT_FOUND');
    return key;
  }
}

/** That there is nothing yet is what an upload that may make the object hopes for. */
function refusalOf(error: unknown, create: boolean): FileError | undefined {
  const refusal = toFileError(error);
  return create && refusal.code === 'NOT_FOUND' ? undefined : refusal;
}

/** @throws FileError ALREADY_EXISTS, or NOT_FOUND: it never succeeds */
async function refuseAnything(files: FileSystem, key: VirtualPath): Promise<never> {
  await files.stat(key, { followLinks: false });
  throw new FileError('ALREADY_EXISTS');
}

/** @throws FileError when there is no object, or something else */
async function checkObject(files: FileSystem, key: VirtualPath): Promise<void> {
  const { type } = await files.stat(key, { followLinks: false });
  if (type === 'file') return;
  if (type === 'directory') throw new FileError('IS_A_DIRECTORY');
  throw new FileError('PERMISSION_DENIED', 'this is not a regular file');
}

async function storedContent(files: FileSystem, key: VirtualPath): Promise<UploadStart> {
  const stored = await files.open(key, READ, {});
  try {
    const { sizeBytes } = await stored.stat();
    return { kind: 'changed', stored, sizeBytes };
  } catch (error) {
    await stored.close();
    throw error;
  }
}

function checkNotRoot(path: VirtualPath): void {
  if (path === ROOT) throw new FileError('PERMISSION_DENIED');
}
