/** What all calls of one store have in common: the client, the limits, the headers of a write, and the proof of it. */

import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
  type ServerSideEncryption,
} from '@aws-sdk/client-s3';
import type { FileError } from '../../error.ts';
import { type Attempt, type CallFailure, type CallResult, callWithRetries } from './attempts.ts';
import { bodyStream } from './body.ts';
import { failureToFileError, LOCAL_CODES, S3Failure } from './errors.ts';
import { decodedMetadata, encodedMetadata } from './metadata.ts';
import type { ByteRange, ObjectBody, ObjectHead, ObjectProperties, PutCondition } from './object-store.ts';

/**
 * Metadata of everything we write: a random token of the call. When an answer is lost, it proves whose object is there.
 * Nobody above the object store sees it.
 */
const TOKEN_NAME = 'drawbridge-write';
const TOKEN_BYTES = 12;
/** Copying is work that the service does without a sign of life. */
const MIN_COPY_BYTES_PER_SECOND = 16 * 1024 ** 2;
const MS = 1000;

export interface RequestOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** How long a request may go without progress. */
  readonly requestTimeoutMs: number;
  readonly serverSideEncryption?:
    | { readonly algorithm: ServerSideEncryption; readonly kmsKeyId?: string | undefined }
    | undefined;
}

/** Limits of one call, where they differ from the usual ones. */
export interface CallLimits {
  readonly stallMs?: number;
  /** Bytes that have to move. */
  readonly byteCount?: number;
  /** Bytes that a client was answered for depend on it: it outlives a service that is away for a moment. */
  readonly isPatient?: boolean;
}

export class Requests {
  readonly client: S3Client;
  readonly bucket: string;
  readonly requestTimeoutMs: number;
  readonly #encryption: {
    readonly ServerSideEncryption?: ServerSideEncryption;
    readonly SSEKMSKeyId?: string;
  };

  constructor(options: RequestOptions) {
    const { client, bucket, requestTimeoutMs, serverSideEncryption: encryption } = options;
    this.client = client;
    this.bucket = bucket;
    this.requestTimeoutMs = requestTimeoutMs;
    this.#encryption = {
      ...(encryption === undefined ? {} : { ServerSideEncryption: encryption.algorithm }),
      ...(encryption?.kmsKeyId === undefined ? {} : { SSEKMSKeyId: encryption.kmsKeyId }),
    };
  }

  /** For calls whose failure has to be looked into. @throws FileError ABORTED */
  tryCall<T>(
    operation: string,
    signal: AbortSignal,
    attempt: (attempt: Attempt) => Promise<T>,
    { stallMs = this.requestTimeoutMs, byteCount = 0, isPatient = false }: CallLimits = {},
  ): Promise<CallResult<T>> {
    const patienceMs = isPatient ? this.requestTimeoutMs : 0;
    return callWithRetries({ operation, signal, stallMs, byteCount, patienceMs }, attempt);
  }

  /** For calls whose failure is just reported. @throws FileError */
  async call<T>(
    operation: string,
    signal: AbortSignal,
    attempt: (attempt: Attempt) => Promise<T>,
    limits?: CallLimits,
  ): Promise<T> {
    const result = await this.tryCall(operation, signal, attempt, limits);
    if ('failure' in result) throw fileErrorOf(result);
    return result.value;
  }

  async head(key: string, signal: AbortSignal): Promise<TokenHead | undefined> {
    const result = await this.tryCall('HeadObject', signal, ({ watch }) =>
      this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key }), {
        abortSignal: watch.signal,
      }),
    );
    if ('value' in result) return tokenHeadOf(key, result.value);
    const error = fileErrorOf(result);
    if (error.code === 'NOT_FOUND') return undefined;
    throw error;
  }

  /** ETag of the object when it bears the token. */
  async ownEtag(key: string, token: string, signal: AbortSignal): Promise<string | undefined> {
    const found = await this.head(key, signal).catch(() => undefined);
    return found?.token === token ? found.head.etag : undefined;
  }

  /** A write failed: what is there now says whether it was done nevertheless. @throws FileError when it was not */
  async etagIfWritten(
    key: string,
    token: string,
    failure: CallFailure,
    condition: PutCondition,
    signal: AbortSignal,
  ): Promise<string> {
    const etag = failure.isUncertain ? await this.ownEtag(key, token, signal) : undefined;
    if (etag === undefined) throw fileErrorOf(failure, condition);
    return etag;
  }

  /** What an object is stored with. */
  written({ metadata, contentType, headers = {} }: ObjectProperties, token: string) {
    return {
      Metadata: encodedMetadata({ ...metadata, [TOKEN_NAME]: token }),
      ContentType: contentType,
      CacheControl: headers.cacheControl,
      ContentDisposition: headers.contentDisposition,
      ContentEncoding: headers.contentEncoding,
      ContentLanguage: headers.contentLanguage,
      WebsiteRedirectLocation: headers.websiteRedirectLocation,
      ...this.#encryption,
    };
  }

  /** `CopySource` is a header, which the SDK takes as it is. */
  source(key: string): string {
    return `${this.bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
  }

  copyStallMs(byteCount: number): number {
    return this.requestTimeoutMs + (byteCount / MIN_COPY_BYTES_PER_SECOND) * MS;
  }
}

export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

export function fileErrorOf({ failure }: CallFailure, condition?: PutCondition): FileError {
  return failureToFileError(failure, condition?.mustBeNew === true);
}

export function conditionHeaders({ mustBeNew }: PutCondition): { IfNoneMatch?: '*' } {
  return mustBeNew === true ? { IfNoneMatch: '*' } : {};
}

/** An empty stream would be sent in chunks of unknown number, which S3 refuses. */
export function payload(body: ObjectBody, onProgress: () => void): Readable | Uint8Array {
  return body.byteCount === 0 ? new Uint8Array(0) : bodyStream(body, onProgress);
}

export function rangeHeader({ position, byteCount }: ByteRange): string {
  return `bytes=${position}-${position + byteCount - 1}`;
}

/** A blank is `+` or `%20`, as the service likes; a plus is always `%2B`. */
export function nameDecoder(encodingType: string | undefined): (name: string) => string {
  if (encodingType !== 'url') return (name) => name;
  return (name) => decodeURIComponent(name.replaceAll('+', '%20'));
}

/** @throws S3Failure */
export function required(operation: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new S3Failure(operation, LOCAL_CODES.malformed);
  return value;
}

interface TokenHead {
  readonly head: ObjectHead;
  readonly token: string | undefined;
}

function tokenHeadOf(key: string, output: HeadObjectCommandOutput): TokenHead {
  const { ContentLength = 0, LastModified, ETag = '', Metadata = {}, ContentType } = output;
  const { [TOKEN_NAME]: token, ...metadata } = decodedMetadata(Metadata);
  const head = {
    key,
    sizeBytes: ContentLength,
    lastModifiedMs: LastModified?.getTime() ?? 0,
    etag: ETag,
    metadata,
    ...(ContentType === undefined ? {} : { contentType: ContentType }),
    headers: {
      cacheControl: output.CacheControl,
      contentDisposition: output.ContentDisposition,
      contentEncoding: output.ContentEncoding,
      contentLanguage: output.ContentLanguage,
      websiteRedirectLocation: output.WebsiteRedirectLocation,
    },
  };
  return { head, token };
}
