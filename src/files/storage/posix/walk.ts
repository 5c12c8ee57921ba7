/** Finds the place of a path below a root, one name at a time, following symbolic links here and not in the kernel. */

import { lstat, readlink } from 'node:fs/promises';
import { FileError } from '../../error.ts';
import { errnoOf } from './calls.ts';
import type { PinnedNode, Pinning } from './pinning.ts';

/** Symbolic links followed in one path (Linux MAXSYMLINKS). */
const MAX_LINKS = 40;

export interface WalkStart {
  readonly pinning: Pinning;
  /** The storage's root; the walk does not release it. */
  readonly root: PinnedNode;
  /** Names from the root to where the view begins. No link among them is followed, and none leads above them. */
  readonly viewNames: readonly string[];
  readonly names: readonly string[];
  readonly followsLinks: boolean;
}

/**
 * A walk holds the directories it went through, so `..` in a link's target goes back to a directory that is known to be
 * inside, wherever it was moved meanwhile. Whatever would lead out of the view fails like a missing file: a client
 * learns nothing about what is there.
 */
export class Walk {
  readonly #pinning: Pinning;
  readonly #root: PinnedNode;
  readonly #followsLinks: boolean;
  readonly #entered: PinnedNode[] = [];
  /** Names still to go, the next one last. */
  readonly #pending: string[];
  #viewNamesLeft: number;
  /** The number of entered directories at the view's root. */
  readonly #floor: number;
  #name = '.';
  #linkCount = 0;

  /** Goes to the directory that holds the last name. The caller closes the walk. */
  static async begin(start: WalkStart): Promise<Walk> {
    const walk = new Walk(start);
    try {
      await walk.#advance();
      return walk;
    } catch (error) {
      walk.close();
      throw error;
    }
  }

  private constructor({ pinning, root, viewNames, names, followsLinks }: WalkStart) {
    this.#pinning = pinning;
    this.#root = root;
    this.#followsLinks = followsLinks;
    this.#pending = [...viewNames, ...names].reverse();
    this.#viewNamesLeft = viewNames.length;
    this.#floor = viewNames.length;
  }

  /** The host path of the last name: for calls that do not follow a link at its end. */
  get entryPath(): string {
    return this.#pathOf(this.#name);
  }

  /** The host path of the directory that the walk is in. */
  get directoryPath(): string {
    return this.#directory.path;
  }

  /** The last name turned out to be a link: goes where it points. @throws FileError NOT_FOUND, LINK_LOOP */
  async followLast(): Promise<void> {
    try {
      await this.#expand(this.#name);
    } catch (error) {
      // It is a link no more; the caller looks again, at most MAX_LINKS times.
      if (errnoOf(error) === 'EINVAL') return;
      throw error;
    }
    await this.#advance();
  }

  /** Goes into the last name, which has to be a directory or a link to one. */
  async enterLast(): Promise<void> {
    while (this.#name !== '.') {
      await this.#enter(this.#name);
      await this.#advance();
    }
  }

  close(): void {
    for (const directory of this.#entered.splice(0)) directory.release();
  }

  get #directory(): PinnedNode {
    return this.#entered.at(-1) ?? this.#root;
  }

  #pathOf(name: string): string {
    return `${this.#directory.path}/${name}`;
  }

  async #advance(): Promise<void> {
    for (;;) {
      const name = this.#pending.pop();
      this.#name = name ?? '.';
      if (name === undefined) return;
      if (name === '' || name === '.') continue;
      if (name === '..') this.#leave();
      else if (this.#pending.length === 0) return;
      else await this.#enter(name);
    }
  }

  #leave(): void {
    if (this.#entered.length <= this.#floor) throw new FileError('NOT_FOUND');
    this.#entered.pop()?.release();
  }

  async #enter(name: string): Promise<void> {
    try {
      this.#entered.push(await this.#pinning.directory(this.#pathOf(name), { followLinks: false }));
    } catch (error) {
      if (errnoOf(error) !== 'ENOTDIR') throw error;
      await this.#expandDirectory(name);
      return;
    }
    if (this.#viewNamesLeft > 0) this.#viewNamesLeft -= 1;
  }

  async #expandDirectory(name: string): Promise<void> {
    try {
      await this.#expand(name);
    } catch (error) {
      if (errnoOf(error) !== 'EINVAL') throw error;
      const stats = await lstat(this.#pathOf(name));
      if (!stats.isDirectory() && !stats.isSymbolicLink()) throw new FileError('NOT_A_DIRECTORY');
      // Swapped between two looks: looks again, at most MAX_LINKS times.
      this.#pending.push(name);
    }
  }

  async #expand(name: string): Promise<void> {
    this.#linkCount += 1;
    if (this.#linkCount > MAX_LINKS) throw new FileError('LINK_LOOP');
    const target = await readlink(this.#pathOf(name));
    if (!this.#followsLinks || this.#viewNamesLeft > 0 || target.startsWith('/')) {
      throw new FileError('NOT_FOUND');
    }
    this.#pending.push(...target.split('/').reverse());
  }
}
