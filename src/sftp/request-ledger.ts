/** Keeps the books of the outstanding requests: their slots, their credit, and what their replies may take. */

import type { FileError } from '../files/error.ts';
import type { VirtualPath } from '../files/virtual-path.ts';
import type { ByteChannel } from '../wire/byte-channel.ts';
import type { SftpLimits } from './limits.ts';
import type { SftpObserver, SftpOperation } from './observer.ts';
import { dropReply, errorReply, type Reply, requestError } from './reply.ts';
import type { ReplyQueue } from './reply-queue.ts';

/** A request that was begun. It ends with exactly one of the ledger's `answer`, `refuse` and `discard`. */
export interface Request {
  readonly id: number;
  /** What to credit when it ends. */
  readonly byteCount: number;
  /** For the observer, as far as it is known yet. */
  operation: SftpOperation;
  path: VirtualPath | undefined;
  /** The most its reply can take where that is much; 0 for the small replies of most. Set by the ledger. */
  promisedBytes: number;
}

export interface RequestLedgerOptions {
  readonly channel: ByteChannel;
  readonly replies: ReplyQueue;
  readonly observer: SftpObserver;
  readonly limits: SftpLimits;
  /** Called after every request that ended: there may be room again. */
  readonly onSettled: () => void;
}

export class RequestLedger {
  readonly #channel: ByteChannel;
  readonly #replies: ReplyQueue;
  readonly #observer: SftpObserver;
  readonly #limits: SftpLimits;
  readonly #onSettled: () => void;
  #outstanding = 0;
  #promisedBytes = 0;
  #isClosed = false;

  constructor(options: RequestLedgerOptions) {
    this.#channel = options.channel;
    this.#replies = options.replies;
    this.#observer = options.observer;
    this.#limits = options.limits;
    this.#onSettled = options.onSettled;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  /** After this nothing is sent any more; requests still end, and their bytes are still credited. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether one more request may begin. */
  get hasRoom(): boolean {
    if (this.#outstanding >= this.#limits.maxOutstandingRequests) return false;
    const queued = this.#channel.pendingBytes + this.#replies.bufferedBytes + this.#promisedBytes;
    return queued < this.#limits.maxQueuedReplyBytes;
  }

  begin(id: number, operation: SftpOperation, byteCount: number): Request {
    this.#outstanding += 1;
    return { id, byteCount, operation, path: undefined, promisedBytes: 0 };
  }

  /** Counts a reply that is large, before it exists: READs may not gather more than the queue of replies may hold. */
  promise(request: Request, replyBytes: number): void {
    request.promisedBytes += replyBytes;
    this.#promisedBytes += replyBytes;
  }

  answer(request: Request, reply: Reply): void {
    if (this.#isClosed) dropReply(reply);
    else this.#replies.add(request.id, reply);
    this.#settle(request);
  }

  refuse(request: Request, cause: unknown): void {
    if (!this.#isClosed) {
      const error = requestError(cause);
      this.#replies.add(request.id, errorReply(error));
      this.#reportRefusal(request, error);
    }
    this.#settle(request);
  }

  /** Ends a request that was never started because the session is over. */
  discard(request: Request): void {
    this.#settle(request);
  }

  close(): void {
    this.#isClosed = true;
  }

  #reportRefusal({ operation, path }: Request, error: FileError): void {
    this.#observer.refused(path === undefined ? { operation, error } : { operation, path, error });
  }

  #settle(request: Request): void {
    this.#outstanding -= 1;
    this.#promisedBytes -= request.promisedBytes;
    this.#channel.credit(request.byteCount);
    this.#onSettled();
  }
}
