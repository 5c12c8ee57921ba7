/** The listing of a synthetic directory of a home. */

import type { DirectoryEntry, DirectoryReader } from './file-system.ts';
import { SYNTHETIC_DIRECTORY } from './home-attributes.ts';
import type { HomeMount } from './home-mount.ts';
import type { HomeChild } from './home-tree.ts';

export class HomeDirectoryReader implements DirectoryReader {
  readonly #children: readonly HomeChild<HomeMount>[];
  #next = 0;

  constructor(children: readonly HomeChild<HomeMount>[]) {
    this.#children = children;
  }

  async next(maxEntries: number): Promise<readonly DirectoryEntry[]> {
    const batch = this.#children.slice(this.#next, this.#next + maxEntries);
    this.#next += batch.length;
    return Promise.all(batch.map(toEntry));
  }

  async close(): Promise<void> {}
}

async function toEntry({ name, mount }: HomeChild<HomeMount>): Promise<DirectoryEntry> {
  return { name, attributes: mount === undefined ? SYNTHETIC_DIRECTORY : await mount.attributes() };
}
