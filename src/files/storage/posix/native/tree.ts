/** A host directory whose files are used by system calls of our own, on threads that act as the session's user. */

import fs from 'node:fs';
import type { FileSystem } from '../../../file-system.ts';
import { close, open } from '../calls.ts';
import { O_PATH } from '../proc-pinning.ts';
import { PromptBudget } from '../prompt-budget.ts';
import { callsFromCache } from './calls-now.ts';
import { NativeFileSystem, type NativeFileSystemOptions } from './file-system.ts';
import { ThreadPool } from './thread-pool.ts';

const { O_DIRECTORY } = fs.constants;
/** Those whose numbers of system calls and layouts of structures are known. */
const ARCHITECTURES = ['x64', 'arm64'];

/** Life: `open` → `attach` → `close`. */
export class NativeTree {
  /** Why no session can act as another user than the process's own; absent when it can. */
  readonly noProfiles: string | undefined;
  readonly #root: number;
  readonly #threads: ThreadPool;
  readonly #budget = new PromptBudget();
  readonly #diskCalls = callsFromCache();

  /** @throws Error where this machine cannot do it: the platform, the kernel, or koffi is not there */
  static async open(root: string): Promise<NativeTree> {
    if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch)) {
      throw new Error('this needs Linux on x86-64 or arm64');
    }
    const descriptor = await open(root, O_PATH | O_DIRECTORY);
    const threads = new ThreadPool({ rootDescriptor: descriptor });
    try {
      const { noProfiles } = await threads.start();
      return new NativeTree(descriptor, threads, noProfiles);
    } catch (error) {
      await threads.close();
      await close(descriptor);
      throw error;
    }
  }

  private constructor(root: number, threads: ThreadPool, noProfiles: string | undefined) {
    this.#root = root;
    this.#threads = threads;
    this.noProfiles = noProfiles;
  }

  attach(options: Omit<NativeFileSystemOptions, 'threads' | 'budget' | 'diskCalls'>): FileSystem {
    return new NativeFileSystem({
      ...options,
      threads: this.#threads,
      budget: this.#budget,
      diskCalls: this.#diskCalls,
    });
  }

  async close(): Promise<void> {
    const haveEnded = await this.#threads.close();
    // A thread that hangs may still use the number, so it is not given to another file.
    if (haveEnded) await close(this.#root);
  }
}
