/** An open listing that threads read: one trip brings a batch of names with their attributes. */

import { toFileError } from '../../../error.ts';
import type { DirectoryEntry, DirectoryReader } from '../../../file-system.ts';
import type { PosixProfile } from '../../../storage.ts';
import { close } from '../calls.ts';
import { decodeEntries, numberAt } from './encoding.ts';
import type { ThreadPool } from './thread-pool.ts';

export interface NativeDirectoryOptions {
  readonly threads: ThreadPool;
  readonly profile: PosixProfile | undefined;
  /** Open on the directory; the reader closes it. */
  readonly descriptor: number;
  readonly showsLinks: boolean;
  readonly onUnreadableNames: (count: number) => void;
}

export class NativeDirectoryReader implements DirectoryReader {
  readonly #options: NativeDirectoryOptions;
  #rest = new Uint8Array();
  #hasEnded = false;
  #isClosed = false;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(options: NativeDirectoryOptions) {
    this.#options = options;
  }

  next(maxEntries: number): Promise<readonly DirectoryEntry[]> {
    if (this.#hasEnded) return Promise.resolve([]);
    const { threads, profile, descriptor, showsLinks } = this.#options;
    const reading = threads.call({
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
    this.#reading = reading.catch(() => {});
    return reading;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // A thread may still read from the descriptor, and its number would be given to another file.
    await this.#reading;
    try {
      await close(this.#options.descriptor);
    } catch (error) {
      throw toFileError(error);
    }
  }
}
