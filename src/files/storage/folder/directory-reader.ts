/** A listing without the staging folder. */

import type { DirectoryEntry, DirectoryReader } from '../../file-system.ts';
import { isStagingName } from './staging-name.ts';

export class FolderDirectoryReader implements DirectoryReader {
  readonly #stored: DirectoryReader;

  constructor(stored: DirectoryReader) {
    this.#stored = stored;
  }

  async next(maxEntries: number): Promise<readonly DirectoryEntry[]> {
    for (;;) {
      const entries = await this.#stored.next(maxEntries);
      const shown = entries.filter(({ name }) => !isStagingName(name));
      // An empty answer means the end, so a batch of nothing else is skipped.
      if (shown.length > 0 || entries.length === 0) return shown;
    }
  }

  close(): Promise<void> {
    return this.#stored.close();
  }
}
