/** Where a session's paths lead on the host: every operation on a `PosixStorage` begins with a walk from here. */

import fs from 'node:fs';
import { FileError, toFileError } from '../../error.ts';
import { pathSegments, ROOT, type VirtualPath } from '../../virtual-path.ts';
import { close, errnoOf, fsync, open } from './calls.ts';
import type { PinnedNode, Pinning } from './pinning.ts';
import { UseCount } from './use-count.ts';
import { Walk } from './walk.ts';

const { O_DIRECTORY, O_RDONLY } = fs.constants;

/** The root of an open storage; its descriptor lives until the storage is closed and the last walk has ended. */
export class PosixRoot {
  readonly pinning: Pinning;
  readonly #node: PinnedNode;
  readonly #uses = new UseCount();

  constructor(pinning: Pinning, node: PinnedNode) {
    this.pinning = pinning;
    this.#node = node;
  }

  /** @throws FileError INVALID_HANDLE after `close` */
  enter(): PinnedNode {
    this.#uses.enter();
    return this.#node;
  }

  leave(): void {
    this.#uses.leave();
  }

  close(): void {
    void this.#uses.end().then(() => this.#node.release());
  }
}

export interface PosixViewOptions {
  readonly root: PosixRoot;
  /** Where the view begins, below the storage's root. */
  readonly base: VirtualPath;
  readonly followsLinks: boolean;
  /** Whether changes of names are brought to stable storage. */
  readonly isDurable: boolean;
  readonly signal: AbortSignal;
}

export class PosixView {
  readonly followsLinks: boolean;
  readonly isDurable: boolean;
  readonly #root: PosixRoot;
  readonly #baseNames: readonly string[];
  readonly #signal: AbortSignal;

  constructor({ root, base, followsLinks, isDurable, signal }: PosixViewOptions) {
    this.followsLinks = followsLinks;
    this.isDurable = isDurable;
    this.#root = root;
    this.#baseNames = pathSegments(base);
    this.#signal = signal;
  }

  get pinning(): Pinning {
    return this.#root.pinning;
  }

  /** Whether the session may know that there is a link at `path`. Never at the view's own root. */
  showsLink(path: VirtualPath): boolean {
    return this.followsLinks && path !== ROOT;
  }

  /** Where the storage is durable: brings the names of the directory that the walk is in to stable storage. */
  async sync(walk: Walk): Promise<void> {
    if (!this.isDurable) return;
    const descriptor = await open(walk.directoryPath, O_RDONLY | O_DIRECTORY);
    try {
      await fsync(descriptor);
    } catch (error) {
      // Said by file systems that have nothing to bring anywhere.
      if (errnoOf(error) !== 'EINVAL') throw error;
    } finally {
      await close(descriptor);
    }
  }

  /** Runs `action` at the place of `path`. @throws FileError only */
  async at<T>(path: VirtualPath, action: (walk: Walk) => Promise<T>): Promise<T> {
    const { walk, release } = await this.begin(path);
    try {
      return await action(walk);
    } catch (error) {
      throw toFileError(error);
    } finally {
      release();
    }
  }

  /** Like `at`, for a place that is kept: the caller calls `release` once. @throws FileError only */
  async begin(path: VirtualPath): Promise<{ readonly walk: Walk; readonly release: () => void }> {
    if (this.#signal.aborted) throw new FileError('ABORTED');
    const root = this.#root.enter();
    try {
      const walk = await Walk.begin({
        pinning: this.#root.pinning,
        root,
        viewNames: this.#baseNames,
        names: pathSegments(path),
        followsLinks: this.followsLinks,
      });
      const release = (): void => {
        walk.close();
        this.#root.leave();
      };
      return { walk, release };
    } catch (error) {
      this.#root.leave();
      throw toFileError(error);
    }
  }
}
