/** Multipart uploads on the AWS SDK's client: begun, filled, and ended with certainty about what became of them. */

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { Attempt } from './attempts.ts';
import { crc32Base64, sha256Hex } from './body.ts';
import type {
  CopySource,
  ObjectBody,
  ObjectProperties,
  PendingUpload,
  PutCondition,
  UploadedPart,
} from './object-store.ts';
import {
  conditionHeaders,
  fileErrorOf,
  nameDecoder,
  newToken,
  payload,
  type Requests,
  rangeHeader,
  required,
} from './requests.ts';

/** Completing is work that the service may do without a sign of life: AWS speaks of minutes. */
const COMPLETE_STALL_FACTOR = 5;
const MAX_LISTED_UPLOADS = 1000;

interface OpenUpload {
  readonly token: string;
  readonly holdsCopies: boolean;
}

interface UploadMarkers {
  readonly KeyMarker?: string | undefined;
  readonly UploadIdMarker?: string | undefined;
}

/** Told of every upload, so that those nobody ends can be found later. */
export interface UploadRecord {
  begun(uploadId: string, key: string): void;
  /** Somebody works on it. */
  active(uploadId: string): void;
  ended(uploadId: string): void;
}

export class MultipartUploads {
  readonly #requests: Requests;
  readonly #record: UploadRecord | undefined;
  /** Those under way, by upload id. */
  readonly #open = new Map<string, OpenUpload>();

  constructor(requests: Requests, record?: UploadRecord) {
    this.#requests = requests;
    this.#record = record;
  }

  async create(
    key: string,
    properties: ObjectProperties,
    holdsCopies: boolean,
    signal: AbortSignal,
  ): Promise<string> {
    const { client, bucket } = this.#requests;
    const operation = 'CreateMultipartUpload';
    const token = newToken();
    const send = async ({ watch }: Attempt) => {
      const { UploadId } = await client.send(
        new CreateMultipartUploadCommand({
          Bucket: bucket,
          Key: key,
          // S3 refuses checksums of parts that were not announced; MinIO refuses copied parts where they were.
          ...(holdsCopies ? {} : { ChecksumAlgorithm: 'CRC32' as const }),
          ...this.#requests.written(properties, token),
        }),
        { abortSignal: watch.signal },
      );
      return required(operation, UploadId);
    };
    const uploadId = await this.#requests.call(operation, signal, send, { isPatient: true });
    this.#open.set(uploadId, { token, holdsCopies });
    this.#record?.begun(uploadId, key);
    return uploadId;
  }

  async putPart(
    key: string,
    uploadId: string,
    partNumber: number,
    body: ObjectBody,
    signal: AbortSignal,
  ): Promise<UploadedPart> {
    const { client, bucket } = this.#requests;
    const operation = 'UploadPart';
    this.#record?.active(uploadId);
    const holdsCopies = this.#open.get(uploadId)?.holdsCopies === true;
    const checksumCrc32 = holdsCopies ? undefined : crc32Base64(body);
    const sha256 = holdsCopies ? sha256Hex(body) : undefined;
    const send = async ({ watch }: Attempt) => {
      const command = new UploadPartCommand({
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        PartNumber: partNumber,
        Body: payload(body, watch.progressed),
        ContentLength: body.byteCount,
        ChecksumCRC32: checksumCrc32,
      });
      if (sha256 !== undefined) signPayload(command, sha256);
      const { ETag } = await client.send(command, { abortSignal: watch.signal });
      return required(operation, ETag);
    };
    const etag = await this.#requests.call(operation, signal, send, {
      byteCount: body.byteCount,
      isPatient: true,
    });
    return { partNumber, etag, ...(checksumCrc32 === undefined ? {} : { checksumCrc32 }) };
  }

  async copyPart(
    key: string,
    uploadId: string,
    partNumber: number,
    source: CopySource,
    signal: AbortSignal,
  ): Promise<UploadedPart> {
    const { client, bucket } = this.#requests;
    const operation = 'UploadPartCopy';
    this.#record?.active(uploadId);
    const send = async ({ watch }: Attempt) => {
      const { CopyPartResult } = await client.send(
        new UploadPartCopyCommand({
          Bucket: bucket,
          Key: key,
          UploadId: uploadId,
          PartNumber: partNumber,
          CopySource: this.#requests.source(source.key),
          CopySourceIfMatch: source.etag,
          CopySourceRange: rangeHeader(source),
        }),
        { abortSignal: watch.signal },
      );
      return { etag: required(operation, CopyPartResult?.ETag), checksum: CopyPartResult?.ChecksumCRC32 };
    };
    const stallMs = this.#requests.copyStallMs(source.byteCount);
    const { etag, checksum } = await this.#requests.call(operation, signal, send, {
      stallMs,
      isPatient: true,
    });
    return { partNumber, etag, ...(checksum === undefined ? {} : { checksumCrc32: checksum }) };
  }

  async complete(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
    condition: PutCondition,
    signal: AbortSignal,
  ): Promise<string> {
    const result = await this.#tryComplete(key, uploadId, parts, condition, signal);
    if ('value' in result) {
      this.#forget(uploadId);
      return result.value;
    }
    const token = this.#open.get(uploadId)?.token;
    if (token === undefined || !result.isUncertain) throw fileErrorOf(result, condition);
    const etag = await this.#requests.ownEtag(key, token, signal);
    if (etag !== undefined) {
      this.#forget(uploadId);
      return etag;
    }
    // A completion that is still at work would make the object after we said that there is none.
    await this.abort(key, uploadId, signal).catch(() => undefined);
    return this.#requests.etagIfWritten(key, token, result, condition, signal);
  }

  async abort(key: string, uploadId: string, signal: AbortSignal): Promise<void> {
    const { client, bucket } = this.#requests;
    const result = await this.#requests.tryCall('AbortMultipartUpload', signal, ({ watch }) =>
      client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }), {
        abortSignal: watch.signal,
      }),
    );
    // Gone is what was asked for.
    if ('failure' in result && result.failure.code !== 'NoSuchUpload') throw fileErrorOf(result);
    this.#forget(uploadId);
  }

  async *pending(prefix: string, signal: AbortSignal): AsyncGenerator<PendingUpload, void> {
    let markers: UploadMarkers | undefined = {};
    while (markers !== undefined) {
      const page = await this.#page(prefix, markers, signal);
      const decode = nameDecoder(page.EncodingType);
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Key === undefined || UploadId === undefined) continue;
        yield { key: decode(Key), uploadId: UploadId, initiatedMs: Initiated?.getTime() ?? Date.now() };
      }
      const { NextKeyMarker = '', NextUploadIdMarker } = page;
      const hasMore = page.IsTruncated === true && NextKeyMarker !== '';
      markers = hasMore
        ? { KeyMarker: decode(NextKeyMarker), UploadIdMarker: NextUploadIdMarker }
        : undefined;
    }
  }

  #forget(uploadId: string): void {
    this.#open.delete(uploadId);
    this.#record?.ended(uploadId);
  }

  #tryComplete(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
    condition: PutCondition,
    signal: AbortSignal,
  ) {
    const { client, bucket, requestTimeoutMs } = this.#requests;
    const operation = 'CompleteMultipartUpload';
    const send = async ({ watch }: Attempt) => {
      const { ETag } = await client.send(
        new CompleteMultipartUploadCommand({
          Bucket: bucket,
          Key: key,
          UploadId: uploadId,
          MultipartUpload: {
            Parts: parts.map(({ partNumber, etag, checksumCrc32 }) => ({
              PartNumber: partNumber,
              ETag: etag,
              ChecksumCRC32: checksumCrc32,
            })),
          },
          ...conditionHeaders(condition),
        }),
        { abortSignal: watch.signal },
      );
      return required(operation, ETag);
    };
    return this.#requests.tryCall(operation, signal, send, {
      stallMs: requestTimeoutMs * COMPLETE_STALL_FACTOR,
      isPatient: true,
    });
  }

  #page(prefix: string, markers: UploadMarkers, signal: AbortSignal) {
    const { client, bucket } = this.#requests;
    return this.#requests.call('ListMultipartUploads', signal, ({ watch }) =>
      client.send(
        new ListMultipartUploadsCommand({
          Bucket: bucket,
          Prefix: prefix,
          MaxUploads: MAX_LISTED_UPLOADS,
          EncodingType: 'url',
          ...markers,
        }),
        { abortSignal: watch.signal },
      ),
    );
  }
}

/** The SDK signs streams without their content unless it is told the hash. */
function signPayload(command: UploadPartCommand, sha256: string): void {
  command.middlewareStack.add(
    (next) => (options) => {
      const { request } = options;
      const headers =
        typeof request === 'object' && request !== null && 'headers' in request && request.headers;
      if (typeof headers === 'object' && headers !== null)
        Reflect.set(headers, 'x-amz-content-sha256', sha256);
      return next(options);
    },
    { step: 'build', name: 'signPayload' },
  );
}
