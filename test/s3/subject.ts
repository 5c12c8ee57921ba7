/** What the suites work on: our storage on a real S3 server, and a view of the bucket that does not go through it. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import type { AbortOutcome, AbortReason, FileSystem, OpenMode } from '../../src/files/file-system.ts';
import { Connections } from '../../src/files/storage/s3/connections.ts';
import { makeClient } from '../../src/files/storage/s3/sdk-client.ts';
import { SdkObjectStore } from '../../src/files/storage/s3/sdk-object-store.ts';
import { S3Storage, type S3StorageOptions } from '../../src/files/storage/s3/storage.ts';
import { UploadMemory } from '../../src/files/storage/s3/upload-memory.ts';
import type { StorageSession } from '../../src/files/storage.ts';
import { READ, testSession, WRITE } from '../../src/files/testing/fixture.ts';
import { virtualPath } from '../../src/files/virtual-path.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { RunningS3Server } from '../interop/lab/s3-server.ts';

export const MIB = 1024 * 1024;
/** What clients send at a time. */
const WRITE_BYTES = 255 * 1024;
/** The least part that S3 takes. */
const SMALL_COPY_LIMITS = { maxCopyBytes: 5 * 1024 ** 2, partBytes: 5 * 1024 ** 2 };
const UPLOAD_MEMORY_BYTES = 96 * MIB;
const SESSION_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
});

export interface SubjectOptions {
  readonly server: RunningS3Server;
  /** Holds the journal. */
  readonly folder: string;
  /** A proxy in front of the server. */
  readonly endpoint?: string;
  readonly requestTimeoutSeconds?: number;
}

export class Subject implements AsyncDisposable {
  readonly server: RunningS3Server;
  /** The lower of our two layers. */
  readonly store: SdkObjectStore;
  /** The same, which copies in parts what S3 could copy in one. */
  readonly partingStore: SdkObjectStore;
  readonly #storage: S3Storage;
  /** The same bucket, used with the keys of the sessions' roles. */
  readonly #roleStorage: S3Storage;
  readonly #connections = new Connections();
  readonly #direct: S3Client;
  readonly #journalFile: string;

  constructor({ server, folder, endpoint = server.endpoint, requestTimeoutSeconds = 30 }: SubjectOptions) {
    const { region, bucket, credentials } = server;
    this.server = server;
    this.#journalFile = path.join(folder, 'uploads.jsonl');
    const connections = this.#connections;
    const client = makeClient({ endpoint, region, pathStyle: true, credentials, connections });
    const shared = { client, bucket, requestTimeoutMs: requestTimeoutSeconds * 1000 };
    this.store = new SdkObjectStore(shared);
    this.partingStore = new SdkObjectStore({ ...shared, copyLimits: SMALL_COPY_LIMITS });
    const options: S3StorageOptions = {
      name: bucket,
      bucket,
      endpoint,
      region,
      pathStyle: true,
      credentials,
      assumeRole: false,
      partMegabytes: 5,
      partsInFlight: 4,
      requestTimeoutSeconds,
      abortUploadsAfterHours: 24,
      memory: new UploadMemory({ maxBytes: UPLOAD_MEMORY_BYTES }),
      journalFile: this.#journalFile,
      log: createLog({ level: 'silent' }),
    };
    this.#storage = new S3Storage(options);
    this.#roleStorage = new S3Storage({ ...options, assumeRole: true, stsEndpoint: endpoint });
    // Retries of its own, and never through the proxy: this one tells the truth.
    this.#direct = new S3Client({
      endpoint: server.endpoint,
      region,
      forcePathStyle: true,
      credentials,
      // moto 5.2 names a wrong checksum for the copy of a multipart object.
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  open(): Promise<void> {
    return this.#storage.open();
  }

  files(session: Partial<StorageSession> = {}): FileSystem {
    return this.#storage.attach({ ...testSession(), ...session });
  }

  /** As `files`, acting as the role of the session. */
  async roleFiles(): Promise<FileSystem> {
    const session = { ...testSession(), sessionPolicy: SESSION_POLICY };
    await this.#roleStorage.admit(session);
    return this.#roleStorage.attach(session);
  }

  /** What the bucket holds at the key, asked directly. */
  async stored(key: string): Promise<Buffer | undefined> {
    try {
      const { Body } = await this.#direct.send(
        new GetObjectCommand({ Bucket: this.server.bucket, Key: key }),
      );
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  async storedKeys(prefix: string): Promise<readonly string[]> {
    const page = await this.#direct.send(
      new ListObjectsV2Command({ Bucket: this.server.bucket, Prefix: prefix }),
    );
    return (page.Contents ?? []).map(({ Key = '' }) => Key);
  }

  async pendingUploads(key: string): Promise<number> {
    const page = await this.#direct.send(
      new ListMultipartUploadsCommand({ Bucket: this.server.bucket, Prefix: key }),
    );
    return page.Uploads?.length ?? 0;
  }

  /** The uploads that the journal says are not ended. */
  async journal(): Promise<string> {
    return readFile(this.#journalFile, 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storage.close();
    await this.#roleStorage.close();
    this.#connections.close();
    this.#direct.destroy();
  }
}

/** How an upload ended for the client. */
export interface Told {
  readonly isStored: boolean;
  readonly error?: unknown;
}

/** Writes as a client does, and says what it was told. */
export async function upload(files: FileSystem, name: string, bytes: Buffer, mode = WRITE): Promise<Told> {
  const handle = await files.open(virtualPath(name), mode, {});
  try {
    const start = mode.append ? (await handle.stat()).sizeBytes : 0;
    for (let position = 0; position < bytes.length; position += WRITE_BYTES)
      await handle.write([bytes.subarray(position, position + WRITE_BYTES)], start + position);
  } catch (error) {
    await handle.abort('failed');
    return { isStored: false, error };
  }
  try {
    await handle.close();
    return { isStored: true };
  } catch (error) {
    return { isStored: false, error };
  }
}

/** As `upload`, which must succeed. */
export async function save(files: FileSystem, name: string, bytes: Buffer, mode = WRITE): Promise<void> {
  const { isStored, error } = await upload(files, name, bytes, mode);
  assert.ok(isStored, `the upload failed: ${String(error)}`);
}

/** Writes and goes away without CLOSE. */
export async function abandon(
  files: FileSystem,
  name: string,
  bytes: Buffer,
  reason: AbortReason,
): Promise<AbortOutcome> {
  const handle = await files.open(virtualPath(name), WRITE, {});
  await handle.write([bytes], 0);
  return handle.abort(reason);
}

export async function fetchAll(files: FileSystem, name: string, mode: OpenMode = READ): Promise<Buffer> {
  const handle = await files.open(virtualPath(name), mode, {});
  const pieces: Buffer[] = [];
  try {
    for (let position = 0; ; ) {
      const slice = await handle.read(position, WRITE_BYTES);
      // The views are lent until `release`.
      pieces.push(...slice.views.map((view) => Buffer.from(view)));
      position += slice.byteCount;
      slice.release();
      if (slice.byteCount === 0) return Buffer.concat(pieces);
    }
  } finally {
    await handle.close();
  }
}

export function content(byteCount: number): Buffer {
  return randomBytes(byteCount);
}

/** Compared without a diff: a megabyte of bytes helps nobody. */
export function assertSame(found: Buffer | undefined, expected: Buffer, what: string): void {
  assert.ok(found !== undefined, `${what}: there is nothing`);
  assert.equal(found.length, expected.length, `${what}: another length`);
  assert.ok(found.equals(expected), `${what}: other bytes`);
}
