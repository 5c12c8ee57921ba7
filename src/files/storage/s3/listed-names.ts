/** Tells which directories of a listing are hidden by files, in bounded memory. */

/**
 * An object `a` and keys below `a/` may both exist; one of them can be shown, and that is the file (see `Entry`). S3
 * lists in the order of bytes, so `a` comes before `a/`, but `a-1`, `a.txt` and thousands of others may come in between,
 * on several pages. Everything in between begins with `a`: what has to be remembered from page to page are the names
 * that the last one begins with, no more of them than it has characters.
 */
export class ListedNames {
  #remembered: readonly string[] = [];

  /** The names of one page, which comes after those of the calls before: the directories that no file hides. */
  unhidden(files: readonly string[], directories: readonly string[]): readonly string[] {
    const seen = new Set([...this.#remembered, ...(directories.length > 0 ? files : [])]);
    const shown = directories.filter((name) => !seen.has(name));
    const last = [files.at(-1), directories.at(-1)].filter((name) => name !== undefined);
    if (last.length === 0) return shown;
    this.#remembered = [...this.#remembered, ...files].filter((name) =>
      last.some((lastName) => lastName.startsWith(name)),
    );
    return shown;
  }
}
