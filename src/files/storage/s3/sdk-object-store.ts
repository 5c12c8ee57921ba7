/** The object store on the AWS SDK's S3 client: any service that speaks S3, with retries, deadlines and proof. */

import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { FileError } from '../../error.ts';
import type { Attempt } from './attempts.ts';
import { crc32Base64 } from './body.ts';
import { COPY_LIMITS, type CopyLimits, copyInParts } from './copying.ts';
import { LOCAL_CODES, S3Failure } from './errors.ts';
import { MultipartUploads, type UploadRecord } from './multipart-uploads.ts';
import type {
  ByteRange,
  CopySource,
  ListPage,
  ListQuery,
  ObjectBody,
  ObjectHead,
  ObjectProperties,
  ObjectStore,
  PendingUpload,
  PutCondition,
  UploadedPart,
  UploadOptions,
} from './object-store.ts';
import { type OpenBody, RangedDownload } from './ranged-download.ts';
import {
  conditionHeaders,
  nameDecoder,
  newToken,
  payload,
  type RequestOptions,
  Requests,
  rangeHeader,
  required,
} from './requests.ts';

const EMPTY: ObjectBody = { views: [], byteCount: 0 };

export interface SdkObjectStoreOptions extends RequestOptions {
  readonly record?: UploadRecord | undefined;
  /** Those of S3 when absent. */
  readonly copyLimits?: CopyLimits;
}

export class SdkObjectStore implements ObjectStore {
  readonly bucket: string;
  readonly #copyLimits: CopyLimits;
  readonly #requests: Requests;
  readonly #uploads: MultipartUploads;

  constructor(options: SdkObjectStoreOptions) {
    this.bucket = options.bucket;
    this.#copyLimits = options.copyLimits ?? COPY_LIMITS;
    this.#requests = new Requests(options);
    this.#uploads = new MultipartUploads(this.#requests, options.record);
  }

  async head(key: string, signal: AbortSignal): Promise<ObjectHead | undefined> {
    return (await this.#requests.head(key, signal))?.head;
  }

  get(
    key: string,
    range: ByteRange,
    options: { readonly ifMatch?: string },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    const openRange = (stretch: ByteRange, ifMatch: string | undefined) =>
      this.#openRange(key, stretch, ifMatch, signal);
    return RangedDownload.open(openRange, range, options.ifMatch);
  }

  async list({ prefix, delimiter, token, maxKeys }: ListQuery, signal: AbortSignal): Promise<ListPage> {
    const page = await this.#requests.call('ListObjectsV2', signal, ({ watch }) =>
      this.#requests.client.send(
        new ListObjectsV2Command({
          Bucket: this.bucket,
          Prefix: prefix,
          Delimiter: delimiter,
          ContinuationToken: token,
          MaxKeys: maxKeys,
          // Keys may hold characters that XML cannot.
          EncodingType: 'url',
        }),
        { abortSignal: watch.signal },
      ),
    );
    const decode = nameDecoder(page.EncodingType);
    return {
      objects: (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified, ETag = '' }) => ({
        key: decode(Key),
        sizeBytes: Size,
        lastModifiedMs: LastModified?.getTime() ?? 0,
        etag: ETag,
      })),
      prefixes: (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => decode(Prefix)),
      ...(page.NextContinuationToken === undefined ? {} : { nextToken: page.NextContinuationToken }),
    };
  }

  async put(
    key: string,
    body: ObjectBody,
    properties: ObjectProperties,
    condition: PutCondition,
    signal: AbortSignal,
  ): Promise<string> {
    const operation = 'PutObject';
    const token = newToken();
    const checksum = crc32Base64(body);
    const limits = { byteCount: body.byteCount, isPatient: true };
    const send = async ({ watch }: Attempt) => {
      const { ETag } = await this.#requests.client.send(
        new PutObjectCommand({
          Bucket: this.bucket,
          Key: key,
          Body: payload(body, watch.progressed),
          ContentLength: body.byteCount,
          ChecksumCRC32: checksum,
          ...this.#requests.written(properties, token),
          ...conditionHeaders(condition),
        }),
        { abortSignal: watch.signal },
      );
      return required(operation, ETag);
    };
    const result = await this.#requests.tryCall(operation, signal, send, limits);
    if ('value' in result) return result.value;
    return this.#requests.etagIfWritten(key, token, result, condition, signal);
  }

  async copy(
    from: ObjectHead,
    toKey: string,
    properties: ObjectProperties | undefined,
    condition: PutCondition,
    signal: AbortSignal,
  ): Promise<void> {
    const kept = from.headers === undefined ? {} : { headers: from.headers };
    const written = { ...kept, ...(properties ?? from) };
    // versitygw 1.8, moto 5.2 and MinIO do not heed `If-None-Match` of a copy, so that it guards the moment only on AWS.
    if (condition.mustBeNew === true && (await this.#requests.head(toKey, signal)) !== undefined)
      throw new FileError('ALREADY_EXISTS');
    const { maxCopyBytes, partBytes } = this.#copyLimits;
    if (from.sizeBytes > maxCopyBytes)
      return copyInParts(this, { from, toKey, properties: written, condition, partBytes }, signal);
    // versitygw 1.8 copies no marker of a directory; an empty object is as well written anew.
    if (from.sizeBytes === 0 && toKey.endsWith('/')) await this.put(toKey, EMPTY, written, condition, signal);
    else await this.#copyObject(from, toKey, written, condition, signal);
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    await this.#requests.call('DeleteObject', signal, ({ watch }) =>
      this.#requests.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }), {
        abortSignal: watch.signal,
      }),
    );
  }

  createUpload(
    key: string,
    properties: ObjectProperties,
    signal: AbortSignal,
    { holdsCopies = false }: UploadOptions = {},
  ): Promise<string> {
    return this.#uploads.create(key, properties, holdsCopies, signal);
  }

  uploadPart(
    key: string,
    uploadId: string,
    partNumber: number,
    body: ObjectBody,
    signal: AbortSignal,
  ): Promise<UploadedPart> {
    return this.#uploads.putPart(key, uploadId, partNumber, body, signal);
  }

  copyPart(
    key: string,
    uploadId: string,
    partNumber: number,
    source: CopySource,
    signal: AbortSignal,
  ): Promise<UploadedPart> {
    return this.#uploads.copyPart(key, uploadId, partNumber, source, signal);
  }

  completeUpload(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
    condition: PutCondition,
    signal: AbortSignal,
  ): Promise<string> {
    return this.#uploads.complete(key, uploadId, parts, condition, signal);
  }

  abortUpload(key: string, uploadId: string, signal: AbortSignal): Promise<void> {
    return this.#uploads.abort(key, uploadId, signal);
  }

  pendingUploads(prefix: string, signal: AbortSignal): AsyncIterable<PendingUpload> {
    return this.#uploads.pending(prefix, signal);
  }

  async #copyObject(
    from: ObjectHead,
    toKey: string,
    properties: ObjectProperties,
    condition: PutCondition,
    signal: AbortSignal,
  ): Promise<void> {
    const operation = 'CopyObject';
    const token = newToken();
    const send = async ({ watch }: Attempt) => {
      const { CopyObjectResult } = await this.#requests.client.send(
        new CopyObjectCommand({
          Bucket: this.bucket,
          Key: toKey,
          CopySource: this.#requests.source(from.key),
          CopySourceIfMatch: from.etag,
          // What the source is stored with is known, so it is sent again: only so can a token be added.
          MetadataDirective: 'REPLACE',
          ...this.#requests.written(properties, token),
          ...conditionHeaders(condition),
        }),
        { abortSignal: watch.signal },
      );
      return required(operation, CopyObjectResult?.ETag);
    };
    const stallMs = this.#requests.copyStallMs(from.sizeBytes);
    const result = await this.#requests.tryCall(operation, signal, send, { stallMs });
    if ('failure' in result) await this.#requests.etagIfWritten(toKey, token, result, condition, signal);
  }

  #openRange(
    key: string,
    range: ByteRange,
    ifMatch: string | undefined,
    signal: AbortSignal,
  ): Promise<OpenBody> {
    const operation = 'GetObject';
    return this.#requests.call(operation, signal, async ({ watch, keepWatch }) => {
      const { Body, ETag, ContentRange } = await this.#requests.client.send(
        new GetObjectCommand({ Bucket: this.bucket, Key: key, Range: rangeHeader(range), IfMatch: ifMatch }),
        { abortSignal: watch.signal },
      );
      if (!(Body instanceof Readable)) throw new S3Failure(operation, LOCAL_CODES.malformed);
      // A service that does not know ranges answers with the object from its beginning.
      if (range.position > 0 && ContentRange?.startsWith(`bytes ${range.position}-`) !== true) {
        Body.destroy();
        throw new S3Failure(operation, 'RangeIgnored');
      }
      watch.endDeadline();
      keepWatch();
      return { stream: Body, watch, etag: ETag ?? ifMatch };
    });
  }
}
