/** An open listing that threads read: one trip brings a batch of names with their attributes, ahead of the caller. */

import { toFileError } from '../../../error.ts';
import type { DirectoryEntry, DirectoryReader } from '../../../file-system.ts';
import type { PosixProfile } from '../../../storage.ts';
import { close } from '../calls.ts';
import { decodeEntries, numberAt } from './encoding.ts';
import type { ThreadPool } from './thread-pool.ts';

/** Entries read while the caller sends what it has: a trip to a thread takes as long as looking at this many. */
const ENTRIES_AHEAD = 200;

export interface NativeDirectoryOptions {
  readonly threads: Pick<ThreadPool, 'call'>;
  readonly profile: PosixProfile | undefined;
  /** Open on the directory; the reader closes it. */
  readonly descriptor: number;
  readonly showsLinks: boolean;
  readonly onUnreadableNames: (count: number) => void;
}

export class NativeDirectoryReader implements DirectoryReader {
  readonly #options: NativeDirectoryOptions;
  /** Read and not yet given. */
  #entries: readonly DirectoryEntry[] = [];
  /** What is read next, once it was begun. A failed one stays: the listing is over. */
  #ahead: Promise<readonly DirectoryEntry[]> | undefined;
  #rest = new Uint8Array();
  #hasEnded = false;
  #isClosed = false;

  constructor(options: NativeDirectoryOptions) {
    this.#options = options;
  }

  async next(maxEntries: number): Promise<readonly DirectoryEntry[]> {
    if (this.#entries.length === 0) {
      this.#ahead ??= this.#read(maxEntries);
      this.#entries = await this.#ahead;
      this.#ahead = undefined;
      if (!this.#hasEnded && !this.#isClosed) this.#readAhead();
    }
    const given = this.#entries.slice(0, maxEntries);
    this.#entries = this.#entries.slice(maxEntries);
    return given;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // A thread may still read from the descriptor, and its number would be given to another file.
    await this.#ahead?.catch(() => {});
    try {
      await close(this.#options.descriptor);
    } catch (error) {
      throw toFileError(error);
    }
  }

  #readAhead(): void {
    this.#ahead = this.#read(ENTRIES_AHEAD);
    // Told to whoever asks next, who may never come.
    this.#ahead.catch(() => {});
  }

  async #read(maxEntries: number): Promise<readonly DirectoryEntry[]> {
    if (this.#hasEnded) return [];
    const { threads, profile, descriptor, showsLinks } = this.#options;
    return threads.call({
      profile,
      operation: { kind: 'entries', descriptor, rest: this.#rest, maxEntries, showsLinks },
      usesDescriptor: true,
      decode: ({ numbers, text, bytes }) => {
        this.#hasEnded = numberAt(numbers, 0) === 1;
        this.#rest = new Uint8Array(bytes ?? []);
        this.#options.onUnreadableNames(numberAt(numbers, 1));
        return decodeEntries(numbers, text);
      },
    });
  }
}
