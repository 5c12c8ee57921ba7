/** What a simulated S3 bucket holds: objects, multipart uploads, and the listing of both, in memory. */

import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

export interface SimulatedObject {
  readonly key: string;
  readonly bytes: Buffer;
  /** With its quotes. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  /** Names in lower case, without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly contentType: string;
}

export interface SimulatedPart {
  readonly bytes: Buffer;
  readonly etag: string;
}

export interface SimulatedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly parts: Map<number, SimulatedPart>;
}

export interface SimulatedPage {
  readonly objects: readonly SimulatedObject[];
  readonly prefixes: readonly string[];
  readonly nextToken: string | undefined;
}

export interface SimulatedListQuery {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: string;
  readonly maxKeys: number;
}

/** An error as S3 names it. */
export class SimulatedS3Error extends Error {
  override readonly name = 'SimulatedS3Error';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

type Properties = Pick<SimulatedObject, 'metadata' | 'contentType'>;

export class SimulatedBucket {
  /** S3 wants 5 MiB of every part but the last; tests with small parts lower it. */
  minPartBytes: number;
  readonly #objects = new Map<string, SimulatedObject>();
  readonly #uploads = new Map<string, SimulatedUpload>();
  /** Keys in the order of their UTF-8 bytes; made anew when a key came or went. */
  #sortedKeys: readonly string[] | undefined;
  readonly #now: () => number;

  constructor(options: { readonly minPartBytes: number; readonly now: () => number }) {
    this.minPartBytes = options.minPartBytes;
    this.#now = options.now;
  }

  /** In the order of a listing. */
  keys(): readonly string[] {
    this.#sortedKeys ??= sortedByUtf8([...this.#objects.keys()]);
    return this.#sortedKeys;
  }

  uploads(): readonly SimulatedUpload[] {
    return [...this.#uploads.values()].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  }

  find(key: string): SimulatedObject | undefined {
    return this.#objects.get(key);
  }

  /** @throws SimulatedS3Error NoSuchKey */
  get(key: string): SimulatedObject {
    const found = this.#objects.get(key);
    if (found === undefined) throw new SimulatedS3Error(404, 'NoSuchKey');
    return found;
  }

  put(
    key: string,
    bytes: Buffer,
    properties: Partial<Properties> = {},
    etag = md5Tag([bytes]),
  ): SimulatedObject {
    const { metadata = {}, contentType = 'binary/octet-stream' } = properties;
    const stored = { key, bytes, etag, metadata, contentType, lastModifiedMs: this.#now() };
    if (!this.#objects.has(key)) this.#sortedKeys = undefined;
    this.#objects.set(key, stored);
    return stored;
  }

  remove(key: string): void {
    if (this.#objects.delete(key)) this.#sortedKeys = undefined;
  }

  beginUpload(key: string, properties: Properties): string {
    const uploadId = randomBytes(16).toString('base64url');
    this.#uploads.set(uploadId, {
      key,
      uploadId,
      initiatedMs: this.#now(),
      ...properties,
      parts: new Map(),
    });
    return uploadId;
  }

  /** @throws SimulatedS3Error NoSuchUpload */
  upload(key: string, uploadId: string): SimulatedUpload {
    const found = this.#uploads.get(uploadId);
    if (found?.key !== key) throw new SimulatedS3Error(404, 'NoSuchUpload');
    return found;
  }

  putPart(key: string, uploadId: string, partNumber: number, bytes: Buffer): SimulatedPart {
    if (!(partNumber >= 1 && partNumber <= 10_000)) throw new SimulatedS3Error(400, 'InvalidArgument');
    const part = { bytes, etag: md5Tag([bytes]) };
    this.upload(key, uploadId).parts.set(partNumber, part);
    return part;
  }

  /** @throws SimulatedS3Error InvalidPart, InvalidPartOrder, EntityTooSmall, NoSuchUpload */
  complete(
    key: string,
    uploadId: string,
    wanted: readonly { readonly partNumber: number; readonly etag: string }[],
  ): SimulatedObject {
    const upload = this.upload(key, uploadId);
    if (wanted.length === 0) throw new SimulatedS3Error(400, 'MalformedXML');
    const parts = wanted.map(({ partNumber, etag }, index) => {
      const part = upload.parts.get(partNumber);
      if (part === undefined || unquoted(part.etag) !== unquoted(etag))
        throw new SimulatedS3Error(400, 'InvalidPart');
      const previous = wanted[index - 1];
      if (previous !== undefined && previous.partNumber >= partNumber)
        throw new SimulatedS3Error(400, 'InvalidPartOrder');
      return part;
    });
    if (parts.slice(0, -1).some(({ bytes }) => bytes.length < this.minPartBytes))
      throw new SimulatedS3Error(400, 'EntityTooSmall');
    this.#uploads.delete(uploadId);
    const digests = parts.map(({ etag }) => Buffer.from(unquoted(etag), 'hex'));
    const etag = `${md5Tag(digests).slice(0, -1)}-${parts.length}"`;
    return this.put(key, Buffer.concat(parts.map(({ bytes }) => bytes)), upload, etag);
  }

  abort(key: string, uploadId: string): void {
    this.upload(key, uploadId);
    this.#uploads.delete(uploadId);
  }

  list({ prefix, delimiter, after, maxKeys }: SimulatedListQuery): SimulatedPage {
    const objects: SimulatedObject[] = [];
    const prefixes: string[] = [];
    const keys = this.keys();
    let last = after;
    for (let index = firstAfter(keys, after, prefix); index < keys.length; index += 1) {
      const key = keys[index] ?? '';
      if (!key.startsWith(prefix)) break;
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      const group = end < 0 ? undefined : key.slice(0, end + delimiter.length);
      // Keys of a group that the page before has named are passed over.
      if (group !== undefined && (group === prefixes.at(-1) || group === after)) continue;
      if (objects.length + prefixes.length >= maxKeys) return { objects, prefixes, nextToken: last };
      if (group === undefined) objects.push(this.get(key));
      else prefixes.push(group);
      last = group ?? key;
    }
    return { objects, prefixes, nextToken: undefined };
  }
}

export function crc32Base64(bytes: Uint8Array): string {
  const digest = Buffer.alloc(4);
  digest.writeUInt32BE(crc32(bytes));
  return digest.toString('base64');
}

function md5Tag(pieces: readonly Buffer[]): string {
  const hash = createHash('md5');
  for (const piece of pieces) hash.update(piece);
  return `"${hash.digest('hex')}"`;
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}

/** S3 lists by bytes; JavaScript compares UTF-16, which differs beyond the basic plane. */
function sortedByUtf8(keys: readonly string[]): readonly string[] {
  return keys
    .map((key) => ({ key, utf8: Buffer.from(key) }))
    .sort((a, b) => Buffer.compare(a.utf8, b.utf8))
    .map(({ key }) => key);
}

/** Index of the first key that is at or past the prefix and past `after`. */
function firstAfter(keys: readonly string[], after: string, prefix: string): number {
  const bound = Buffer.compare(Buffer.from(after), Buffer.from(prefix)) > 0 ? after : prefix;
  const boundBytes = Buffer.from(bound);
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(Buffer.from(keys[middle] ?? ''), boundBytes) < 0) low = middle + 1;
    else high = middle;
  }
  return after !== '' && keys[low] === after ? low + 1 : low;
}
