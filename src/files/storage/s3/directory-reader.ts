/** An open listing of a prefix: one page is served while the next one is on its way. */

import { FileError, toFileError } from '../../error.ts';
import type { DirectoryEntry, DirectoryReader } from '../../file-system.ts';
import { ROOT, type VirtualPath } from '../../virtual-path.ts';
import { directoryAttributes, listedFileAttributes } from './attributes.ts';
import { inParallel } from './in-parallel.ts';
import { isName } from './keys.ts';
import { ListedNames } from './listed-names.ts';
import type { ListPage, ObjectFacts, ObjectHead } from './object-store.ts';
import type { S3View } from './view.ts';

/** Most keys that S3 puts into one page. */
const PAGE_KEYS = 1000;
/** Markers that are looked at together. */
const MARKERS_IN_FLIGHT = 16;

/** @throws FileError NOT_FOUND, NOT_A_DIRECTORY */
export async function openDirectory(
  view: S3View,
  path: VirtualPath,
  onUnreadableName: () => void,
): Promise<DirectoryReader> {
  const prefix = view.keys.directory(path);
  const reader = new S3DirectoryReader(view, prefix, onUnreadableName);
  try {
    if (await reader.holdsKeys()) return reader;
    const entry = await view.findOrEmptied(path);
    if (entry?.kind === 'file') throw new FileError('NOT_A_DIRECTORY');
    if (entry === undefined && path !== ROOT) throw new FileError('NOT_FOUND');
    return reader;
  } catch (error) {
    await reader.close();
    throw error;
  }
}

type Listed =
  | { readonly name: string; readonly object: ObjectFacts }
  | { readonly name: string; readonly prefix: string };

/** Holds two pages at most, however long the listing is. */
class S3DirectoryReader implements DirectoryReader {
  readonly #view: S3View;
  readonly #prefix: string;
  readonly #onUnreadableName: () => void;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #names = new ListedNames();
  #page: readonly Listed[] = [];
  #served = 0;
  /** Undefined behind the last page. */
  #nextPage: Promise<ListPage> | undefined;

  constructor(view: S3View, prefix: string, onUnreadableName: () => void) {
    this.#view = view;
    this.#prefix = prefix;
    this.#onUnreadableName = onUnreadableName;
    this.#signal = AbortSignal.any([view.signal, this.#closing.signal]);
    this.#nextPage = this.#request();
  }

  /** Whether there is any key, the marker included. A page may come out empty and not be the last one. */
  async holdsKeys(): Promise<boolean> {
    for (;;) {
      const page = await this.#takePage();
      if (page === undefined) return false;
      if (page.objects.length > 0 || page.prefixes.length > 0) return true;
    }
  }

  async next(maxEntries: number): Promise<readonly DirectoryEntry[]> {
    try {
      while (this.#served === this.#page.length) {
        if ((await this.#takePage()) === undefined) return [];
      }
      const batch = this.#page.slice(this.#served, this.#served + maxEntries);
      this.#served += batch.length;
      return await this.#entries(batch);
    } catch (error) {
      throw toFileError(error);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  async #takePage(): Promise<ListPage | undefined> {
    const page = await this.#nextPage;
    if (page === undefined) return undefined;
    this.#nextPage = page.nextToken === undefined ? undefined : this.#request(page.nextToken);
    this.#page = this.#readable(page);
    this.#served = 0;
    return page;
  }

  #request(token?: string): Promise<ListPage> {
    const page = this.#view.store.list(
      {
        prefix: this.#prefix,
        delimiter: '/',
        maxKeys: PAGE_KEYS,
        ...(token === undefined ? {} : { token }),
      },
      this.#signal,
    );
    // Nobody may be waiting for it yet, or ever.
    page.catch(() => {});
    return page;
  }

  #readable({ objects, prefixes }: ListPage): readonly Listed[] {
    const listed: Listed[] = [];
    const files: string[] = [];
    for (const object of objects) {
      if (object.key === this.#prefix) continue;
      const name = object.key.slice(this.#prefix.length);
      files.push(name);
      if (isName(name)) listed.push({ name, object });
      else this.#onUnreadableName();
    }
    const directories = prefixes.map((prefix) => prefix.slice(this.#prefix.length, -1));
    for (const name of this.#names.unhidden(files, directories)) {
      if (isName(name)) listed.push({ name, prefix: `${this.#prefix}${name}/` });
      else this.#onUnreadableName();
    }
    return listed;
  }

  async #entries(batch: readonly Listed[]): Promise<readonly DirectoryEntry[]> {
    const markers = await this.#markers(batch);
    return batch.map((listed) => ({
      name: listed.name,
      attributes:
        'object' in listed
          ? listedFileAttributes(listed.object)
          : directoryAttributes(markers.get(listed.prefix)),
    }));
  }

  async #markers(batch: readonly Listed[]): Promise<ReadonlyMap<string, ObjectHead>> {
    const markers = new Map<string, ObjectHead>();
    if (this.#view.session.directoryListing === 'optimized') return markers;
    const prefixes = batch.flatMap((listed) => ('prefix' in listed ? [listed.prefix] : []));
    await inParallel(prefixes, MARKERS_IN_FLIGHT, async (prefix) => {
      const marker = await this.#view.marker(prefix, this.#signal);
      if (marker !== undefined) markers.set(prefix, marker);
    });
    return markers;
  }
}
