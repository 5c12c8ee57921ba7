/** The folder of the server itself: made private at first start, and the files in it written so that none is lost. */

import { randomBytes } from 'node:crypto';
import { access, constants, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const PRIVATE_FOLDER_MODE = 0o700;
const PRIVATE_FILE_MODE = 0o600;
/** What `link` answers on file systems that have none. */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

/** The folder, or a file in it, cannot be used. The message names it and the fix. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
  readonly code = 'DATA_FOLDER_UNUSABLE';
}

export class DataFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder, private to its owner, or checks that the one that is there can be used. @throws DataFolderError */
  static async open(path: string): Promise<DataFolder> {
    try {
      await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER_MODE });
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw unusable(path, cause, 'choose another folder with --data, or give this user the right to it');
    }
    if (!(await stat(path)).isDirectory())
      throw new DataFolderError(`${path}: is not a folder; choose another with --data`);
    return new DataFolder(path);
  }

  pathOf(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  /** A folder inside, made when missing. @throws DataFolderError */
  async folder(...names: readonly string[]): Promise<string> {
    const path = this.pathOf(...names);
    try {
      await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER_MODE });
      return path;
    } catch (cause) {
      throw unusable(path, cause, 'give this user the right to make it');
    }
  }

  /**
   * The text of a file; when there is none, `make` is asked for it and it is kept, readable by the owner only. Of two
   * processes that start at once, one makes the file and both use it.
   * @throws DataFolderError
   */
  async keep(
    names: readonly string[],
    make: () => Promise<string> | string,
  ): Promise<{ text: string; isNew: boolean }> {
    const path = this.pathOf(...names);
    const existing = await this.#read(path);
    if (existing !== undefined) return { text: existing, isNew: false };
    const text = await make();
    const temporary = temporaryFor(path);
    try {
      await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER_MODE });
      await writeFile(temporary, text, { flag: 'wx', mode: PRIVATE_FILE_MODE, flush: true });
      await placeNew(temporary, path);
      return { text, isNew: true };
    } catch (cause) {
      const other = isErrno(cause, 'EEXIST') ? await this.#read(path) : undefined;
      if (other !== undefined) return { text: other, isNew: false };
      throw unusable(path, cause, 'give this user the right to write it');
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  async #read(path: string): Promise<string | undefined> {
    try {
      return await readFile(path, 'utf8');
    } catch (cause) {
      if (isErrno(cause, 'ENOENT')) return undefined;
      throw unusable(path, cause, 'give this user the right to read it');
    }
  }
}

/** Writes a file that others wait for: it appears whole or not at all, readable by the owner only. */
export async function publishFile(path: string, text: string): Promise<void> {
  const temporary = temporaryFor(path);
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: PRIVATE_FILE_MODE });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw unusable(path, cause, 'its folder must exist, and this user must be allowed to write there');
  }
}

function temporaryFor(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}`;
}

/** Puts a whole file in its place, or fails with EEXIST where another process was quicker. */
async function placeNew(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (cause) {
    // Some network file systems have no links; there the later of two processes wins.
    if (!NO_LINKS.some((code) => isErrno(cause, code))) throw cause;
    await rename(temporary, path);
  }
}

function unusable(path: string, cause: unknown, fix: string): DataFolderError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  return new DataFolderError(`${path}: cannot be used (${reason}); ${fix}`, { cause });
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
