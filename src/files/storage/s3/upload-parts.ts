/** One multipart upload: parts on their way, bounded in number, and its one end. */

import { FileError, toFileError } from '../../error.ts';
import type {
  ByteRange,
  ObjectBody,
  ObjectHead,
  ObjectProperties,
  ObjectStore,
  PutCondition,
  UploadedPart,
  UploadOptions,
} from './object-store.ts';
import { MAX_PARTS, tooLarge } from './upload-schedule.ts';

/** For cleaning up, where nobody waits for anything else. */
const ABORT_DEADLINE_MS = 60_000;

export interface UploadPartsOptions {
  readonly store: ObjectStore;
  readonly key: string;
  readonly maxInFlight: number;
  /** Ends what is on its way. */
  readonly signal: AbortSignal;
}

export class UploadParts {
  readonly #store: ObjectStore;
  readonly #key: string;
  readonly #maxInFlight: number;
  readonly #signal: AbortSignal;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #done: UploadedPart[] = [];
  #uploadId: Promise<string> | undefined;
  #properties: ObjectProperties | undefined;
  #count = 0;
  #failure: FileError | undefined;
  #onRoom: (() => void) | undefined;

  constructor({ store, key, maxInFlight, signal }: UploadPartsOptions) {
    this.#store = store;
    this.#key = key;
    this.#maxInFlight = maxInFlight;
    this.#signal = signal;
  }

  /** Index of the next part, from 0. */
  get count(): number {
    return this.#count;
  }

  get isBegun(): boolean {
    return this.#uploadId !== undefined;
  }

  /** What the object will have; undefined before `begin`. */
  get properties(): ObjectProperties | undefined {
    return this.#properties;
  }

  /** Why the object can not come about any more. */
  get failure(): FileError | undefined {
    return this.#failure;
  }

  /** The service is asked at once, and nobody has to wait for it. */
  begin(properties: ObjectProperties, options: UploadOptions = {}): void {
    if (this.#uploadId !== undefined) return;
    this.#properties = properties;
    // Without the caller's signal: an upload that was made and whose id is not known could not be aborted.
    this.#uploadId = this.#store.createUpload(this.#key, properties, new AbortController().signal, options);
    this.#uploadId.catch((error: unknown) => this.#fail(error));
  }

  /** Resolves when one more part may be sent. @throws FileError the failure of a part, ABORTED by `signal`, NO_SPACE */
  async room(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#onRoom?.();
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (this.#inFlight.size >= this.#maxInFlight && this.#failure === undefined && !signal.aborted) {
        await new Promise<void>((resolve) => {
          this.#onRoom = resolve;
        });
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (signal.aborted) throw new FileError('ABORTED');
    if (this.#count >= MAX_PARTS) throw tooLarge();
  }

  /** Sends the next part. There has to be `room`. `onEnd` is called once, when its bytes are not read any more. */
  send(body: ObjectBody, onEnd: () => void): void {
    this.#start(
      (uploadId, number) => this.#store.uploadPart(this.#key, uploadId, number, body, this.#signal),
      onEnd,
    );
  }

  /** Makes the next part of a stretch of an object. There has to be `room`. */
  copy(source: ObjectHead, range: ByteRange): void {
    const from = { key: source.key, etag: source.etag, ...range };
    this.#start(
      (uploadId, number) => this.#store.copyPart(this.#key, uploadId, number, from, this.#signal),
      () => {},
    );
  }

  /** Waits for all parts and makes the object visible. Resolves to its ETag. @throws FileError */
  async complete(condition: PutCondition): Promise<string> {
    await this.#settled();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#uploadId === undefined) throw new FileError('INVALID_HANDLE');
    const parts = this.#done.toSorted((a, b) => a.partNumber - b.partNumber);
    return this.#store.completeUpload(this.#key, await this.#uploadId, parts, condition, this.#signal);
  }

  /** Waits for what is on its way, which the owner's signal may cut short, and removes all parts. Never rejects. */
  async abort(): Promise<void> {
    await this.#settled();
    try {
      if (this.#uploadId === undefined) return;
      const deadline = AbortSignal.timeout(ABORT_DEADLINE_MS);
      await this.#store.abortUpload(this.#key, await unlessAborted(this.#uploadId, deadline), deadline);
    } catch {
      // What stays behind is found and aborted by age.
    }
  }

  #start(send: (uploadId: string, partNumber: number) => Promise<UploadedPart>, onEnd: () => void): void {
    this.#count += 1;
    const sent = this.#run(send, this.#count).finally(() => {
      onEnd();
      this.#inFlight.delete(sent);
      this.#onRoom?.();
    });
    this.#inFlight.add(sent);
  }

  async #run(
    send: (uploadId: string, partNumber: number) => Promise<UploadedPart>,
    partNumber: number,
  ): Promise<void> {
    try {
      if (this.#uploadId === undefined) throw new FileError('INVALID_HANDLE');
      const uploadId = await unlessAborted(this.#uploadId, this.#signal);
      if (this.#failure !== undefined) return;
      this.#done.push(await send(uploadId, partNumber));
    } catch (error) {
      this.#fail(error);
    }
  }

  async #settled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  /** The first failure is the cause; those behind it mostly follow from it. */
  #fail(error: unknown): void {
    this.#failure ??= toFileError(error);
    this.#onRoom?.();
  }
}

/** The value, or ABORTED as soon as the signal says so, whatever becomes of the promise. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(new FileError('ABORTED'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
