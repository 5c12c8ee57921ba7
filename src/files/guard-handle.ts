/** An open file of a session that may read it and not change it. */

import type {
  AbortOutcome,
  AbortReason,
  AttributeChanges,
  FileAttributes,
  FileHandle,
  FileSlice,
} from './file-system.ts';

/** Reads go straight through; changes of attributes ask first, since a handle for reading can be used to make them. */
export class GuardedReadHandle implements FileHandle {
  readonly #handle: FileHandle;
  readonly #check: (changes: AttributeChanges) => void;

  readonly copyTo?: NonNullable<FileHandle['copyTo']>;
  readonly isSameFile?: NonNullable<FileHandle['isSameFile']>;

  /** @param check throws what a change is refused with */
  constructor(handle: FileHandle, check: (changes: AttributeChanges) => void) {
    this.#handle = handle;
    this.#check = check;
    if (handle.copyTo !== undefined) this.copyTo = handle.copyTo.bind(handle);
    if (handle.isSameFile !== undefined) {
      const isSameFile = handle.isSameFile.bind(handle);
      this.isSameFile = (other) => isSameFile(GuardedReadHandle.#bare(other));
    }
  }

  /** Storages know their own handles only. */
  static #bare(handle: FileHandle): FileHandle {
    return #handle in handle ? handle.#handle : handle;
  }

  read(position: number, byteCount: number): Promise<FileSlice> {
    return this.#handle.read(position, byteCount);
  }

  write(views: readonly Uint8Array[], position: number): Promise<void> {
    return this.#handle.write(views, position);
  }

  stat(): Promise<FileAttributes> {
    return this.#handle.stat();
  }

  async setAttributes(changes: AttributeChanges): Promise<void> {
    this.#check(changes);
    await this.#handle.setAttributes(changes);
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  abort(reason: AbortReason): Promise<AbortOutcome> {
    return this.#handle.abort(reason);
  }
}
