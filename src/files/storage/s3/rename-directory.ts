/** Renames a directory: everything in it is copied, then everything is removed, and a repetition goes on where it broke off. */

import { createHash } from 'node:crypto';
import { FileError } from '../../error.ts';
import type { MoveCheck } from '../../file-system.ts';
import { type VirtualPath, virtualPath } from '../../virtual-path.ts';
import { markerProperties, propertiesOf } from './attributes.ts';
import { inParallel } from './in-parallel.ts';
import { isName, MAX_KEY_BYTES } from './keys.ts';
import type { ObjectFacts, ObjectHead, ObjectProperties } from './object-store.ts';
import type { Entry, S3View } from './view.ts';
import { EMPTY_BODY, whereFree } from './where-free.ts';

/** Metadata on the marker of a target that is not complete: SHA-256 of the prefix that it comes from. */
const MOVED_FROM = 'moved-from-sha256';
/** A target left behind for longer is somebody's directory, not the rest of a rename. */
const RESUMABLE_MS = 24 * 60 * 60 * 1000;
const OBJECTS_IN_FLIGHT = 16;
/** Most keys that S3 puts into one page. */
const PAGE_KEYS = 1000;

export interface MoveOptions {
  /** POSIX rename: a file takes the place of a file, a directory that of an empty one. */
  readonly replaces: boolean;
  /** A large directory takes long to move, and is written to meanwhile. */
  readonly mayMove: MoveCheck | undefined;
}

interface Place {
  readonly path: VirtualPath;
  readonly prefix: string;
}

/**
 * The marker of the target is written first and says where everything comes from, so that two renames to one target do
 * not meet, and a repeated one knows its own half-done work. Until everything is copied the source is whole; until it is
 * removed, an object is in at least one of both places. What comes into the source at the very end stays there. Holds a
 * page of keys in memory, however many there are.
 */
export class DirectoryMove {
  readonly #view: S3View;
  readonly #from: string;
  readonly #to: string;
  readonly #fromPath: VirtualPath;
  readonly #toPath: VirtualPath;
  readonly #options: MoveOptions;
  readonly #origin: string;

  constructor(view: S3View, from: Place, to: Place, options: MoveOptions) {
    this.#view = view;
    this.#from = from.prefix;
    this.#fromPath = from.path;
    this.#to = to.prefix;
    this.#toPath = to.path;
    this.#options = options;
    this.#origin = createHash('sha256').update(from.prefix).digest('hex');
  }

  /** @throws FileError ALREADY_EXISTS, NOT_EMPTY, NOT_A_DIRECTORY, NOT_SUPPORTED, NAME_TOO_LONG */
  async run(target: Entry | undefined): Promise<void> {
    const begin = await this.#check(target, this.#options);
    await this.#checkKeys();
    await begin();
    await this.#forEach((object) => this.#copy(object));
    await this.#forEach(async (object) => {
      // Once more, for what was written meanwhile: nothing goes whose copy is not there.
      await this.#copy(object);
      await this.#view.store.remove(object.key, this.#view.signal);
    });
    await this.#finish();
  }

  /** What the beginning consists of, once it is clear that the target may be had. */
  async #check(target: Entry | undefined, { replaces }: MoveOptions): Promise<() => Promise<void>> {
    if (target === undefined) return () => this.#claimFree();
    if (target.kind === 'file') throw new FileError(replaces ? 'NOT_A_DIRECTORY' : 'ALREADY_EXISTS');
    const marker = await this.#view.marker(this.#to);
    if (marker !== undefined && this.#isOwn(marker)) return async () => {};
    if (!replaces) throw new FileError('ALREADY_EXISTS');
    for await (const { key } of this.#view.objects(this.#to, { pageKeys: 2 })) {
      if (key !== this.#to) throw new FileError('NOT_EMPTY');
    }
    return () => this.#claim({});
  }

  #isOwn({ metadata, lastModifiedMs }: ObjectHead): boolean {
    return metadata[MOVED_FROM] === this.#origin && Date.now() - lastModifiedMs < RESUMABLE_MS;
  }

  #claimFree(): Promise<void> {
    return whereFree((condition) => this.#claim(condition));
  }

  /** The target's marker is that of the source, or a new one; it stays, so that an empty directory can be moved. */
  async #claim(condition: { readonly mustBeNew?: boolean }): Promise<void> {
    const { store, session, signal } = this.#view;
    const marker = await this.#view.marker(this.#from);
    const { metadata, ...rest } = marker === undefined ? markerProperties(session) : propertiesOf(marker);
    const claim: ObjectProperties = { ...rest, metadata: { ...metadata, [MOVED_FROM]: this.#origin } };
    if (marker === undefined) await store.put(this.#to, EMPTY_BODY, claim, condition, signal);
    else await store.copy(marker, this.#to, claim, condition, signal);
  }

  /** The old marker goes last: as long as the target is not told to be complete, the rename can be repeated. */
  async #finish(): Promise<void> {
    const { store, signal } = this.#view;
    const marker = await store.head(this.#to, signal);
    if (marker !== undefined) {
      const { metadata, ...rest } = propertiesOf(marker);
      const { [MOVED_FROM]: _origin, ...kept } = metadata;
      await store.copy(marker, this.#to, { ...rest, metadata: kept }, {}, signal);
    }
    if ((await this.#view.marker(this.#from)) !== undefined) await store.remove(this.#from, signal);
  }

  /** Everything but the marker. */
  #forEach(action: (object: ObjectFacts) => Promise<void>): Promise<void> {
    return inParallel(this.#objects(), OBJECTS_IN_FLIGHT, action);
  }

  async *#objects(): AsyncGenerator<ObjectFacts> {
    for await (const object of this.#view.objects(this.#from, { pageKeys: PAGE_KEYS })) {
      if (object.key !== this.#from) yield object;
    }
  }

  async #copy(object: ObjectFacts): Promise<void> {
    this.#checkMayMove(object.key);
    const { store, signal } = this.#view;
    const toKey = this.#target(object.key);
    const [target, source] = await Promise.all([store.head(toKey, signal), store.head(object.key, signal)]);
    if (source === undefined || (target !== undefined && isMoved(source, target))) return;
    if (target !== undefined) return store.copy(source, toKey, undefined, {}, signal);
    await whereFree((condition) => store.copy(source, toKey, undefined, condition, signal));
  }

  /** @throws FileError */
  #checkMayMove(key: string): void {
    const name = key.slice(this.#from.length);
    if (!isShown(name)) throw notShown();
    const type = name.endsWith('/') ? 'directory' : 'file';
    this.#options.mayMove?.(virtualPath(name, this.#fromPath), virtualPath(name, this.#toPath), type);
  }

  #target(key: string): string {
    return this.#to + key.slice(this.#from.length);
  }

  /**
   * Looks at every key before anything is changed. A key that no listing shows was never judged by the policies of the
   * session, so it must not be moved either, and a directory is not moved in parts.
   */
  async #checkKeys(): Promise<void> {
    let files: readonly string[] = [];
    for await (const { key } of this.#objects()) {
      if (Buffer.byteLength(this.#target(key)) > MAX_KEY_BYTES) throw new FileError('NAME_TOO_LONG');
      // In the order of S3, between a file and what it hides there are only keys that begin with its own.
      files = files.filter((file) => key.startsWith(file));
      const isHidden = files.some((file) => key.startsWith(`${file}/`));
      if (isHidden || !isShown(key.slice(this.#from.length))) throw notShown();
      if (!key.endsWith('/')) files = [...files, key];
    }
  }
}

/** Whether the object is at its target already: as a copy, or overwritten there since, as any file after a rename. */
function isMoved(source: ObjectHead, target: ObjectHead): boolean {
  if (source.etag === target.etag && source.sizeBytes === target.sizeBytes) return true;
  return target.lastModifiedMs > source.lastModifiedMs;
}

function isShown(path: string): boolean {
  const names = (path.endsWith('/') ? path.slice(0, -1) : path).split('/');
  return names.every(isName);
}

function notShown(): FileError {
  return new FileError(
    'NOT_SUPPORTED',
    'the directory holds keys of S3 that no path shows; it cannot be moved',
  );
}
