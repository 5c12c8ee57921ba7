/** An object that is open for reading: the version that was there at OPEN, whatever is published meanwhile. */

import { FileError } from '../../error.ts';
import type {
  AbortOutcome,
  AbortReason,
  AttributeChanges,
  FileAttributes,
  FileHandle,
  FileSlice,
} from '../../file-system.ts';
import { changeObject } from './object-changes.ts';
import { ObjectHandle, type ObjectPlace } from './object-handle.ts';
import { FolderUpload } from './upload.ts';

export class FolderDownload extends ObjectHandle implements FileHandle {
  readonly #stored: FileHandle;

  constructor(place: ObjectPlace, stored: FileHandle) {
    super(place);
    this.#stored = stored;
  }

  read(position: number, byteCount: number): Promise<FileSlice> {
    return this.#stored.read(position, byteCount);
  }

  async write(): Promise<void> {
    throw new FileError('INVALID_HANDLE');
  }

  stat(): Promise<FileAttributes> {
    return this.#stored.stat();
  }

  setAttributes(changes: AttributeChanges): Promise<void> {
    return changeObject(changes, {
      resize: () => this.write(),
      setTimes: (times) => this.#stored.setAttributes({ times }),
    });
  }

  sync(): Promise<void> {
    return this.#stored.sync();
  }

  close(): Promise<void> {
    return this.#stored.close();
  }

  abort(reason: AbortReason): Promise<AbortOutcome> {
    return this.#stored.abort(reason);
  }

  async copyTo(
    position: number,
    byteCount: number,
    target: FileHandle,
    targetPosition: number,
  ): Promise<void> {
    if (!(target instanceof FolderUpload)) throw new FileError('NOT_SUPPORTED');
    await target.receive(this.#stored, { position, byteCount, targetPosition });
  }
}
