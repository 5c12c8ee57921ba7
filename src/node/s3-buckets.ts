/** Makes the storages of buckets in S3. */

import type { CredentialSource } from '../files/storage/s3/sdk-client.ts';
import { S3Storage } from '../files/storage/s3/storage.ts';
import { UploadMemory } from '../files/storage/s3/upload-memory.ts';
import type { Log } from '../telemetry/log.ts';
import type { Configuration } from './config/load.ts';
import type { DataFolder } from './data-folder.ts';

const BYTES_PER_MEGABYTE = 1024 * 1024;
/** Folder in the data folder for the uploads that are under way, a file for each bucket. */
const JOURNAL_FOLDER = 'uploads';

type Bucket = Configuration['storage']['buckets'][string];
export type S3Bucket = Exclude<Bucket, { readonly path: string }>;

/** One for all buckets of a node: they share the memory of uploads. */
export class S3Buckets {
  readonly #memory: UploadMemory;
  readonly #data: DataFolder;
  readonly #log: Log;

  constructor(uploadMemoryMegabytes: number, data: DataFolder, log: Log) {
    this.#memory = new UploadMemory({ maxBytes: uploadMemoryMegabytes * BYTES_PER_MEGABYTE });
    this.#data = data;
    this.#log = log;
  }

  make(name: string, { bucket = name, credentials, ...settings }: S3Bucket): S3Storage {
    return new S3Storage({
      ...settings,
      name,
      bucket,
      credentials: credentials === undefined ? undefined : keysOf(credentials),
      memory: this.#memory,
      journalFile: this.#data.pathOf(JOURNAL_FOLDER, `${name}.jsonl`),
      log: this.#log,
    });
  }
}

function keysOf({ sessionToken, ...keys }: NonNullable<S3Bucket['credentials']>): CredentialSource {
  return sessionToken === undefined ? keys : { ...keys, sessionToken };
}
