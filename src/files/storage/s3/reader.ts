/** An object that is open to be read: exact slices, read ahead for who reads in order. */

import type { BlockPool } from '../../block-pool.ts';
import { FileError, toFileError } from '../../error.ts';
import type { AbortOutcome, FileAttributes, FileHandle, FileSlice } from '../../file-system.ts';
import { once } from '../../once.ts';
import { fileAttributes } from './attributes.ts';
import type { ObjectHead, ObjectStore } from './object-store.ts';
import type { Block } from './reader-block.ts';
import { fetchBlocks, type ObjectSource, ownMemory, pooledMemory } from './reader-fetch.ts';
import { ReadWindow } from './reader-window.ts';

/** Single reads above this use pooled blocks; below, fresh memory costs less than a block held back from others. */
const POOLED_READ_BYTES = 16 * 1024;

const NOTHING: FileSlice = { views: [], byteCount: 0, release: () => {} };

export interface ObjectReaderOptions {
  readonly store: ObjectStore;
  /** The version that is read; a replaced object makes reads fail. */
  readonly head: ObjectHead;
  readonly pool: BlockPool;
  /** Aborts when the session ends. */
  readonly signal: AbortSignal;
}

export class ObjectReader implements FileHandle {
  readonly #source: ObjectSource;
  readonly #pool: BlockPool;
  readonly #window: ReadWindow;
  readonly #closing = new AbortController();

  constructor({ store, head, pool, signal }: ObjectReaderOptions) {
    this.#source = { store, head, signal: AbortSignal.any([signal, this.#closing.signal]) };
    this.#pool = pool;
    this.#window = new ReadWindow(this.#source, pool);
  }

  async read(position: number, byteCount: number): Promise<FileSlice> {
    this.#checkOpen();
    const end = Math.min(position + byteCount, this.#source.head.sizeBytes);
    if (end <= position) return NOTHING;
    const blocks = this.#window.claim(position, end) ?? this.#fetchAlone(position, end - position);
    return gather(blocks, position, end);
  }

  async write(): Promise<void> {
    throw new FileError('INVALID_HANDLE');
  }

  async stat(): Promise<FileAttributes> {
    this.#checkOpen();
    return fileAttributes(this.#source.head);
  }

  /** A change makes another version of the object, and this handle reads the one it was opened on. */
  async setAttributes(): Promise<void> {
    throw new FileError('NOT_SUPPORTED', 'an object that is open to be read cannot be changed');
  }

  async sync(): Promise<void> {
    this.#checkOpen();
  }

  async close(): Promise<void> {
    this.#checkOpen();
    this.#end();
  }

  async abort(): Promise<AbortOutcome> {
    this.#end();
    return 'kept';
  }

  /** The GETs that are under way end at once: nobody pays for bytes that nobody reads. */
  #end(): void {
    this.#closing.abort();
    this.#window.drop();
  }

  /** Just the range that was asked for. */
  #fetchAlone(position: number, byteCount: number): readonly Block[] {
    const pooled = byteCount > POOLED_READ_BYTES ? pooledMemory(this.#pool, byteCount) : [];
    const pooledBytes = pooled.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const rest = byteCount - pooledBytes;
    return fetchBlocks(this.#source, position, rest > 0 ? [...pooled, ownMemory(rest)] : pooled);
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new FileError('INVALID_HANDLE');
  }
}

/** Lends what is in the blocks, which are the caller's to release. */
async function gather(blocks: readonly Block[], position: number, end: number): Promise<FileSlice> {
  const release = once(() => {
    for (const block of blocks) block.release();
  });
  try {
    const views: Uint8Array[] = [];
    for (const block of blocks) views.push(await block.slice(position, end));
    return { views, byteCount: end - position, release };
  } catch (error) {
    release();
    throw toFileError(error);
  }
}
