/** The operations of the simulated S3: one function each, from the request to the answer. */

import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  crc32Base64,
  type SimulatedBucket,
  type SimulatedObject,
  SimulatedS3Error,
} from './simulated-bucket.ts';
import {
  completeXml,
  copyXml,
  initiateXml,
  listXml,
  partsXml,
  uploadsXml,
  wantedParts,
} from './simulated-xml.ts';

const METADATA_PREFIX = 'x-amz-meta-';
const MAX_COPY_BYTES = 5 * 1024 ** 3;
const NO_BODY = Buffer.alloc(0);

export interface S3Call {
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface S3Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Headers only; `body` tells the length. */
  readonly isHead?: boolean;
}

type Operation = (contents: SimulatedBucket, call: S3Call) => S3Answer;

/** The name of the operation in the API's model. */
export function operationOf(
  method: string,
  key: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): string {
  const isCopy = headers['x-amz-copy-source'] !== undefined;
  const isUpload = query.has('uploadId');
  if (key === '') return bucketOperation(method, query);
  switch (method) {
    case 'HEAD':
      return 'HeadObject';
    case 'GET':
      return isUpload ? 'ListParts' : 'GetObject';
    case 'PUT':
      if (isUpload) return isCopy ? 'UploadPartCopy' : 'UploadPart';
      return isCopy ? 'CopyObject' : 'PutObject';
    case 'POST':
      return isUpload ? 'CompleteMultipartUpload' : 'CreateMultipartUpload';
    case 'DELETE':
      return isUpload ? 'AbortMultipartUpload' : 'DeleteObject';
    default:
      return 'Unknown';
  }
}

/** @throws SimulatedS3Error */
export function answerOperation(contents: SimulatedBucket, call: S3Call): S3Answer {
  const operation = OPERATIONS[call.operation];
  if (operation === undefined) throw new SimulatedS3Error(501, 'NotImplemented');
  checkBody(call);
  return operation(contents, call);
}

function bucketOperation(method: string, query: URLSearchParams): string {
  if (method === 'HEAD') return 'HeadBucket';
  if (query.has('uploads')) return 'ListMultipartUploads';
  return query.get('list-type') === '2' ? 'ListObjectsV2' : 'Unknown';
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  HeadBucket: () => ({ status: 200, headers: {}, body: NO_BODY, isHead: true }),
  ListObjectsV2: (contents, { bucket, query }) => {
    const page = contents.list({
      prefix: query.get('prefix') ?? '',
      delimiter: query.get('delimiter') ?? '',
      after: Buffer.from(query.get('continuation-token') ?? '', 'base64').toString(),
      maxKeys: Math.min(1000, Number(query.get('max-keys') ?? 1000)),
    });
    return xml(listXml(bucket, query, page));
  },
  ListMultipartUploads: (contents, { query }) => {
    const prefix = query.get('prefix') ?? '';
    return xml(uploadsXml(contents.uploads().filter(({ key }) => key.startsWith(prefix))));
  },
  HeadObject: (contents, { key }) => {
    const object = contents.get(key);
    return { status: 200, headers: objectHeaders(object), body: object.bytes, isHead: true };
  },
  GetObject: (contents, { key, headers }) => {
    const object = contents.get(key);
    if (headers['if-match'] !== undefined && headers['if-match'] !== object.etag)
      throw new SimulatedS3Error(412, 'PreconditionFailed');
    return rangeOf(object, headers.range);
  },
  PutObject: (contents, { key, headers, body }) => {
    checkNew(contents, key, headers);
    const { etag } = contents.put(key, body, propertiesOf(headers));
    return { status: 200, headers: { etag }, body: NO_BODY };
  },
  CopyObject: (contents, { key, headers }) => {
    const source = sourceOf(contents, headers);
    if (source.bytes.length > MAX_COPY_BYTES) throw new SimulatedS3Error(400, 'InvalidRequest');
    checkNew(contents, key, headers);
    const isReplacing = headers['x-amz-metadata-directive'] === 'REPLACE';
    const copy = contents.put(key, source.bytes, isReplacing ? propertiesOf(headers) : source);
    return xml(copyXml('CopyObjectResult', copy.etag, copy.lastModifiedMs));
  },
  DeleteObject: (contents, { key }) => {
    contents.remove(key);
    return { status: 204, headers: {}, body: NO_BODY };
  },
  CreateMultipartUpload: (contents, { key, headers }) =>
    xml(initiateXml(key, contents.beginUpload(key, propertiesOf(headers)))),
  UploadPart: (contents, { key, query, body }) => {
    const { etag } = contents.putPart(key, uploadIdOf(query), partNumberOf(query), body);
    return { status: 200, headers: { etag, 'x-amz-checksum-crc32': crc32Base64(body) }, body: NO_BODY };
  },
  UploadPartCopy: (contents, { key, query, headers }) => {
    const source = sourceOf(contents, headers);
    const bytes = rangeOf(source, text(headers['x-amz-copy-source-range'])).body;
    const { etag } = contents.putPart(key, uploadIdOf(query), partNumberOf(query), bytes);
    return xml(copyXml('CopyPartResult', etag, source.lastModifiedMs, crc32Base64(bytes)));
  },
  CompleteMultipartUpload: (contents, { key, query, headers, body }) => {
    contents.upload(key, uploadIdOf(query));
    checkNew(contents, key, headers);
    return xml(completeXml(contents.complete(key, uploadIdOf(query), wantedParts(body.toString()))));
  },
  AbortMultipartUpload: (contents, { key, query }) => {
    contents.abort(key, uploadIdOf(query));
    return { status: 204, headers: {}, body: NO_BODY };
  },
  ListParts: (contents, { key, query }) => xml(partsXml(contents.upload(key, uploadIdOf(query)))),
};

function xml(document: string): S3Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(document) };
}

/** What was announced of the body must fit what came. */
function checkBody({ headers, body }: S3Call): void {
  if (headers['content-encoding']?.includes('aws-chunked') === true)
    throw new SimulatedS3Error(501, 'NotImplemented');
  const crc = text(headers['x-amz-checksum-crc32']);
  if (crc !== undefined && crc !== crc32Base64(body)) throw new SimulatedS3Error(400, 'BadDigest');
  const sha = text(headers['x-amz-content-sha256']);
  if (
    sha !== undefined &&
    /^[0-9a-f]{64}$/.test(sha) &&
    sha !== createHash('sha256').update(body).digest('hex')
  )
    throw new SimulatedS3Error(400, 'XAmzContentSHA256Mismatch');
}

function checkNew(contents: SimulatedBucket, key: string, headers: IncomingHttpHeaders): void {
  if (headers['if-none-match'] === '*' && contents.find(key) !== undefined)
    throw new SimulatedS3Error(412, 'PreconditionFailed');
}

function propertiesOf(headers: IncomingHttpHeaders): Pick<SimulatedObject, 'metadata' | 'contentType'> {
  const metadata = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(METADATA_PREFIX)
      ? [[name.slice(METADATA_PREFIX.length), text(value) ?? ''] as const]
      : [],
  );
  return {
    metadata: Object.fromEntries(metadata),
    contentType: headers['content-type'] ?? 'binary/octet-stream',
  };
}

function sourceOf(contents: SimulatedBucket, headers: IncomingHttpHeaders): SimulatedObject {
  const [, ...rest] = (text(headers['x-amz-copy-source']) ?? '').replace(/^\//, '').split('/');
  const source = contents.get(decodeURIComponent(rest.join('/')));
  const wanted = headers['x-amz-copy-source-if-match'];
  if (wanted !== undefined && wanted !== source.etag) throw new SimulatedS3Error(412, 'PreconditionFailed');
  return source;
}

function rangeOf(object: SimulatedObject, range: string | undefined): S3Answer {
  const headers = objectHeaders(object);
  const found = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  if (found === null) return { status: 200, headers, body: object.bytes };
  const size = object.bytes.length;
  const first = Number(found[1]);
  const last = Math.min(size - 1, found[2] === '' ? size - 1 : Number(found[2]));
  if (first >= size) throw new SimulatedS3Error(416, 'InvalidRange');
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${first}-${last}/${size}` },
    body: object.bytes.subarray(first, last + 1),
  };
}

function objectHeaders({
  etag,
  lastModifiedMs,
  metadata,
  contentType,
}: SimulatedObject): Record<string, string> {
  return {
    etag,
    'content-type': contentType,
    'last-modified': new Date(lastModifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    ...Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [`${METADATA_PREFIX}${name}`, value]),
    ),
  };
}

function uploadIdOf(query: URLSearchParams): string {
  return query.get('uploadId') ?? '';
}

function partNumberOf(query: URLSearchParams): number {
  return Number(query.get('partNumber'));
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
