/** The body of a GET: taken up again where it broke off, given up when nothing moves, patient with a slow consumer. */

import type { Readable } from 'node:stream';
import { FileError } from '../../error.ts';
import { failureOf } from './attempts.ts';
import { failureToFileError, isPassing, LOCAL_CODES, S3Failure } from './errors.ts';
import type { ByteRange } from './object-store.ts';
import type { ProgressWatch } from './progress-watch.ts';

const OPERATION = 'GetObject';
/** Times a body may break off without a byte in between. */
const MAX_BREAKS = 3;

/** The answer to one GET. */
export interface OpenBody {
  readonly stream: Readable;
  readonly watch: ProgressWatch;
  /** Of the object the bytes belong to. */
  readonly etag: string | undefined;
}

/** Asks for a stretch, with the retries of a call; `ifMatch` is the ETag of the bytes before it. */
export type OpenRange = (range: ByteRange, ifMatch: string | undefined) => Promise<OpenBody>;

/** Ends with its iteration: whoever does not read to the end calls `return`, as `for await` does. */
export class RangedDownload implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #openRange: OpenRange;
  readonly #end: number;
  #position: number;
  #body: OpenBody;
  #chunks: AsyncIterator<unknown>;
  #breaks = 0;

  constructor(openRange: OpenRange, range: ByteRange, body: OpenBody) {
    this.#openRange = openRange;
    this.#position = range.position;
    this.#end = range.position + range.byteCount;
    this.#body = body;
    this.#chunks = body.stream[Symbol.asyncIterator]();
  }

  /** The first request is made here, so that a missing object is known before anybody reads. */
  static async open(
    openRange: OpenRange,
    range: ByteRange,
    ifMatch: string | undefined,
  ): Promise<RangedDownload> {
    return new RangedDownload(openRange, range, await openRange(range, ifMatch));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      this.#body.watch.progressed();
      try {
        const { value, done } = await this.#chunks.next();
        if (done === true) return this.#finish();
        if (!(value instanceof Uint8Array)) throw new TypeError('a body of S3 is made of bytes');
        this.#body.watch.pause();
        this.#position += value.length;
        this.#breaks = 0;
        return { value, done: false };
      } catch (error) {
        await this.#resume(error);
      }
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#close();
    return { value: undefined, done: true };
  }

  #finish(): IteratorResult<Uint8Array, undefined> {
    this.#close();
    return { value: undefined, done: true };
  }

  #close(): void {
    this.#body.watch.end();
    this.#body.stream.destroy();
  }

  async #resume(error: unknown): Promise<void> {
    this.#close();
    const failure = brokenOff(error, this.#body.watch);
    this.#breaks += 1;
    if (!isPassing(failure) || this.#breaks > MAX_BREAKS) throw failureToFileError(failure);
    const rest = { position: this.#position, byteCount: this.#end - this.#position };
    this.#body = await this.#openRange(rest, this.#body.etag);
    this.#chunks = this.#body.stream[Symbol.asyncIterator]();
  }
}

/** @throws FileError ABORTED */
function brokenOff(error: unknown, watch: ProgressWatch): S3Failure {
  if (error instanceof FileError) throw error;
  const failure = failureOf(OPERATION, error, watch);
  // Node names a body that was cut off differently from one layer to the next; all of them are a lost line.
  return failure.httpStatus === undefined && !isPassing(failure)
    ? new S3Failure(OPERATION, LOCAL_CODES.malformed, { text: failure.message, cause: error })
    : failure;
}
