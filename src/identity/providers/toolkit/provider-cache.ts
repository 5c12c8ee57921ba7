/** Keeps the providers that items ask for, because they hold connections and breakers; each is closed when nobody uses it. */

import type { PersonProvider } from '../provider.ts';

/** Most providers that are kept; beyond that the one unused for longest goes. */
const MAX_PROVIDERS = 32;
/** Secrets that an item names are read again after this time, so that a rotated one comes into use. */
const MAX_AGE_MS = 300_000;

interface Entry {
  readonly provider: Promise<PersonProvider>;
  readonly createdAtMs: number;
  users: number;
  isRetired: boolean;
}

export class ProviderCache {
  /** By the content of the item, in the order of use. */
  readonly #entries = new Map<string, Entry>();
  /** All that are not closed yet. */
  readonly #open = new Set<Entry>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Does the work with the provider of that content, which is made when there is none. */
  async use<Result>(
    content: string,
    create: () => Promise<PersonProvider>,
    work: (provider: PersonProvider) => Promise<Result>,
  ): Promise<Result> {
    const entry = this.#entryOf(content, create);
    entry.users += 1;
    try {
      return await work(await entry.provider);
    } finally {
      entry.users -= 1;
      if (entry.isRetired) await this.#closeUnused(entry);
    }
  }

  /** Never rejects. */
  async close(): Promise<void> {
    this.#entries.clear();
    await Promise.all([...this.#open].map((entry) => this.#close(entry)));
  }

  #entryOf(content: string, create: () => Promise<PersonProvider>): Entry {
    const found = this.#entries.get(content);
    if (found !== undefined) this.#entries.delete(content);
    if (found !== undefined && this.#now() - found.createdAtMs < MAX_AGE_MS) {
      this.#entries.set(content, found);
      return found;
    }
    if (found !== undefined) this.#retire(found);
    const entry: Entry = { provider: create(), createdAtMs: this.#now(), users: 0, isRetired: false };
    this.#entries.set(content, entry);
    this.#open.add(entry);
    // One that could not be made is made anew for the next login.
    entry.provider.catch(() => this.#forget(content, entry));
    this.#evict();
    return entry;
  }

  #forget(content: string, entry: Entry): void {
    this.#open.delete(entry);
    if (this.#entries.get(content) === entry) this.#entries.delete(content);
  }

  #evict(): void {
    for (const [content, entry] of this.#entries) {
      if (this.#entries.size <= MAX_PROVIDERS) return;
      this.#entries.delete(content);
      this.#retire(entry);
    }
  }

  #retire(entry: Entry): void {
    entry.isRetired = true;
    void this.#closeUnused(entry);
  }

  async #closeUnused(entry: Entry): Promise<void> {
    if (entry.users === 0) await this.#close(entry);
  }

  async #close(entry: Entry): Promise<void> {
    if (!this.#open.delete(entry)) return;
    try {
      await (await entry.provider).close();
    } catch {
      // It was never made, and whoever asked for it knows.
    }
  }
}
