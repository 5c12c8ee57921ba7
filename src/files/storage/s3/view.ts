/** A bucket as one session sees it: what is at a path, found by the two questions S3 can answer. */

import { FileError } from '../../error.ts';
import type { StorageSession } from '../../storage.ts';
import { ROOT, type VirtualPath } from '../../virtual-path.ts';
import type { EmptiedDirectories } from './emptied.ts';
import { Keys, MAX_KEY_BYTES, toPrefix } from './keys.ts';
import type { ObjectFacts, ObjectHead, ObjectStore } from './object-store.ts';

/** What is at a path. A file hides a directory of the same name: it takes one question to find, and it can be moved away. */
export type Entry =
  | { readonly kind: 'file'; readonly head: ObjectHead }
  /** `prefix` is empty for the root of the bucket. */
  | { readonly kind: 'directory'; readonly prefix: string };

/** `missing` asks both questions at the same time: they will both be needed, and one wait is shorter than two. */
export type Expectation = 'present' | 'missing';

export interface S3ViewOptions {
  readonly store: ObjectStore;
  readonly session: StorageSession;
  readonly root: VirtualPath;
  /** Shared by all sessions of the storage. */
  readonly emptied: EmptiedDirectories;
}

export class S3View {
  readonly store: ObjectStore;
  readonly session: StorageSession;
  readonly keys: Keys;
  readonly emptied: EmptiedDirectories;

  constructor({ store, session, root, emptied }: S3ViewOptions) {
    this.emptied = emptied;
    this.store = store;
    this.session = session;
    this.keys = new Keys(root);
  }

  get signal(): AbortSignal {
    return this.session.signal;
  }

  /**
   * Undefined when there is nothing. The root of the view is a directory even without a key in it, unless there is an
   * object at its own key: then the view is one file.
   *
   * @throws FileError
   */
  async find(path: VirtualPath, expected: Expectation = 'present'): Promise<Entry | undefined> {
    const key = this.keys.file(path);
    if (key === '') return { kind: 'directory', prefix: '' };
    const prefix = toPrefix(key);
    const isDirectory = (): Promise<boolean> =>
      path === ROOT ? Promise.resolve(true) : this.hasKeys(prefix);
    const asked = expected === 'missing' ? isDirectory() : undefined;
    // The answer about the object may make this one's failure unimportant.
    asked?.catch(() => {});
    const object = await this.#head(key, this.signal);
    if (object !== undefined && !(object instanceof FileError)) return { kind: 'file', head: object };
    if (await (asked ?? isDirectory())) return { kind: 'directory', prefix };
    if (object !== undefined) throw object;
    return undefined;
  }

  /**
   * For who is going to write, and replaces nothing or does not mind: a role that may store and not look is told by the
   * write itself what it may not.
   */
  async findBeforeWrite(path: VirtualPath): Promise<Entry | undefined> {
    try {
      return await this.find(path, 'missing');
    } catch (error) {
      if (isDenied(error)) return undefined;
      throw error;
    }
  }

  /** As `find`, where a directory that lost its last file a moment ago is there, and empty. */
  async findOrEmptied(path: VirtualPath): Promise<Entry | undefined> {
    const entry = await this.find(path);
    const prefix = toPrefix(this.keys.file(path));
    return entry === undefined && this.emptied.has(prefix) ? { kind: 'directory', prefix } : entry;
  }

  /** @throws FileError NOT_FOUND when there is nothing */
  async get(path: VirtualPath): Promise<Entry> {
    const entry = await this.find(path);
    if (entry === undefined) throw new FileError('NOT_FOUND');
    return entry;
  }

  /** The object that keeps a directory, where there is one that the session may look at. */
  async marker(prefix: string, signal = this.signal): Promise<ObjectHead | undefined> {
    if (prefix === '') return undefined;
    const marker = await this.#head(prefix, signal);
    return marker instanceof FileError ? undefined : marker;
  }

  async hasKeys(prefix: string): Promise<boolean> {
    if (Buffer.byteLength(prefix) > MAX_KEY_BYTES) return false;
    for await (const _ of this.objects(prefix, { pageKeys: 1 })) return true;
    return false;
  }

  /** Everything below a prefix, however deep, the marker first. A page may come out empty and not be the last one. */
  async *objects(prefix: string, { pageKeys }: { readonly pageKeys: number }): AsyncGenerator<ObjectFacts> {
    let token: string | undefined;
    do {
      const next = token === undefined ? {} : { token };
      const page = await this.store.list({ prefix, maxKeys: pageKeys, ...next }, this.signal);
      yield* page.objects;
      token = page.nextToken;
    } while (token !== undefined);
  }

  /**
   * A role may see what is in `home/jane/` and not be allowed to ask for an object `home/jane`: then the directory
   * decides, and the refusal counts only when there is none.
   */
  async #head(key: string, signal: AbortSignal): Promise<ObjectHead | FileError | undefined> {
    try {
      return await this.store.head(key, signal);
    } catch (error) {
      if (isDenied(error)) return error;
      throw error;
    }
  }
}

function isDenied(error: unknown): error is FileError {
  return error instanceof FileError && error.code === 'PERMISSION_DENIED';
}
