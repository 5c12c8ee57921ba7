/** The calls of S3 that the storage makes, on one bucket: what stands between the file system and the AWS SDK. */

/** What HEAD, GET and a listing tell of an object. */
export interface ObjectFacts {
  readonly key: string;
  readonly sizeBytes: number;
  /** LastModified, in milliseconds since the epoch. */
  readonly lastModifiedMs: number;
  /** As S3 gives it, with its quotes. */
  readonly etag: string;
}

/** Headers that were stored with an object by whoever made it; copies keep them. */
export interface StoredHeaders {
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentLanguage?: string | undefined;
  readonly websiteRedirectLocation?: string | undefined;
}

export interface ObjectHead extends ObjectFacts {
  /** User metadata, names in lower case without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly headers?: StoredHeaders;
}

/** What an object is written with. */
export interface ObjectProperties {
  readonly metadata: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly headers?: StoredHeaders;
}

export interface ListQuery {
  readonly prefix: string;
  /** Absent: every key below the prefix. */
  readonly delimiter?: '/';
  /** `nextToken` of the page before. */
  readonly token?: string;
  readonly maxKeys: number;
}

export interface ListPage {
  readonly objects: readonly ObjectFacts[];
  /** Common prefixes, each with its trailing delimiter. */
  readonly prefixes: readonly string[];
  readonly nextToken?: string;
}

export interface ByteRange {
  readonly position: number;
  readonly byteCount: number;
}

/** A stretch of bytes to store. The views stay as they are until the call has ended; a retry reads them again. */
export interface ObjectBody {
  readonly views: readonly Uint8Array[];
  readonly byteCount: number;
}

export interface UploadedPart {
  readonly partNumber: number;
  readonly etag: string;
  /** Base64, where a checksum was sent. */
  readonly checksumCrc32?: string;
}

/** A multipart upload that has been begun and not ended. */
export interface PendingUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedMs: number;
}

export interface UploadOptions {
  /**
   * Parts may be made by `copyPart`. MinIO takes no copies in an upload whose parts bear CRC32; these bear SHA-256 in
   * their signature, which costs three times as much.
   */
  readonly holdsCopies?: boolean;
}

/** A stretch of an object that is as its ETag says. */
export interface CopySource extends ByteRange {
  readonly key: string;
  readonly etag: string;
}

export interface PutCondition {
  /** `If-None-Match: *`: rejects with ALREADY_EXISTS when there is an object. */
  readonly mustBeNew?: boolean;
}

/**
 * Every method rejects with `FileError` only: NOT_FOUND for a missing key, PERMISSION_DENIED for 403, ALREADY_EXISTS for a
 * failed `If-None-Match`, ABORTED when the signal fired, IO_ERROR (its `cause` holds the service's answer) for the rest once
 * the retry budget is used up. Every call has a deadline.
 */
export interface ObjectStore {
  readonly bucket: string;
  /** Undefined when there is no such object. */
  head(key: string, signal: AbortSignal): Promise<ObjectHead | undefined>;
  /**
   * A stretch of the object as it arrives; `ifMatch` rejects with IO_ERROR when the object was replaced meanwhile. A body
   * that breaks off is taken up again by the store. Whoever does not iterate to the end calls `return`, as `for await` does:
   * until then the answer holds a connection.
   */
  get(
    key: string,
    range: ByteRange,
    options: { readonly ifMatch?: string },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  list(query: ListQuery, signal: AbortSignal): Promise<ListPage>;
  /** One PUT. Resolves to the ETag. */
  put(
    key: string,
    body: ObjectBody,
    properties: ObjectProperties,
    condition: PutCondition,
    signal: AbortSignal,
  ): Promise<string>;
  /** Copies inside the bucket, whatever the size: a single call, or parts above S3's limit of 5 GiB. */
  copy(
    from: ObjectHead,
    toKey: string,
    /** Absent: those of the source. */
    properties: ObjectProperties | undefined,
    condition: PutCondition,
    signal: AbortSignal,
  ): Promise<void>;
  /** Resolves also when there was no such object, as S3 does. */
  remove(key: string, signal: AbortSignal): Promise<void>;

  createUpload(
    key: string,
    properties: ObjectProperties,
    signal: AbortSignal,
    options?: UploadOptions,
  ): Promise<string>;
  uploadPart(
    key: string,
    uploadId: string,
    partNumber: number,
    body: ObjectBody,
    signal: AbortSignal,
  ): Promise<UploadedPart>;
  /** A part made of a stretch of an object of the same bucket, in an upload begun with `holdsCopies`. */
  copyPart(
    key: string,
    uploadId: string,
    partNumber: number,
    source: CopySource,
    signal: AbortSignal,
  ): Promise<UploadedPart>;
  /**
   * The moment the object becomes visible. S3 may answer 200 and an error in the body, or the answer may be lost after the
   * object was made: a failure is looked into (HEAD) before it is reported. Resolves to the ETag. When it was not certain
   * what the service did, the upload is aborted before a failure is reported, so that no object can appear afterwards.
   */
  completeUpload(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
    condition: PutCondition,
    signal: AbortSignal,
  ): Promise<string>;
  abortUpload(key: string, uploadId: string, signal: AbortSignal): Promise<void>;
  /** All uploads below the prefix that are not ended. */
  pendingUploads(prefix: string, signal: AbortSignal): AsyncIterable<PendingUpload>;
}
