/** What the main thread asks of the threads that make system calls, and what they answer. */

import type { MessagePort } from 'node:worker_threads';
import type { FileErrorCode } from '../../../error.ts';
import type { AttributeChanges } from '../../../file-system.ts';
import type { PosixProfile } from '../../../storage.ts';

/** Where something is, as the session sees it. */
export interface Place {
  /** Names from the storage's root to where the view begins, joined by `/`; empty at the root. Holds no link. */
  readonly base: string;
  /** Names from there, joined by `/`; empty for the view's own root. */
  readonly path: string;
  /** Whether links in `path` may be followed, as long as they stay below `base`. */
  readonly followsLinks: boolean;
}

/** Changes to names: with `isDurable` they are on stable storage before the answer. */
interface NameChange {
  readonly isDurable: boolean;
}

export type Operation =
  | { readonly kind: 'stat'; readonly place: Place; readonly showsLink: boolean }
  | {
      readonly kind: 'change';
      readonly place: Place;
      readonly showsLink: boolean;
      readonly changes: AttributeChanges;
    }
  | { readonly kind: 'changeOpen'; readonly descriptor: number; readonly changes: AttributeChanges }
  | {
      readonly kind: 'copy';
      /** Descriptors of open files. */
      readonly source: number;
      readonly position: number;
      readonly target: number;
      readonly targetPosition: number;
      readonly byteCount: number;
    }
  | (NameChange & {
      readonly kind: 'open';
      readonly place: Place;
      readonly flags: number;
      readonly mode: number;
    })
  | { readonly kind: 'list'; readonly place: Place }
  | {
      readonly kind: 'entries';
      readonly descriptor: number;
      /** What the system gave at the last time and nobody asked for yet. */
      readonly rest: Uint8Array;
      readonly maxEntries: number;
      readonly showsLinks: boolean;
    }
  | (NameChange & { readonly kind: 'makeDirectory'; readonly place: Place; readonly mode: number })
  | (NameChange & { readonly kind: 'remove'; readonly place: Place; readonly isDirectory: boolean })
  | (NameChange & {
      readonly kind: 'rename';
      readonly from: Place;
      readonly to: Place;
      readonly replaces: boolean;
    })
  | (NameChange & { readonly kind: 'link'; readonly from: Place; readonly to: Place })
  | (NameChange & { readonly kind: 'symlink'; readonly target: string; readonly place: Place })
  | { readonly kind: 'readLink'; readonly place: Place }
  | { readonly kind: 'space'; readonly place: Place };

export interface Request {
  readonly id: number;
  /** Whom to act as; the process itself when absent. */
  readonly profile: PosixProfile | undefined;
  readonly operation: Operation;
}

/** The one shape of every result, so that little is copied between threads; `encoding.ts` says what is where. */
export interface Result {
  readonly numbers: readonly number[] | Float64Array;
  readonly text: string;
  readonly bytes?: Uint8Array;
}

export interface Failure {
  readonly code: FileErrorCode;
  readonly message: string;
  /** What the machine said, for the log. */
  readonly reason: string;
}

export interface Answer {
  readonly id: number;
  readonly result?: Result;
  readonly failure?: Failure;
}

/** The first message of a thread. */
export interface Ready {
  /** Why the thread cannot act as other users; absent when it can. */
  readonly noProfiles?: string;
}

export interface ThreadStart {
  readonly rootDescriptor: number;
  readonly port: MessagePort;
  /** Shared; the members are named below. */
  readonly signal: Int32Array;
}

/** Grows with every batch that is sent: the thread sleeps on it. */
export const SIGNAL_BATCHES = 0;
/** 1 when the thread is to end. */
export const SIGNAL_STOP = 1;
export const SIGNAL_BYTES = 8;
