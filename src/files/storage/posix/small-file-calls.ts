/** Calls on an open small file of a local file system, made at once: a thread takes 100 µs to be woken, the call takes one. */

import fs from 'node:fs';
import * as calls from './calls.ts';
import type { PromptBudget } from './prompt-budget.ts';

/** Reads, writes, looks at and closes by descriptor. Paths are not for this: they take the rights of the session. */
export type DescriptorCalls = Pick<typeof calls, 'read' | 'write' | 'fstat' | 'close'>;

/** The calls of Node's own threads, for files of every kind. */
export const THREAD_CALLS: DescriptorCalls = calls;

/** Largest file that is small: its bytes are copied in some microseconds. */
export const SMALL_FILE_BYTES = 64 * 1024;

/** Calls that never wait for a disk; `undefined` where they would have to, or nobody can tell. */
export interface CallsNow {
  read(descriptor: number, buffer: Uint8Array, position: number): number | undefined;
  /** At the file's own position where `position` is `null`. */
  write(descriptor: number, views: readonly Uint8Array[], position: number | null): number | undefined;
  /** Whether closing what was written, or has no name any more, never waits either. */
  readonly closesAnything: boolean;
}

export interface SmallFileOptions {
  /** When it was opened. */
  readonly sizeBytes: number;
  readonly now: CallsNow;
  readonly budget: PromptBudget;
}

export class SmallFileCalls implements DescriptorCalls {
  readonly #now: CallsNow;
  readonly #budget: PromptBudget;
  /** As far as we know: others may write to it too. */
  #sizeBytes: number;
  #isWritten = false;

  constructor({ sizeBytes, now, budget }: SmallFileOptions) {
    this.#now = now;
    this.#budget = budget;
    this.#sizeBytes = sizeBytes;
  }

  async read(descriptor: number, buffer: Uint8Array, position: number): Promise<number> {
    const byteCount = this.#promptly(() => this.#now.read(descriptor, buffer, position));
    return byteCount ?? calls.read(descriptor, buffer, position);
  }

  async write(descriptor: number, views: readonly Uint8Array[], position: number | null): Promise<number> {
    const wanted = views.reduce((sum, view) => sum + view.length, 0);
    this.#isWritten = true;
    this.#sizeBytes = Math.max(this.#sizeBytes, (position ?? this.#sizeBytes) + wanted);
    const byteCount = this.#promptly(() => this.#now.write(descriptor, views, position));
    return byteCount ?? calls.write(descriptor, views, position);
  }

  async fstat(descriptor: number): Promise<fs.Stats> {
    return this.#promptly(() => fs.fstatSync(descriptor)) ?? calls.fstat(descriptor);
  }

  /** On a disk, what was written may be given its blocks now, and what lost its name gives its blocks back. */
  async close(descriptor: number): Promise<void> {
    const isClosed = this.#promptly(() => {
      const mayWait = this.#isWritten || fs.fstatSync(descriptor).nlink === 0;
      if (mayWait && !this.#now.closesAnything) return undefined;
      fs.closeSync(descriptor);
      return true;
    });
    if (isClosed === undefined) await calls.close(descriptor);
  }

  #promptly<T>(call: () => T): T | undefined {
    const isPrompt = this.#sizeBytes <= SMALL_FILE_BYTES && this.#budget.isThere;
    return isPrompt ? this.#budget.spend(call) : undefined;
  }
}
