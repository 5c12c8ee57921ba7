/** Paths of a view and keys of its bucket: two spellings of one place, translated here and nowhere else. */

import { FileError } from '../../error.ts';
import { MAX_NAME_BYTES, ROOT, type VirtualPath } from '../../virtual-path.ts';

/** Longest key in UTF-8 bytes (Amazon S3 user guide, "Naming Amazon S3 objects"). */
export const MAX_KEY_BYTES = 1024;

/** The keys of one view, which begins at `root` in the bucket. */
export class Keys {
  readonly #root: VirtualPath;

  constructor(root: VirtualPath) {
    this.#root = root;
  }

  /** Key of the file at the path; empty for the root of a bucket, where no object can be. @throws FileError NAME_TOO_LONG */
  file(path: VirtualPath): string {
    const key = this.#join(path);
    if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw tooLong();
    return key;
  }

  /** What the keys of everything in the directory begin with, and the key of its marker. @throws FileError NAME_TOO_LONG */
  directory(path: VirtualPath): string {
    const prefix = toPrefix(this.#join(path));
    if (Buffer.byteLength(prefix) > MAX_KEY_BYTES) throw tooLong();
    return prefix;
  }

  #join(path: VirtualPath): string {
    if (path === ROOT) return this.#root.slice(1);
    return this.#root === ROOT ? path.slice(1) : `${this.#root}${path}`.slice(1);
  }
}

/** The directory that goes with the key of a file. */
export function toPrefix(key: string): string {
  return key === '' ? '' : `${key}/`;
}

/**
 * Whether a path can hold the name. S3 takes keys that no path can spell: `a//b`, `/a`, `./a`, names of more than 255
 * bytes. Nobody could open what a listing shows of them.
 */
export function isName(name: string): boolean {
  if (name === '' || name === '.' || name === '..') return false;
  if (name.includes('/') || name.includes('\0') || !name.isWellFormed()) return false;
  return name.length <= MAX_NAME_BYTES && Buffer.byteLength(name) <= MAX_NAME_BYTES;
}

function tooLong(): FileError {
  return new FileError('NAME_TOO_LONG', `the path is longer than the ${MAX_KEY_BYTES} bytes of a key`);
}
