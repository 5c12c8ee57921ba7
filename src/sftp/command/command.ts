/** What a virtual command is given, and what it gives back. */

import type { FileSystem } from '../../files/file-system.ts';
import type { VirtualPath } from '../../files/virtual-path.ts';
import type { HashQueue } from '../hashing/hash-queue.ts';
import type { SftpObserver } from '../observer.ts';

export interface CommandContext {
  readonly fileSystem: FileSystem;
  /** The only current directory there is. */
  readonly home: VirtualPath;
  readonly observer: SftpObserver;
  readonly hashes: HashQueue;
  /** Aborts when the client has closed the channel. */
  readonly signal: AbortSignal;
  /** Gives every byte of the client to `consume`; resolves at its end. To be called before anything is awaited. */
  readInput(consume: (view: Uint8Array) => void): Promise<void>;
  write(text: string): Promise<void>;
  writeError(line: string): Promise<void>;
}

/** Computed here, in this process: nothing a client sends ever starts another one. Resolves to the exit status. */
export type Command = (words: readonly string[], context: CommandContext) => Promise<number>;
