/** An open regular file: exact reads with read-ahead, complete writes, a close that reports. */

import type { Stats } from 'node:fs';
import type { BlockPool } from '../../block-pool.ts';
import { FileError, toFileError } from '../../error.ts';
import type {
  AbortOutcome,
  AttributeChanges,
  FileAttributes,
  FileHandle,
  FileSlice,
  OpenMode,
} from '../../file-system.ts';
import { ReadAhead } from '../../read-ahead.ts';
import { toAttributes } from './attributes.ts';
import { close, fstat, fsync, read, write } from './calls.ts';
import { UseCount } from './use-count.ts';
import { writeAll } from './write-all.ts';

export interface PosixFileHandleOptions {
  /** Open on a regular file; the handle closes it. */
  readonly descriptor: number;
  readonly mode: OpenMode;
  readonly blocks: BlockPool;
  /** Whether `close` brings what was written to stable storage. */
  readonly isDurable: boolean;
  readonly changeAttributes: (changes: AttributeChanges) => Promise<void>;
}

export class PosixFileHandle implements FileHandle {
  readonly #fd: number;
  readonly #mode: OpenMode;
  readonly #isDurable: boolean;
  readonly #changeAttributes: (changes: AttributeChanges) => Promise<void>;
  readonly #uses = new UseCount();
  readonly #readAhead: ReadAhead;

  constructor({ descriptor, mode, blocks, isDurable, changeAttributes }: PosixFileHandleOptions) {
    this.#fd = descriptor;
    this.#mode = mode;
    this.#isDurable = isDurable;
    this.#changeAttributes = changeAttributes;
    this.#readAhead = new ReadAhead({
      readInto: (buffer, position) => this.#use(() => read(descriptor, buffer, position)),
      pool: blocks,
    });
  }

  async read(position: number, byteCount: number): Promise<FileSlice> {
    if (!this.#mode.read) throw new FileError('INVALID_HANDLE');
    try {
      return await this.#readAhead.read(position, byteCount);
    } catch (error) {
      throw toFileError(error);
    }
  }

  write(views: readonly Uint8Array[], position: number): Promise<void> {
    return this.#use(async () => {
      if (!this.#mode.write) throw new FileError('INVALID_HANDLE');
      try {
        const at = this.#mode.append ? null : position;
        await writeAll((rest, restAt) => write(this.#fd, rest, restAt), views, at);
      } finally {
        this.#readAhead.invalidate();
      }
    });
  }

  stat(): Promise<FileAttributes> {
    return this.#stats().then(toAttributes);
  }

  setAttributes(changes: AttributeChanges): Promise<void> {
    return this.#use(async () => {
      try {
        await this.#changeAttributes(changes);
      } finally {
        this.#readAhead.invalidate();
      }
    });
  }

  async isSameFile(other: FileHandle): Promise<boolean> {
    if (!(other instanceof PosixFileHandle)) return false;
    const [own, its] = await Promise.all([this.#stats(), other.#stats()]);
    return own.dev === its.dev && own.ino === its.ino;
  }

  sync(): Promise<void> {
    return this.#use(() => fsync(this.#fd));
  }

  /**
   * Resolves when the system took every byte, and, where the storage is durable, when they are on stable storage. A
   * network file system tells here that it could not keep what was written.
   */
  async close(): Promise<void> {
    await this.#end();
    try {
      if (this.#isDurable && this.#mode.write) await fsync(this.#fd);
    } catch (error) {
      await close(this.#fd).catch(() => {});
      throw toFileError(error);
    }
    try {
      await close(this.#fd);
    } catch (error) {
      throw toFileError(error);
    }
  }

  /** What was written in place stays, as with every POSIX file; there is nothing to take back. */
  async abort(): Promise<AbortOutcome> {
    try {
      await this.#end();
      await close(this.#fd);
    } catch {
      // The transfer has failed already; what close has to add changes nothing for the client.
    }
    return 'kept';
  }

  async #end(): Promise<void> {
    // Blocks on their way are awaited by the use count; nobody may be handed this descriptor's number before.
    const unused = this.#uses.end();
    this.#readAhead.invalidate();
    await unused;
  }

  #stats(): Promise<Stats> {
    return this.#use(() => fstat(this.#fd));
  }

  async #use<T>(action: () => Promise<T>): Promise<T> {
    this.#uses.enter();
    try {
      return await action();
    } catch (error) {
      throw toFileError(error);
    } finally {
      this.#uses.leave();
    }
  }
}
