/** Finds places below a root with `openat2`: the kernel follows the links, and refuses every step out of the root. */

import fs from 'node:fs';
import { FileError } from '../../../error.ts';
import { errnoOf } from '../calls.ts';
import { O_PATH } from '../proc-pinning.ts';
import type { Place } from './protocol.ts';
import type { SystemCalls } from './system-calls.ts';

/** `O_CLOEXEC` of Linux on x86-64 and arm64; `fs.constants` lacks it. */
export const O_CLOEXEC = 0o2000000;
const { O_CREAT, O_DIRECTORY } = fs.constants;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_NO_SYMLINKS = 0x04;
const RESOLVE_BENEATH = 0x08;
/** How often a path is begun anew because something was renamed while the kernel stepped through `..`. */
const MAX_RACES = 64;

/** What the calls of the resolver say about links. */
type Links = 'follow' | 'refuse';

/**
 * Whatever would lead out of the view fails like a missing file: a client learns nothing about what is there. So does a
 * link where none is followed.
 */
export class Resolver {
  readonly #calls: SystemCalls;
  readonly #root: number;

  constructor(calls: SystemCalls, root: number) {
    this.#calls = calls;
    this.#root = root;
  }

  /** A descriptor of what is at the place; the caller closes it. @throws FileError, SystemCallError */
  open({ base, path, followsLinks }: Place, flags: number, mode = 0): number {
    if (path === '') return this.#openBelow(this.#root, base || '.', flags, mode, 'refuse');
    return this.#at(base, (directory) =>
      this.#openBelow(directory, path, flags, mode, followsLinks ? 'follow' : 'refuse'),
    );
  }

  /** Like `open`, and closes the descriptor after `action`. */
  with<T>(place: Place, flags: number, action: (descriptor: number) => T): T {
    return this.#closing(this.open(place, flags), action);
  }

  /** The directory that holds the place, and its last name there, which may be a link or not exist. */
  inParent<T>(place: Place, action: (directory: number, name: string) => T): T {
    const { path, base } = place;
    if (path === '') return this.#inParentOf({ base: '', path: base, followsLinks: false }, action);
    return this.#inParentOf(place, action);
  }

  #inParentOf<T>(place: Place, action: (directory: number, name: string) => T): T {
    const slash = place.path.lastIndexOf('/');
    const name = place.path.slice(slash + 1) || '.';
    if (slash < 0) return this.#at(place.base, (directory) => action(directory, name));
    const parent = { ...place, path: place.path.slice(0, slash) };
    return this.with(parent, O_PATH | O_DIRECTORY, (directory) => action(directory, name));
  }

  /** Nothing on the way to where a view begins may be a link: who can plant one there would move the view. */
  #at<T>(base: string, action: (directory: number) => T): T {
    if (base === '') return action(this.#root);
    return this.#closing(this.#openBelow(this.#root, base, O_PATH, 0, 'refuse'), action);
  }

  #openBelow(directory: number, path: string, flags: number, mode: number, links: Links): number {
    const resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (links === 'refuse' ? RESOLVE_NO_SYMLINKS : 0);
    const madeMode = (flags & O_CREAT) === 0 ? 0 : mode;
    for (let attempt = 0; attempt < MAX_RACES; attempt++) {
      try {
        return this.#calls.openat2(directory, path, flags | O_CLOEXEC, madeMode, resolve);
      } catch (error) {
        const errno = errnoOf(error);
        if (errno === 'EXDEV' || (errno === 'ELOOP' && links === 'refuse')) {
          throw new FileError('NOT_FOUND', undefined, { cause: error });
        }
        if (errno !== 'EAGAIN') throw error;
      }
    }
    throw new FileError('LINK_LOOP');
  }

  #closing<T>(descriptor: number, action: (descriptor: number) => T): T {
    try {
      return action(descriptor);
    } finally {
      this.#calls.close(descriptor);
    }
  }
}
