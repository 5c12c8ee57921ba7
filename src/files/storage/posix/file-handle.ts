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
import { fsync } from './calls.ts';
import { type CopyOnePiece, copyInside } from './copy-inside.ts';
import { type DescriptorCalls, THREAD_CALLS } from './small-file-calls.ts';
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
  /** By default, those of Node's threads. */
  readonly calls?: DescriptorCalls;
  /** Absent where files are not copied inside the file system. */
  readonly copyPiece?: CopyOnePiece;
}

interface CopyRange {
  readonly position: number;
  readonly byteCount: number;
  readonly target: FileHandle;
  readonly targetPosition: number;
}

export class PosixFileHandle implements FileHandle {
  readonly #fd: number;
  readonly #mode: OpenMode;
  readonly #isDurable: boolean;
  readonly #changeAttributes: (changes: AttributeChanges) => Promise<void>;
  /** Until the size changes by other ways than its writes. */
  #calls: DescriptorCalls;
  readonly #uses = new UseCount();
  readonly #readAhead: ReadAhead;

  readonly copyTo?: NonNullable<FileHandle['copyTo']>;

  constructor(options: PosixFileHandleOptions) {
    const { descriptor, mode, blocks, isDurable, changeAttributes, copyPiece } = options;
    this.#fd = descriptor;
    this.#mode = mode;
    this.#isDurable = isDurable;
    this.#changeAttributes = changeAttributes;
    this.#calls = options.calls ?? THREAD_CALLS;
    this.#readAhead = new ReadAhead({
      readInto: (buffer, position) => this.#use(() => this.#calls.read(descriptor, buffer, position)),
      pool: blocks,
    });
    if (copyPiece === undefined) return;
    this.copyTo = (position, byteCount, target, targetPosition) =>
      this.#copyTo(copyPiece, { position, byteCount, target, targetPosition });
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
        await writeAll((rest, restAt) => this.#calls.write(this.#fd, rest, restAt), views, at);
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
      if (changes.sizeBytes !== undefined) this.#calls = THREAD_CALLS;
      try {
        await this.#changeAttributes(changes);
      } finally {
        this.#readAhead.invalidate();
      }
    });
  }

  /** A `byteCount` of 0 means to the end. */
  #copyTo(copyPiece: CopyOnePiece, { target, ...range }: CopyRange): Promise<void> {
    if (!(target instanceof PosixFileHandle)) return Promise.reject(new FileError('NOT_SUPPORTED'));
    return this.#use(() =>
      target.#use(async () => {
        if (!this.#mode.read || !target.#mode.write) throw new FileError('INVALID_HANDLE');
        const { position, targetPosition } = range;
        const byteCount = range.byteCount || Math.max(0, (await this.#calls.fstat(this.#fd)).size - position);
        // Calls for one place of a file that is appended to are refused, and positions above 2^53 are not exact.
        if (target.#mode.append || targetPosition + byteCount > Number.MAX_SAFE_INTEGER)
          throw new FileError('NOT_SUPPORTED');
        target.#calls = THREAD_CALLS;
        try {
          await copyInside(copyPiece, {
            source: this.#fd,
            target: target.#fd,
            position,
            targetPosition,
            byteCount,
          });
        } finally {
          target.#readAhead.invalidate();
        }
      }),
    );
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
      await this.#calls.close(this.#fd).catch(() => {});
      throw toFileError(error);
    }
    try {
      await this.#calls.close(this.#fd);
    } catch (error) {
      throw toFileError(error);
    }
  }

  /** What was written in place stays, as with every POSIX file; there is nothing to take back. */
  async abort(): Promise<AbortOutcome> {
    try {
      await this.#end();
      await this.#calls.close(this.#fd);
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
    return this.#use(() => this.#calls.fstat(this.#fd));
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
