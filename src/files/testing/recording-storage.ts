/** A storage in memory that writes down every path it is asked for. */

import type { FileSystem } from '../file-system.ts';
import { MemoryStorage } from '../storage/memory.ts';
import type { HomePresence, Storage, StorageSession } from '../storage.ts';
import { ROOT, rebase, type VirtualPath } from '../virtual-path.ts';

export interface RecordedCall {
  readonly storage: string;
  readonly operation: string;
  /** From the storage's own root. */
  readonly path: VirtualPath;
}

export class RecordingStorage implements Storage {
  readonly homes: HomePresence = 'required';
  readonly #name: string;
  readonly #calls: RecordedCall[];
  readonly #memory = new MemoryStorage();

  constructor(name: string, calls: RecordedCall[]) {
    this.#name = name;
    this.#calls = calls;
  }

  open(): Promise<void> {
    return this.#memory.open();
  }

  attach(session: StorageSession, root: VirtualPath = ROOT): FileSystem {
    const files = this.#memory.attach(session, root);
    const seen = (operation: string, ...paths: VirtualPath[]): FileSystem => {
      for (const path of paths) {
        this.#calls.push({ storage: this.#name, operation, path: rebase(path, ROOT, root) });
      }
      return files;
    };
    return {
      stat: (path, options) => seen('stat', path).stat(path, options),
      setAttributes: (path, changes, options) =>
        seen('setAttributes', path).setAttributes(path, changes, options),
      open: (path, mode, initial) => seen('open', path).open(path, mode, initial),
      list: (path) => seen('list', path).list(path),
      makeDirectory: (path, initial) => seen('makeDirectory', path).makeDirectory(path, initial),
      removeDirectory: (path) => seen('removeDirectory', path).removeDirectory(path),
      remove: (path) => seen('remove', path).remove(path),
      rename: (from, to) => seen('rename', from, to).rename(from, to),
      replacing: {
        replace: async (from, to) => seen('replace', from, to).replacing?.replace(from, to),
      },
      links: {
        readLink: async (path) => `target of ${seen('readLink', path) && path}`,
        symlink: async (_target, path) => {
          seen('symlink', path);
        },
      },
    };
  }

  close(): Promise<void> {
    return this.#memory.close();
  }
}
