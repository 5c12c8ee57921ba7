/** Opens the storages of a configuration, and closes them. */

import { FolderStorage } from '../files/storage/folder/storage.ts';
import { AccessPoint } from '../files/storage/posix/access-point.ts';
import { PosixStorage } from '../files/storage/posix/storage.ts';
import type { Storage } from '../files/storage.ts';
import { virtualPath } from '../files/virtual-path.ts';
import type { Log } from '../telemetry/log.ts';
import type { Configuration } from './config/load.ts';
import { DataFolder } from './data-folder.ts';
import type { S3Bucket, S3Buckets } from './s3-buckets.ts';

type StorageConfiguration = Configuration['storage'];
type BucketConfiguration = StorageConfiguration['buckets'][string];
type AccessPointConfiguration = StorageConfiguration['accessPoints'][string];

/** Life: construct → `open` → use → `close`. A failed `open` leaves what it opened to `close`. */
export class Storages {
  /** By name: what users of the S3 domain see. */
  readonly buckets = new Map<string, Storage>();
  /** By id, file systems and access points: what users of the EFS domain see. */
  readonly fileSystems = new Map<string, Storage>();
  readonly #configuration: StorageConfiguration;
  readonly #data: DataFolder;
  readonly #log: Log;
  readonly #opened: Storage[] = [];
  #s3: S3Buckets | undefined;

  constructor(configuration: StorageConfiguration, data: DataFolder, log: Log) {
    this.#configuration = configuration;
    this.#data = data;
    this.#log = log;
  }

  /** @throws FileError, DataFolderError: each names the place and the fix */
  async open(): Promise<void> {
    const { buckets, fileSystems, accessPoints } = this.#configuration;
    for (const [name, bucket] of Object.entries(buckets))
      await this.#add(this.buckets, name, await this.#bucket(name, bucket));
    for (const [id, { path: root, identity, durability }] of Object.entries(fileSystems)) {
      const storage = new PosixStorage({ root, symlinks: 'follow-within', identity, durability });
      await this.#add(this.fileSystems, id, storage);
      if (identity === 'profile') this.#sayWhoFilesBelongTo(id, storage);
    }
    for (const [id, accessPoint] of Object.entries(accessPoints))
      await this.#add(this.fileSystems, id, this.#accessPoint(id, accessPoint));
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((storage) => storage.close()));
  }

  async #bucket(name: string, bucket: BucketConfiguration): Promise<Storage> {
    if (!('path' in bucket)) return this.#s3Bucket(name, bucket);
    // A bucket on disk is ours to make; a file system is somebody's mount and must be there.
    await DataFolder.open(bucket.path);
    return new FolderStorage({ root: bucket.path });
  }

  /** The AWS SDK costs memory and a moment of the start: who has no bucket in S3 pays neither. */
  async #s3Bucket(name: string, bucket: S3Bucket): Promise<Storage> {
    const { S3Buckets } = await import('./s3-buckets.ts');
    this.#s3 ??= new S3Buckets(this.#configuration.uploadMemoryMegabytes, this.#data, this.#log);
    return this.#s3.make(name, bucket);
  }

  async #add(places: Map<string, Storage>, name: string, storage: Storage): Promise<void> {
    this.#opened.push(storage);
    await storage.open();
    places.set(name, storage);
  }

  #accessPoint(id: string, { fileSystem, path, posixUser }: AccessPointConfiguration): Storage {
    const storage = this.fileSystems.get(fileSystem);
    if (storage === undefined) throw new TypeError(`access point ${id}: no file system ${fileSystem}`);
    const own = posixUser === undefined ? {} : { posixUser };
    return new AccessPoint({ storage, path: virtualPath(path), ...own });
  }

  /** Where sessions cannot act as their own POSIX identity, an operator must know whom the kernel sees. */
  #sayWhoFilesBelongTo(fileSystem: string, { noProfiles }: PosixStorage): void {
    if (noProfiles === undefined) return;
    const ids = { uid: process.geteuid?.(), gid: process.getegid?.() };
    this.#log.warn(
      { fileSystem, ...ids, reason: noProfiles },
      'users whose PosixProfile is not of these ids are refused',
    );
  }
}
