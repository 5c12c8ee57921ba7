/** An open listing of a host directory: names first, attributes only for the batch that is asked for. */

import type { Dir } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { toFileError } from '../../error.ts';
import type { DirectoryEntry, DirectoryReader } from '../../file-system.ts';
import { toAttributes, UNKNOWN_ATTRIBUTES } from './attributes.ts';
import { errnoOf } from './calls.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface PosixDirectoryOptions {
  /** Opened with the encoding `latin1`, which keeps every byte: a name need not be UTF-8. */
  readonly directory: Dir;
  readonly hostPath: string;
  readonly showsLinks: boolean;
  /** Called for each entry left out because its name is not valid UTF-8: no client could ask for it. */
  readonly onUnreadableName: () => void;
  /** Lets go of what keeps `hostPath` in place. */
  readonly release: () => void;
}

export class PosixDirectoryReader implements DirectoryReader {
  readonly #options: PosixDirectoryOptions;
  #isClosed = false;

  constructor(options: PosixDirectoryOptions) {
    this.#options = options;
  }

  async next(maxEntries: number): Promise<readonly DirectoryEntry[]> {
    try {
      for (;;) {
        const names = await this.#names(maxEntries);
        if (names.length === 0) return [];
        const entries = await Promise.all(names.map((name) => this.#entry(name)));
        const shown = entries.filter((entry) => entry !== undefined);
        // An empty answer means the end, so a batch that vanished as a whole is skipped.
        if (shown.length > 0) return shown;
      }
    } catch (error) {
      throw toFileError(error);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#options.directory.close();
    } catch (error) {
      throw toFileError(error);
    } finally {
      this.#options.release();
    }
  }

  async #names(maxEntries: number): Promise<string[]> {
    const names: string[] = [];
    while (names.length < maxEntries) {
      const entry = await this.#options.directory.read();
      if (entry === null) break;
      const name = decodeName(entry.name);
      if (name === undefined) this.#options.onUnreadableName();
      else names.push(name);
    }
    return names;
  }

  async #entry(name: string): Promise<DirectoryEntry | undefined> {
    try {
      const stats = await lstat(`${this.#options.hostPath}/${name}`);
      if (stats.isSymbolicLink() && !this.#options.showsLinks) return undefined;
      return { name, attributes: toAttributes(stats) };
    } catch (error) {
      return errnoOf(error) === 'ENOENT' ? undefined : { name, attributes: UNKNOWN_ATTRIBUTES };
    }
  }
}

function decodeName(latin1: string): string | undefined {
  try {
    return utf8.decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return undefined;
  }
}
