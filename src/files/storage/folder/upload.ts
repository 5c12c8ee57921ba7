/** An object that is being written: nobody sees any of it before CLOSE. */

import { FileError, toFileError } from '../../error.ts';
import type {
  AbortOutcome,
  AbortReason,
  AttributeChanges,
  FileAttributes,
  FileHandle,
  FileSlice,
  OpenMode,
} from '../../file-system.ts';
import type { StorageSession } from '../../storage.ts';
import { ArrivedBytes } from './arrived-bytes.ts';
import { copyBeginning } from './copy.ts';
import { changeObject } from './object-changes.ts';
import { ObjectHandle, type ObjectPlace } from './object-handle.ts';
import type { StagedFile } from './staging.ts';

/** What an upload begins with. */
export type UploadStart =
  | { readonly kind: 'empty'; readonly staged: StagedFile }
  /** The object as it is, which the upload changes; staged when that is first asked for. */
  | { readonly kind: 'changed'; readonly stored: FileHandle; readonly sizeBytes: number };

export interface UploadOptions {
  readonly place: ObjectPlace;
  readonly mode: OpenMode;
  readonly start: UploadStart;
  readonly partialUploads: StorageSession['partialUploads'];
  /** Called once, when nothing more will happen. */
  readonly onEnded: () => void;
}

export interface CopyRange {
  readonly position: number;
  /** 0: to the end. */
  readonly byteCount: number;
  readonly targetPosition: number;
}

export class FolderUpload extends ObjectHandle implements FileHandle {
  readonly #mode: OpenMode;
  readonly #partialUploads: StorageSession['partialUploads'];
  readonly #onEnded: () => void;
  /** What reads see: the object as it is until something is changed, then the staged file. */
  #current: FileHandle;
  #staged: StagedFile | undefined;
  #sizeBytes: number;
  #arrived: ArrivedBytes;
  /** Something of what is asked for is in the staged file. */
  #hasArrived = false;
  /** Set at the end: a staged file with an old time would pass for one that nobody works on. */
  #times: AttributeChanges['times'];
  #hasEnded = false;

  constructor({ place, mode, start, partialUploads, onEnded }: UploadOptions) {
    super(place);
    this.#mode = mode;
    this.#partialUploads = partialUploads;
    this.#onEnded = onEnded;
    if (start.kind === 'changed') {
      this.#current = start.stored;
      this.#sizeBytes = start.sizeBytes;
    } else {
      this.#staged = start.staged;
      this.#current = start.staged.handle;
      this.#sizeBytes = 0;
    }
    this.#arrived = new ArrivedBytes(this.#sizeBytes);
  }

  read(position: number, byteCount: number): Promise<FileSlice> {
    if (!this.#mode.read) return Promise.reject(new FileError('INVALID_HANDLE'));
    return this.#current.read(position, byteCount);
  }

  async write(views: readonly Uint8Array[], position: number): Promise<void> {
    this.#checkWritable();
    const byteCount = views.reduce((sum, view) => sum + view.length, 0);
    if (byteCount === 0) return;
    const staged = this.#staged ?? (await this.#stage(this.#sizeBytes));
    const start = this.#mode.append ? this.#sizeBytes : position;
    await staged.handle.write(views, start);
    this.#note(start, start + byteCount);
  }

  /** Copies from another handle of this storage, where its file system can. @throws FileError NOT_SUPPORTED */
  async receive(source: FileHandle, { position, byteCount, targetPosition }: CopyRange): Promise<void> {
    this.#checkWritable();
    if (source.copyTo === undefined) throw new FileError('NOT_SUPPORTED');
    const available = Math.max(0, (await source.stat()).sizeBytes - position);
    const copied = byteCount === 0 ? available : Math.min(byteCount, available);
    if (copied === 0) return;
    const staged = this.#staged ?? (await this.#stage(this.#sizeBytes));
    const start = this.#mode.append ? this.#sizeBytes : targetPosition;
    await source.copyTo(position, copied, staged.handle, start);
    this.#note(start, start + copied);
  }

  async copyTo(
    position: number,
    byteCount: number,
    target: FileHandle,
    targetPosition: number,
  ): Promise<void> {
    if (!this.#mode.read) throw new FileError('INVALID_HANDLE');
    if (!(target instanceof FolderUpload)) throw new FileError('NOT_SUPPORTED');
    await target.receive(this.#current, { position, byteCount, targetPosition });
  }

  async stat(): Promise<FileAttributes> {
    const attributes = await this.#current.stat();
    if (this.#times === undefined) return attributes;
    const { accessedSeconds, modifiedSeconds } = this.#times;
    return { ...attributes, accessedMs: accessedSeconds * 1000, modifiedMs: modifiedSeconds * 1000 };
  }

  setAttributes(changes: AttributeChanges): Promise<void> {
    return changeObject(changes, {
      resize: (sizeBytes) => this.#resize(sizeBytes),
      setTimes: async (times) => {
        this.#times = times;
      },
    });
  }

  /** What arrived is on stable storage; its name is not before CLOSE. */
  sync(): Promise<void> {
    return this.#current.sync();
  }

  async close(): Promise<void> {
    this.#end();
    try {
      await this.#commit();
    } finally {
      this.#onEnded();
    }
  }

  async abort(reason: AbortReason): Promise<AbortOutcome> {
    if (this.#hasEnded) return 'kept';
    this.#end();
    try {
      if (reason === 'disconnected' && (await this.#cutAtGap())) {
        await this.#commit();
        return 'kept';
      }
    } catch {
      // The client is gone: the outcome says what came of it.
    } finally {
      await this.#discard();
      this.#onEnded();
    }
    return 'discarded';
  }

  async #commit(): Promise<void> {
    const staged = this.#staged;
    try {
      if (this.#times !== undefined) await this.#current.setAttributes({ times: this.#times });
      await this.#current.close();
      if (staged === undefined) return;
      const { staging, key } = this.place;
      await staging.publish({
        from: staged.path,
        to: key,
        isExclusive: this.#mode.create && this.#mode.exclusive,
      });
      this.#staged = undefined;
    } catch (error) {
      await this.#discard();
      throw error;
    }
  }

  /** Of what came out of order, only what has everything before it is an object. @returns whether there is one */
  async #cutAtGap(): Promise<boolean> {
    const { endWithoutGap } = this.#arrived;
    if (this.#partialUploads === 'discard' || !this.#hasArrived || endWithoutGap === 0) return false;
    if (endWithoutGap < this.#sizeBytes) await this.#current.setAttributes({ sizeBytes: endWithoutGap });
    return true;
  }

  async #discard(): Promise<void> {
    // Closed already, where CLOSE itself failed: then this changes nothing.
    await this.#current.abort('failed');
    if (this.#staged !== undefined) await this.place.staging.discard(this.#staged.path);
    this.#staged = undefined;
  }

  async #resize(sizeBytes: number): Promise<void> {
    this.#checkWritable();
    if (sizeBytes === this.#sizeBytes) return;
    const staged = this.#staged ?? (await this.#stage(Math.min(sizeBytes, this.#sizeBytes)));
    if (sizeBytes !== this.#sizeBytes) await staged.handle.setAttributes({ sizeBytes });
    this.#arrived.cut(sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  /** Begins the staged file with so much of the object. */
  async #stage(keptBytes: number): Promise<StagedFile> {
    const stored = this.#current;
    const staged = await this.place.staging.begin();
    try {
      await copyBeginning(stored, staged.handle, keptBytes);
    } catch (error) {
      await staged.handle.abort('failed');
      await this.place.staging.discard(staged.path);
      throw toFileError(error);
    }
    this.#staged = staged;
    this.#current = staged.handle;
    this.#sizeBytes = keptBytes;
    this.#arrived = new ArrivedBytes(keptBytes);
    await stored.close();
    return staged;
  }

  #note(start: number, end: number): void {
    this.#hasArrived = true;
    this.#sizeBytes = Math.max(this.#sizeBytes, end);
    this.#arrived.add(start, end);
  }

  #checkWritable(): void {
    if (!this.#mode.write || this.#hasEnded) throw new FileError('INVALID_HANDLE');
  }

  #end(): void {
    if (this.#hasEnded) throw new FileError('INVALID_HANDLE');
    this.#hasEnded = true;
  }
}
