/** The directories of a bucket that lost their last file a moment ago. */

/** Directories remembered; the oldest is forgotten. */
const MAX_DIRECTORIES = 10_000;
/** Who deletes a tree removes its directories soon after their files. */
const MAX_AGE_MS = 10 * 60_000;

/**
 * A directory without a marker is gone with its last file, and a client that deletes a tree still lists and removes the
 * directory afterwards: it is shown as empty, and told that all is well. A marker instead would be an upload that nobody asked for, and that a
 * role may forbid. Sessions share it, because a client may delete by several connections.
 */
export class EmptiedDirectories {
  readonly #sinceMs = new Map<string, number>();
  readonly #nowMs: () => number;

  /** @param nowMs milliseconds of a clock that does not jump; replaced in tests */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** @param prefix the directory's keys begin with it */
  add(prefix: string): void {
    this.#sinceMs.delete(prefix);
    this.#sinceMs.set(prefix, this.#nowMs());
    const [oldest] = this.#sinceMs.keys();
    if (this.#sinceMs.size > MAX_DIRECTORIES && oldest !== undefined) this.#sinceMs.delete(oldest);
  }

  has(prefix: string): boolean {
    const sinceMs = this.#sinceMs.get(prefix);
    return sinceMs !== undefined && this.#nowMs() - sinceMs < MAX_AGE_MS;
  }

  /** The directory was removed, moved or made anew, and with it all below it. */
  forget(prefix: string): void {
    for (const known of this.#sinceMs.keys()) if (known.startsWith(prefix)) this.#sinceMs.delete(known);
  }
}
