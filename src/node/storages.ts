/** Opens the storages of a configuration, and closes them. */

import { PosixStorage } from '../files/storage/posix/storage.ts';
import type { Storage } from '../files/storage.ts';
import type { Log } from '../telemetry/log.ts';
import type { Configuration } from './config/load.ts';
import { DataFolder } from './data-folder.ts';

type StorageConfiguration = Configuration['storage'];
type BucketConfiguration = StorageConfiguration['buckets'][string];

/** Life: construct → `open` → use → `close`. A failed `open` leaves what it opened to `close`. */
export class Storages {
  /** By name: what users of the S3 domain see. */
  readonly buckets = new Map<string, Storage>();
  /** By id, file systems and access points: what users of the EFS domain see. */
  readonly fileSystems = new Map<string, Storage>();
  readonly #configuration: StorageConfiguration;
  readonly #log: Log;
  readonly #opened: Storage[] = [];

  constructor(configuration: StorageConfiguration, log: Log) {
    this.#configuration = configuration;
    this.#log = log;
  }

  /** @throws FileError, DataFolderError: each names the place and the fix */
  async open(): Promise<void> {
    const { buckets, fileSystems } = this.#configuration;
    for (const [name, bucket] of Object.entries(buckets))
      await this.#add(this.buckets, name, await this.#bucket(name, bucket));
    for (const [id, { path: root, identity }] of Object.entries(fileSystems)) {
      await this.#add(this.fileSystems, id, new PosixStorage({ root, symlinks: 'follow-within', identity }));
    }
    this.#sayWhoFilesBelongTo();
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((storage) => storage.close()));
  }

  async #bucket(name: string, bucket: BucketConfiguration): Promise<Storage> {
    if (!('path' in bucket)) throw new TypeError(`bucket ${name}: S3 is not built yet`);
    // A bucket on disk is ours to make; a file system is somebody's mount and must be there.
    await DataFolder.open(bucket.path);
    return new PosixStorage({ root: bucket.path, symlinks: 'refuse', identity: 'process', homes: 'made' });
  }

  async #add(places: Map<string, Storage>, name: string, storage: Storage): Promise<void> {
    this.#opened.push(storage);
    await storage.open();
    places.set(name, storage);
  }

  /** Until sessions act as their own POSIX identity, an operator must know whom the kernel sees. */
  #sayWhoFilesBelongTo(): void {
    const { fileSystems } = this.#configuration;
    const bound = Object.keys(fileSystems).filter((id) => fileSystems[id]?.identity === 'profile');
    if (bound.length === 0) return;
    const ids = { uid: process.geteuid?.(), gid: process.getegid?.() };
    this.#log.warn(
      { fileSystems: bound, ...ids },
      'users whose PosixProfile is not of these ids are refused',
    );
  }
}
