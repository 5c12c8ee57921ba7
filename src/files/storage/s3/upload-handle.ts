/**
 * An object of S3 that is being written. Bytes are answered for when they are in memory, as a page cache does it: a part
 * is larger than what clients send before they wait for an answer. What goes wrong later is told at the next write, and
 * at CLOSE, which says OK only when the object is there.
 */

import { FileError, toFileError } from '../../error.ts';
import type {
  AbortOutcome,
  AbortReason,
  AttributeChanges,
  FileAttributes,
  FileHandle,
  FileSlice,
} from '../../file-system.ts';
import { fileAttributes, withTime } from './attributes.ts';
import type { ObjectHead, ObjectProperties } from './object-store.ts';
import type { UploadOptions } from './upload.ts';
import { UploadContent, type UploadStep } from './upload-content.ts';
import type { UploadAccount } from './upload-memory.ts';

/** For storing what came of an upload whose client is gone: nobody waits for it, and a drain must end. */
const PARTIAL_DEADLINE_MS = 120_000;
const NOTHING: FileSlice = { views: [], byteCount: 0, release: () => {} };

export class UploadHandle implements FileHandle {
  readonly #options: UploadOptions;
  readonly #account: UploadAccount;
  readonly #content: UploadContent;
  readonly #work = new AbortController();
  #properties: ObjectProperties;
  #hasNewTimes = false;
  #changedMs = Date.now();
  #failure: FileError | undefined;
  /** A write ended because the session did, so nothing failed but the line. */
  #isCutOff = false;
  #isEnded = false;
  #discarding: Promise<void> | undefined;

  /** As `openUpload`, which has checked the mode. */
  constructor(options: UploadOptions) {
    const { store, key, mode, settings, existing } = options;
    const { memory, firstPartBytes, partsInFlight } = settings;
    this.#options = options;
    this.#properties = options.properties;
    this.#account = memory.open((error) => this.#giveUp(error));
    this.#content = new UploadContent({
      store,
      key,
      firstPartBytes,
      partsInFlight,
      maxPartBytes: memory.maxClaimBytes,
      account: this.#account,
      base: mode.truncate ? undefined : existing,
      condition: mode.create && mode.exclusive ? { mustBeNew: true } : {},
      signal: this.#work.signal,
    });
  }

  /**
   * Many clients ask for reading too and never read. The old object can be read until the first write.
   *
   * @throws FileError NOT_SUPPORTED
   */
  async read(position: number, byteCount: number): Promise<FileSlice> {
    this.#checkOpen();
    if (!this.#options.mode.read) throw new FileError('INVALID_HANDLE');
    const wanted = Math.min(byteCount, this.#content.sizeBytes - position);
    if (wanted <= 0) return NOTHING;
    const old = this.#content.unchanged;
    if (old === undefined) {
      throw new FileError('NOT_SUPPORTED', 'an S3 object cannot be read while it is being written');
    }
    return this.#readOld(old, position, wanted);
  }

  write(views: readonly Uint8Array[], position: number): Promise<void> {
    return this.#run(async () => {
      if (!this.#options.mode.write) throw new FileError('INVALID_HANDLE');
      const at = this.#options.mode.append ? this.#content.end : position;
      await this.#content.write(views, at, this.#step(this.#options.session.signal));
      this.#changedMs = Date.now();
    });
  }

  async stat(): Promise<FileAttributes> {
    this.#checkOpen();
    return fileAttributes({
      key: this.#options.key,
      sizeBytes: this.#content.sizeBytes,
      lastModifiedMs: this.#changedMs,
      etag: '',
      metadata: this.#properties.metadata,
    });
  }

  /** Times are kept until the object is made. All that can be is done before what cannot is refused. */
  async setAttributes({ sizeBytes, times, mode, owner }: AttributeChanges): Promise<void> {
    this.#checkOpen();
    if (times !== undefined) {
      this.#properties = withTime(this.#properties, times.modifiedSeconds);
      this.#hasNewTimes = true;
    }
    if (sizeBytes !== undefined) await this.#account.during(() => this.#content.resize(sizeBytes));
    if (mode !== undefined || owner !== undefined)
      throw new FileError('NOT_SUPPORTED', 'FSETSTAT unsupported');
  }

  /** Only CLOSE puts an object on stable storage, and to say so earlier would be a lie. */
  async sync(): Promise<void> {
    this.#checkOpen();
    throw new FileError('NOT_SUPPORTED', 'an S3 object is stored when CLOSE is answered, and not before');
  }

  async close(): Promise<void> {
    this.#checkEnd();
    try {
      if (this.#failure !== undefined) {
        await this.#discard();
        throw this.#failure;
      }
      await this.#account.during(() => this.#commit());
    } finally {
      this.#options.onEnded?.();
    }
  }

  async abort(reason: AbortReason): Promise<AbortOutcome> {
    if (this.#isEnded) return 'discarded';
    this.#isEnded = true;
    try {
      return await this.#giveIn(reason);
    } finally {
      this.#options.onEnded?.();
    }
  }

  async #giveIn(reason: AbortReason): Promise<AbortOutcome> {
    // A write that ended with the session is told as failed, though the bytes before it are as good as any.
    const isCutOff = reason === 'disconnected' || this.#isCutOff;
    if (isCutOff && this.#failure === undefined && this.#content.hasWrites && this.#storesPartial) {
      return this.#account.during(() => this.#storePartial());
    }
    await this.#discard();
    return 'discarded';
  }

  get #storesPartial(): boolean {
    return this.#options.session.partialUploads === 'store';
  }

  async #storePartial(): Promise<AbortOutcome> {
    const deadline = setTimeout(() => this.#work.abort(), PARTIAL_DEADLINE_MS).unref();
    try {
      this.#content.dropAhead();
      await this.#commit();
      return 'kept';
    } catch {
      return 'discarded';
    } finally {
      clearTimeout(deadline);
    }
  }

  /** @throws FileError, after everything was cleaned up */
  async #commit(): Promise<void> {
    try {
      const unchanged = this.#content.unchanged;
      if (unchanged === undefined) await this.#make();
      else if (this.#hasNewTimes) await this.#setTimes(unchanged);
    } catch (error) {
      await this.#discard();
      throw toFileError(error);
    }
    this.#account.close();
  }

  async #make(): Promise<void> {
    const made = await this.#content.commit(this.#step(this.#work.signal));
    // Set after the multipart upload had begun, which takes the metadata with it.
    if (made.metadata === this.#properties.metadata) return;
    try {
      await this.#setTimes(made);
    } catch (error) {
      // The file is stored, and a client told otherwise would send it again.
      this.#options.settings.onTimesLost?.(this.#options.key, toFileError(error));
    }
  }

  #setTimes(head: ObjectHead): Promise<void> {
    return this.#options.store.copy(head, head.key, this.#properties, {}, this.#work.signal);
  }

  async #readOld(old: ObjectHead, position: number, byteCount: number): Promise<FileSlice> {
    const { store, key, session } = this.#options;
    const views: Uint8Array[] = [];
    const range = { position, byteCount };
    try {
      for await (const view of await store.get(key, range, { ifMatch: old.etag }, session.signal))
        views.push(view);
    } catch (error) {
      throw toFileError(error);
    }
    return { views, byteCount, release: () => {} };
  }

  /** From now on nothing but the end of the handle works. */
  async #run(work: () => Promise<void>): Promise<void> {
    this.#checkOpen();
    try {
      await this.#account.during(work);
    } catch (error) {
      const failure = toFileError(error);
      this.#isCutOff = failure.code === 'ABORTED' && this.#options.session.signal.aborted;
      if (!this.#isCutOff) this.#failure ??= failure;
      throw failure;
    }
  }

  #giveUp(error: FileError): void {
    this.#failure ??= error;
    void this.#discard();
  }

  /** Frees the memory and removes the parts. Never rejects. */
  #discard(): Promise<void> {
    this.#discarding ??= (async () => {
      this.#work.abort();
      await this.#content.discard();
      this.#account.close();
    })();
    return this.#discarding;
  }

  #step(signal: AbortSignal): UploadStep {
    return { properties: this.#properties, signal };
  }

  #checkOpen(): void {
    if (this.#isEnded) throw new FileError('INVALID_HANDLE');
    const failure = this.#failure ?? this.#content.failure;
    if (failure !== undefined) throw failure;
  }

  #checkEnd(): void {
    if (this.#isEnded) throw new FileError('INVALID_HANDLE');
    this.#isEnded = true;
    this.#failure ??= this.#content.failure;
  }
}
