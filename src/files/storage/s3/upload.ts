/** Opens an object of S3 for writing. */

import { FileError } from '../../error.ts';
import type { FileHandle, OpenMode } from '../../file-system.ts';
import type { StorageSession } from '../../storage.ts';
import type { ObjectHead, ObjectProperties, ObjectStore } from './object-store.ts';
import { UploadHandle } from './upload-handle.ts';
import type { UploadMemory } from './upload-memory.ts';

export interface UploadSettings {
  /** Shared by all uploads of the process. */
  readonly memory: UploadMemory;
  /** Size of the first parts of a multipart upload, and of what goes up as one PUT; 5 MiB at least. */
  readonly firstPartBytes: number;
  /** Parts of one upload that are sent at a time. */
  readonly partsInFlight: number;
  /** The object was stored, and the time that a client had set could not be added to it. */
  readonly onTimesLost?: (key: string, error: FileError) => void;
}

export interface UploadOptions {
  readonly store: ObjectStore;
  readonly key: string;
  readonly mode: OpenMode;
  readonly session: Pick<StorageSession, 'partialUploads' | 'signal'>;
  readonly settings: UploadSettings;
  /** What the object gets; a time set on the handle adds `mtime` to its metadata. */
  readonly properties: ObjectProperties;
  /** What HEAD found at the key. */
  readonly existing?: ObjectHead | undefined;
  /** Called once, when the handle was closed or aborted and all that comes of it is there. */
  readonly onEnded?: () => void;
}

/**
 * Nothing is sent until a part is full or the handle ends. The caller has made sure that `key` is no directory.
 *
 * @throws FileError ALREADY_EXISTS, NOT_FOUND
 */
export async function openUpload(options: UploadOptions): Promise<FileHandle> {
  const { mode, existing } = options;
  if (mode.create && mode.exclusive && existing !== undefined) throw new FileError('ALREADY_EXISTS');
  if (!mode.create && existing === undefined) throw new FileError('NOT_FOUND');
  return new UploadHandle(options);
}
