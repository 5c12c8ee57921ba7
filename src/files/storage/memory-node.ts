/** The files and directories of a `MemoryStorage`, and the open handle of one file. */

import { FileError } from '../error.ts';
import type {
  AbortOutcome,
  AttributeChanges,
  FileAttributes,
  FileHandle,
  FileSlice,
  OpenMode,
} from '../file-system.ts';

const DEFAULT_FILE_MODE = 0o644;
const DEFAULT_DIRECTORY_MODE = 0o755;
const PERMISSION_BITS = 0o7777;

/** Bytes that all files of one storage share. */
export class MemoryBudget {
  readonly maxBytes: number;
  #usedBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get availableBytes(): number {
    return this.maxBytes - this.#usedBytes;
  }

  /** Takes bytes, or gives them back when negative. @throws FileError NO_SPACE */
  take(byteCount: number): void {
    if (byteCount > this.availableBytes) throw new FileError('NO_SPACE');
    this.#usedBytes += byteCount;
  }
}

abstract class MemoryNode {
  #mode: number;
  #uid = 0;
  #gid = 0;
  #accessedMs = Date.now();
  #modifiedMs = Date.now();

  constructor(mode: number) {
    this.#mode = mode;
  }

  abstract readonly type: 'file' | 'directory';
  abstract readonly sizeBytes: number;
  abstract resize(sizeBytes: number): void;

  touch(): void {
    this.#modifiedMs = Date.now();
  }

  attributes(): FileAttributes {
    return {
      type: this.type,
      sizeBytes: this.sizeBytes,
      mode: this.#mode,
      uid: this.#uid,
      gid: this.#gid,
      accessedMs: this.#accessedMs,
      modifiedMs: this.#modifiedMs,
      linkCount: 1,
    };
  }

  setAttributes(changes: AttributeChanges): void {
    if (changes.mode !== undefined) this.#mode = changes.mode & PERMISSION_BITS;
    if (changes.owner !== undefined) ({ uid: this.#uid, gid: this.#gid } = changes.owner);
    if (changes.sizeBytes !== undefined) this.resize(changes.sizeBytes);
    if (changes.times === undefined) return;
    this.#accessedMs = changes.times.accessedSeconds * 1000;
    this.#modifiedMs = changes.times.modifiedSeconds * 1000;
  }
}

export class MemoryDirectory extends MemoryNode {
  readonly type = 'directory';
  readonly sizeBytes = 0;
  readonly entries = new Map<string, MemoryFile | MemoryDirectory>();

  constructor(initial: AttributeChanges = {}) {
    super((initial.mode ?? DEFAULT_DIRECTORY_MODE) & 0o777);
  }

  override resize(): void {
    throw new FileError('IS_A_DIRECTORY');
  }
}

export class MemoryFile extends MemoryNode {
  readonly type = 'file';
  readonly #budget: MemoryBudget;
  #contents = Buffer.alloc(0);
  #sizeBytes = 0;
  #openCount = 0;
  #isNamed = true;

  constructor(budget: MemoryBudget, initial: AttributeChanges) {
    super((initial.mode ?? DEFAULT_FILE_MODE) & 0o777);
    this.#budget = budget;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  override resize(sizeBytes: number): void {
    this.#budget.take(sizeBytes - this.#sizeBytes);
    if (sizeBytes > this.#contents.length) this.#grow(sizeBytes);
    else this.#contents.fill(0, sizeBytes, Math.max(sizeBytes, this.#sizeBytes));
    this.#sizeBytes = sizeBytes;
    this.touch();
  }

  /** A copy, so that a later write does not change bytes already lent. */
  read(position: number, byteCount: number): Uint8Array {
    return Uint8Array.from(
      this.#contents.subarray(position, Math.min(position + byteCount, this.#sizeBytes)),
    );
  }

  write(views: readonly Uint8Array[], position: number): void {
    const byteCount = views.reduce((sum, view) => sum + view.length, 0);
    if (byteCount === 0) return;
    if (position + byteCount > this.#sizeBytes) this.resize(position + byteCount);
    let at = position;
    for (const view of views) {
      this.#contents.set(view, at);
      at += view.length;
    }
    this.touch();
  }

  opened(): void {
    this.#openCount += 1;
  }

  closed(): void {
    this.#openCount -= 1;
    this.#forgetWhenUnused();
  }

  /** The name is gone; the bytes stay until the last handle is closed, as on POSIX. */
  removed(): void {
    this.#isNamed = false;
    this.#forgetWhenUnused();
  }

  #forgetWhenUnused(): void {
    if (this.#openCount === 0 && !this.#isNamed) this.resize(0);
  }

  #grow(sizeBytes: number): void {
    const grown = Buffer.alloc(Math.max(sizeBytes, this.#contents.length * 2));
    grown.set(this.#contents.subarray(0, this.#sizeBytes));
    this.#contents = grown;
  }
}

/** An open file; it stays usable when the name is removed meanwhile, as on POSIX. */
export class MemoryFileHandle implements FileHandle {
  readonly #file: MemoryFile;
  readonly #mode: OpenMode;
  #closed = false;

  constructor(file: MemoryFile, mode: OpenMode) {
    this.#file = file;
    this.#mode = mode;
    file.opened();
  }

  async read(position: number, byteCount: number): Promise<FileSlice> {
    this.#checkOpen();
    if (!this.#mode.read) throw new FileError('INVALID_HANDLE');
    const view = this.#file.read(position, byteCount);
    return { views: view.length === 0 ? [] : [view], byteCount: view.length, release: () => {} };
  }

  async write(views: readonly Uint8Array[], position: number): Promise<void> {
    this.#checkOpen();
    if (!this.#mode.write) throw new FileError('INVALID_HANDLE');
    this.#file.write(views, this.#mode.append ? this.#file.sizeBytes : position);
  }

  async stat(): Promise<FileAttributes> {
    this.#checkOpen();
    return this.#file.attributes();
  }

  async setAttributes(changes: AttributeChanges): Promise<void> {
    this.#checkOpen();
    this.#file.setAttributes(changes);
  }

  async isSameFile(other: FileHandle): Promise<boolean> {
    return other instanceof MemoryFileHandle && other.#file === this.#file;
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

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.closed();
  }

  #checkOpen(): void {
    if (this.#closed) throw new FileError('INVALID_HANDLE');
  }
}
