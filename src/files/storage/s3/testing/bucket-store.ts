/** An object store on a simulated bucket in this process: no sockets, no retries, and a say in every call. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { FileError } from '../../../error.ts';
import type {
  ByteRange,
  ListPage,
  ObjectBody,
  ObjectHead,
  ObjectProperties,
  ObjectStore,
  PendingUpload,
  PutCondition,
  UploadedPart,
} from '../object-store.ts';
import { SimulatedBucket, type SimulatedObject } from './simulated-bucket.ts';

const S3_MIN_PART_BYTES = 5 * 1024 * 1024;

export interface StoreCall {
  readonly name: keyof ObjectStore;
  /** How many calls of this name there were, this one included. */
  readonly count: number;
  readonly byteCount: number;
}

export class BucketStore implements ObjectStore {
  readonly bucket = 'in-process';
  readonly contents: SimulatedBucket;
  readonly calls: StoreCall[] = [];
  /** Runs inside of every call, before it does anything; what it throws is the answer. */
  before: (call: StoreCall, signal: AbortSignal) => Promise<void> = async () => {};
  #running = 0;
  maxRunning = 0;

  constructor(minPartBytes = S3_MIN_PART_BYTES) {
    this.contents = new SimulatedBucket({ minPartBytes, now: () => 1_000_000 });
  }

  /** Calls that have not ended. */
  get running(): number {
    return this.#running;
  }

  count(name: keyof ObjectStore): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  head(key: string, signal: AbortSignal): Promise<ObjectHead | undefined> {
    return this.#call('head', 0, signal, () => this.headNow(key));
  }

  /** As `head`, at once. */
  headNow(key: string): ObjectHead | undefined {
    const found = this.contents.find(key);
    return found === undefined ? undefined : { ...found, sizeBytes: found.bytes.length };
  }

  get(
    key: string,
    { position, byteCount }: ByteRange,
    { ifMatch }: { readonly ifMatch?: string },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    return this.#call('get', byteCount, signal, () => {
      const bytes = this.#pinned(key, ifMatch).bytes.subarray(position, position + byteCount);
      const cut = Math.ceil(bytes.length / 3);
      return asyncViews([bytes.subarray(0, cut), bytes.subarray(cut)]);
    });
  }

  list(): Promise<ListPage> {
    throw new Error('uploads list nothing');
  }

  put(
    key: string,
    body: ObjectBody,
    properties: ObjectProperties,
    condition: PutCondition,
    signal: AbortSignal,
  ): Promise<string> {
    return this.#call('put', body.byteCount, signal, () => {
      this.#checkNew(key, condition);
      return this.contents.put(key, joined(body), properties).etag;
    });
  }

  async copy(
    from: ObjectHead,
    toKey: string,
    properties: ObjectProperties | undefined,
    condition: PutCondition,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#call('copy', from.sizeBytes, signal, () => {
      this.#checkNew(toKey, condition);
      const source = this.#pinned(from.key, from.etag);
      this.contents.put(toKey, source.bytes, properties ?? source);
    });
  }

  remove(key: string, signal: AbortSignal): Promise<void> {
    return this.#call('remove', 0, signal, () => this.contents.remove(key));
  }

  createUpload(key: string, properties: ObjectProperties, signal: AbortSignal): Promise<string> {
    const contentType = properties.contentType ?? 'binary/octet-stream';
    return this.#call('createUpload', 0, signal, () =>
      this.contents.beginUpload(key, { ...properties, contentType }),
    );
  }

  uploadPart(
    key: string,
    uploadId: string,
    partNumber: number,
    body: ObjectBody,
    signal: AbortSignal,
  ): Promise<UploadedPart> {
    return this.#call('uploadPart', body.byteCount, signal, () => {
      const { etag } = this.contents.putPart(key, uploadId, partNumber, joined(body));
      return { partNumber, etag };
    });
  }

  copyPart(
    key: string,
    uploadId: string,
    partNumber: number,
    source: { readonly key: string; readonly etag: string } & ByteRange,
    signal: AbortSignal,
  ): Promise<UploadedPart> {
    return this.#call('copyPart', source.byteCount, signal, () => {
      const { bytes } = this.#pinned(source.key, source.etag);
      const range = Buffer.from(bytes.subarray(source.position, source.position + source.byteCount));
      const { etag } = this.contents.putPart(key, uploadId, partNumber, range);
      return { partNumber, etag };
    });
  }

  completeUpload(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
    condition: PutCondition,
    signal: AbortSignal,
  ): Promise<string> {
    return this.#call('completeUpload', 0, signal, () => {
      this.#checkNew(key, condition);
      return this.contents.complete(key, uploadId, parts).etag;
    });
  }

  abortUpload(key: string, uploadId: string, signal: AbortSignal): Promise<void> {
    return this.#call('abortUpload', 0, signal, () => this.contents.abort(key, uploadId));
  }

  pendingUploads(): AsyncIterable<PendingUpload> {
    throw new Error('uploads look for nothing');
  }

  /** The body is read at the end of the call, so that bytes which were overwritten too early are seen. */
  async #call<T>(name: keyof ObjectStore, byteCount: number, signal: AbortSignal, work: () => T): Promise<T> {
    const call = { name, byteCount, count: this.count(name) + 1 };
    this.calls.push(call);
    this.#running += 1;
    this.maxRunning = Math.max(this.maxRunning, this.#running);
    try {
      signal.throwIfAborted();
      await nextTurn();
      await this.before(call, signal);
      signal.throwIfAborted();
      return work();
    } catch (error) {
      if (error instanceof FileError) throw error;
      throw new FileError(signal.aborted ? 'ABORTED' : 'IO_ERROR', undefined, { cause: error });
    } finally {
      this.#running -= 1;
    }
  }

  #pinned(key: string, etag: string | undefined): SimulatedObject {
    const found = this.contents.get(key);
    if (etag !== undefined && found.etag !== etag) throw new FileError('IO_ERROR', 'replaced meanwhile');
    return found;
  }

  #checkNew(key: string, { mustBeNew }: PutCondition): void {
    if (mustBeNew === true && this.contents.find(key) !== undefined) throw new FileError('ALREADY_EXISTS');
  }
}

function joined({ views, byteCount }: ObjectBody): Buffer {
  const bytes = Buffer.concat(views);
  if (bytes.length !== byteCount) throw new Error('the body is not as long as it says');
  return bytes;
}

async function* asyncViews(views: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const view of views) {
    await nextTurn();
    yield view;
  }
}
