/** One open file: the order of its requests, the memory of a failed write, and its one end. */

import { FileError, toFileError } from '../files/error.ts';
import type {
  AbortOutcome,
  AttributeChanges,
  FileAttributes,
  FileHandle,
  FileSlice,
  OpenMode,
} from '../files/file-system.ts';
import type { VirtualPath } from '../files/virtual-path.ts';
import { checkedRead } from './checked-read.ts';
import { LaneTask } from './lane-task.ts';
import type { FileClosed, SftpObserver } from './observer.ts';
import type { PathClaim } from './path-order.ts';
import { attributesReply, END_OF_FILE, OK, type Reply } from './reply.ts';
import { type LaneStep, RequestLane } from './request-lane.ts';
import type { Request, RequestLedger } from './request-ledger.ts';
import { WriteGroup, type WriteTarget } from './write-group.ts';

export interface OpenFileOptions {
  readonly path: VirtualPath;
  readonly mode: OpenMode;
  readonly handle: FileHandle;
  readonly ledger: RequestLedger;
  readonly observer: SftpObserver;
  /** Called once, when the handle was closed or aborted. */
  readonly onEnded: (file: OpenFile) => void;
}

export class OpenFile {
  readonly path: VirtualPath;
  readonly mode: OpenMode;
  readonly #handle: FileHandle;
  readonly #ledger: RequestLedger;
  readonly #observer: SftpObserver;
  readonly #onEnded: (file: OpenFile) => void;
  readonly #lane = new RequestLane();
  readonly #writeTarget: WriteTarget;
  /** The group that the next WRITE may join. */
  #lastGroup: WriteGroup | undefined;
  #failure: FileError | undefined;
  #bytesRead = 0;
  #bytesWritten = 0;
  #isAborting = false;
  #handleEnded = false;

  constructor(options: OpenFileOptions) {
    this.path = options.path;
    this.mode = options.mode;
    this.#handle = options.handle;
    this.#ledger = options.ledger;
    this.#observer = options.observer;
    this.#onEnded = options.onEnded;
    this.#writeTarget = (views, position, byteCount) => this.store(views, position, byteCount);
    options.observer.opened({ path: options.path, read: options.mode.read, write: options.mode.write });
  }

  /** Whether its CLOSE changes the tree. */
  get changesTree(): boolean {
    return this.mode.write || this.mode.create;
  }

  read(request: Request, position: number, byteCount: number): void {
    this.perform(request, false, async () => {
      const slice = await this.load(position, byteCount);
      if (slice.byteCount > 0) return { kind: 'data', slice };
      slice.release();
      return END_OF_FILE;
    });
  }

  /** The views stay referenced until the storage took them. */
  write(request: Request, position: number, views: readonly Uint8Array[], byteCount: number): void {
    let group = this.#lastGroup;
    if (group === undefined || !group.takes(position, byteCount)) {
      const { append } = this.mode;
      group = new WriteGroup({ ledger: this.#ledger, target: this.#writeTarget, position, append });
      this.#lastGroup = group;
      group.join(request, views, byteCount);
      this.#lane.add(group);
      return;
    }
    group.join(request, views, byteCount);
  }

  stat(request: Request): void {
    this.perform(request, false, async () => attributesReply(await this.attributes()));
  }

  /** From inside an exclusive step. @throws FileError */
  async change(changes: AttributeChanges): Promise<void> {
    if (changes.sizeBytes !== undefined) this.#checkWritable();
    await this.#handle.setAttributes(changes);
  }

  sync(request: Request): void {
    this.perform(request, true, async () => {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#handle.sync();
      return OK;
    });
  }

  /** Runs `work` in the order of this handle's requests: after all of them when `exclusive`, else beside its reads. */
  perform(request: Request, exclusive: boolean, work: () => Promise<Reply>, onAbandon = () => {}): void {
    this.hold(new LaneTask({ ledger: this.#ledger, request, exclusive, work, onAbandon }));
  }

  /** Resolves when the WRITEs that were sent before are done, or given up; undefined when there are none. */
  writesDone(): Promise<void> | undefined {
    if (!this.mode.write || this.#lane.isEmpty) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.hold({ exclusive: false, run: async () => resolve(), answer() {}, abandon: resolve });
    return promise;
  }

  /** Takes a place in the order of this handle's requests. */
  hold(step: LaneStep): void {
    this.#lastGroup?.seal();
    this.#lane.add(step);
  }

  /** Closes behind everything outstanding, where no request waits for it; the observer is told how it went. */
  finish(): void {
    this.hold({ exclusive: true, run: () => this.commit().catch(() => {}), answer() {}, abandon() {} });
  }

  /** Commits after everything outstanding; OK means stored. `claim` is the place among the paths, for a written file. */
  close(request: Request, claim: PathClaim | undefined): void {
    const work = async (): Promise<Reply> => {
      try {
        await claim?.turn;
        await this.commit();
        return OK;
      } finally {
        claim?.release();
      }
    };
    this.perform(request, true, work, () => claim?.release());
  }

  /** The client went away: what runs is waited for, nothing else begins, nothing is committed. Never rejects. */
  async abort(): Promise<void> {
    if (this.#isAborting) return;
    this.#isAborting = true;
    await this.#lane.stop();
    if (this.#handleEnded) return;
    this.#handleEnded = true;
    let left: AbortOutcome | undefined;
    try {
      left = await this.#handle.abort(this.#failure === undefined ? 'disconnected' : 'failed');
    } catch (error) {
      this.fail(error);
    }
    this.#end('aborted', left);
  }

  /** At most `byteCount` bytes, for the caller to release. From inside a step. */
  async load(position: number, byteCount: number): Promise<FileSlice> {
    const slice = await this.peek(position, byteCount);
    this.#bytesRead += slice.byteCount;
    return slice;
  }

  /** As `load`, for bytes that do not go to the client. */
  async peek(position: number, byteCount: number): Promise<FileSlice> {
    this.checkReadable();
    return checkedRead(this.#handle, position, byteCount);
  }

  /**
   * Stores all views back to back. From inside an exclusive step.
   *
   * @throws FileError also when an earlier write failed
   */
  async store(views: readonly Uint8Array[], position: number, byteCount: number): Promise<void> {
    this.checkStorable();
    if (byteCount === 0) return;
    try {
      this.#checkEnd(position + byteCount);
      await this.#handle.write(views, position);
    } catch (error) {
      this.fail(error);
      throw error;
    }
    this.#bytesWritten += byteCount;
  }

  /**
   * Copies inside the storage where it can. From inside steps of both files.
   *
   * @throws FileError NOT_SUPPORTED when the bytes must be moved by the caller
   */
  async copyWithin(
    position: number,
    byteCount: number,
    target: OpenFile,
    targetPosition: number,
  ): Promise<void> {
    if (this.#handle.copyTo === undefined) throw new FileError('NOT_SUPPORTED');
    await this.#handle.copyTo(position, byteCount, target.#handle, targetPosition);
    this.#bytesRead += byteCount;
    target.#bytesWritten += byteCount;
  }

  /** Remembers that bytes are missing: later writes and CLOSE report it too. */
  fail(error: unknown): void {
    this.#failure = toFileError(error);
  }

  attributes(): Promise<FileAttributes> {
    return this.#handle.stat();
  }

  /** Also by another path: a copy onto itself would chase its own end, or begin by emptying the source. */
  async isSameFile(other: OpenFile): Promise<boolean> {
    if (this.path === other.path) return true;
    return (await this.#handle.isSameFile?.(other.#handle)) ?? false;
  }

  /**
   * A file with a failed write is not committed: half a file must not look like a whole one. From inside an exclusive
   * step, the last one.
   *
   * @throws FileError
   */
  async commit(): Promise<void> {
    if (this.#isAborting) throw new FileError('ABORTED');
    this.#handleEnded = true;
    let left: AbortOutcome | undefined;
    try {
      if (this.#failure !== undefined) left = await this.#handle.abort('failed');
      else await this.#handle.close();
    } catch (error) {
      this.#failure = toFileError(error);
    }
    this.#end(this.#failure === undefined ? 'closed' : 'failed', left);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #end(outcome: FileClosed['outcome'], left: AbortOutcome | undefined): void {
    this.#observer.closed({
      path: this.path,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      outcome,
      ...(this.#failure === undefined ? {} : { error: this.#failure }),
      ...(left === undefined ? {} : { left }),
    });
    this.#onEnded(this);
  }

  /** @throws FileError PERMISSION_DENIED */
  checkReadable(): void {
    if (!this.mode.read) throw new FileError('PERMISSION_DENIED', 'the file is not open for reading');
  }

  /** @throws FileError PERMISSION_DENIED, or what an earlier write failed with */
  checkStorable(): void {
    this.#checkWritable();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Node writes at the front of the file where a position is no exact integer, and says that all is well. */
  #checkEnd(end: number): void {
    if (this.mode.append || end <= Number.MAX_SAFE_INTEGER) return;
    throw new FileError('INVALID_ARGUMENT', 'the file would end behind byte 2^53 - 1');
  }

  #checkWritable(): void {
    if (!this.mode.write) throw new FileError('PERMISSION_DENIED', 'the file is not open for writing');
  }
}
