/** The threads of one storage: what sessions ask is queued, sent in batches, and answered or given up in time. */

import { FileError } from '../../../error.ts';
import type { Answer, Operation, Ready, Request, Result } from './protocol.ts';
import { Thread, type ThreadOptions } from './thread.ts';

/**
 * Each storage has threads of its own, so a server of files that hangs stops nobody else. One thread serves a local disk
 * for all sessions; more are for storages whose every answer takes milliseconds.
 */
export const MAX_THREADS = 8;
/** Requests that one thread gets at a time: one trip between threads costs more than most operations. */
export const MAX_BATCH_REQUESTS = 32;
/** Mean time of one request above which waiting is the storage's, and requests go to the threads one by one. */
const SLOW_REQUEST_MS = 2;
/** How long requests wait before another thread is started; starting one takes about as long. */
export const GROW_AFTER_MS = 20;
/** Requests that wait or run in one storage. Beyond them they are refused: memory is not the queue. */
export const MAX_REQUESTS = 8192;
/** When a request without an answer is given up: after the time-outs of a mounted server, before those of most clients. */
export const REQUEST_TIMEOUT_MS = 60_000;
/** Idle threads end, and give back their 10 MB. */
export const IDLE_THREAD_MS = 30_000;
/** How often time-outs are looked for. */
export const SWEEP_MS = 2000;

export interface Call<T> {
  readonly profile: Request['profile'];
  readonly operation: Operation;
  readonly decode: (result: Result) => T;
  /** Lets go of a result that came too late: what was opened is closed. */
  readonly discard?: (result: Result) => void;
  /**
   * The operation is on a descriptor of the caller, who must not close it before the thread is done with it: once begun,
   * it is awaited however long it takes.
   */
  readonly usesDescriptor?: boolean;
}

interface Waiting {
  readonly request: Request;
  readonly settle: (answer: Answer) => void;
  readonly fail: (error: FileError) => void;
  readonly usesDescriptor: boolean;
  readonly sinceMs: number;
}

interface Seat {
  readonly thread: PooledThread;
  /** What the thread is at; by the id of the request. */
  readonly running: Map<number, Waiting>;
  isReady: boolean;
  /** When the last batch went out or came back. */
  movedMs: number;
  batchSize: number;
}

export interface ThreadPoolOptions {
  readonly rootDescriptor: number;
  /** Replaced in tests. */
  readonly makeThread?: (options: ThreadOptions) => PooledThread;
  /** Milliseconds of a clock that does not jump; replaced in tests. */
  readonly nowMs?: () => number;
}

export type PooledThread = Pick<Thread, 'post' | 'rest' | 'stop'>;

/** Life: construct → `start` → `call` → `close`. */
export class ThreadPool {
  readonly #options: Required<ThreadPoolOptions>;
  readonly #seats = new Set<Seat>();
  #queue: Waiting[] = [];
  #lastId = 0;
  #runningCount = 0;
  #isSlow = false;
  #isDispatching = false;
  #isClosed = false;
  #growTimer: NodeJS.Timeout | undefined;
  #sweepTimer: NodeJS.Timeout | undefined;

  constructor(options: ThreadPoolOptions) {
    this.#options = {
      makeThread: (threadOptions) => new Thread(threadOptions),
      nowMs: () => performance.now(),
      ...options,
    };
  }

  get threadCount(): number {
    return this.#seats.size;
  }

  /** Starts the first thread, which finds out what this machine can do. @throws Error when it cannot do without */
  start(): Promise<Ready> {
    return new Promise((resolve, reject) => {
      this.#addThread({ onReady: resolve, onFailure: reject });
    });
  }

  /** @throws FileError, also IO_ERROR when there is no answer in time, LIMIT_EXCEEDED, INVALID_HANDLE once closed */
  call<T>({ profile, operation, decode, discard, usesDescriptor = false }: Call<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new FileError('INVALID_HANDLE');
      if (this.#queue.length + this.#runningCount >= MAX_REQUESTS) {
        throw new FileError('LIMIT_EXCEEDED', 'too much is asked of the storage at once');
      }
      this.#lastId += 1;
      let isGivenUp = false;
      this.#queue.push({
        request: { id: this.#lastId, profile, operation },
        settle: ({ result, failure }) => {
          if (result === undefined) reject(toError(failure));
          else if (isGivenUp) discard?.(result);
          else resolve(decode(result));
        },
        fail: (error) => {
          isGivenUp = true;
          reject(error);
        },
        usesDescriptor,
        sinceMs: this.#options.nowMs(),
      });
      this.#dispatchSoon();
    });
  }

  /** Refuses what waits, and ends the threads. Resolves to whether all of them did end. */
  async close(): Promise<boolean> {
    this.#isClosed = true;
    clearTimeout(this.#growTimer);
    clearInterval(this.#sweepTimer);
    for (const { fail } of this.#queue.splice(0)) fail(new FileError('INVALID_HANDLE'));
    const ends = await Promise.all([...this.#seats].map(({ thread }) => thread.stop()));
    for (const seat of this.#seats) this.#failRunning(seat);
    return ends.every((hasEnded) => hasEnded);
  }

  /** Once per turn of the event loop, so that what is asked in one turn travels together. */
  #dispatchSoon(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    queueMicrotask(() => {
      this.#isDispatching = false;
      if (!this.#isClosed) this.#dispatch();
    });
  }

  #dispatch(): void {
    if (this.#seats.size === 0 && this.#queue.length > 0) this.#addThread();
    const idle = [...this.#seats].filter(({ isReady, running }) => isReady && running.size === 0);
    for (const [index, seat] of idle.entries()) {
      if (this.#queue.length === 0) return;
      const share = Math.ceil(this.#queue.length / (idle.length - index));
      this.#give(seat, this.#isSlow ? 1 : Math.min(share, MAX_BATCH_REQUESTS));
    }
    if (this.#queue.length > 0) this.#growSoon();
  }

  #give(seat: Seat, count: number): void {
    const batch = this.#queue.splice(0, count);
    for (const waiting of batch) seat.running.set(waiting.request.id, waiting);
    this.#runningCount += batch.length;
    seat.movedMs = this.#options.nowMs();
    seat.batchSize = batch.length;
    seat.thread.post(batch.map(({ request }) => request));
  }

  #take(seat: Seat, answers: readonly Answer[]): void {
    const nowMs = this.#options.nowMs();
    this.#isSlow = (nowMs - seat.movedMs) / seat.batchSize > SLOW_REQUEST_MS;
    seat.movedMs = nowMs;
    for (const answer of answers) {
      const waiting = seat.running.get(answer.id);
      seat.running.delete(answer.id);
      waiting?.settle(answer);
    }
    this.#runningCount -= answers.length;
    seat.thread.rest();
    if (this.#queue.length > 0) this.#dispatchSoon();
  }

  #growSoon(): void {
    if (this.#growTimer !== undefined || this.#seats.size >= MAX_THREADS) return;
    this.#growTimer = setTimeout(() => {
      this.#growTimer = undefined;
      const oldest = this.#queue[0];
      if (oldest === undefined) return;
      if (this.#options.nowMs() - oldest.sinceMs >= GROW_AFTER_MS) this.#addThread();
      this.#growSoon();
    }, GROW_AFTER_MS).unref();
  }

  #addThread(first?: { onReady: (ready: Ready) => void; onFailure: (error: Error) => void }): void {
    const seat: Seat = {
      running: new Map(),
      isReady: false,
      movedMs: this.#options.nowMs(),
      batchSize: 0,
      thread: this.#options.makeThread({
        rootDescriptor: this.#options.rootDescriptor,
        onReady: (ready) => {
          seat.isReady = true;
          first?.onReady(ready);
          this.#dispatchSoon();
        },
        onAnswers: (answers) => this.#take(seat, answers),
        onEnd: (error) => {
          this.#remove(seat, error);
          first?.onFailure(error ?? new Error('the thread ended'));
        },
      }),
    };
    this.#seats.add(seat);
    this.#sweepTimer ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  #remove(seat: Seat, error: Error | undefined): void {
    this.#seats.delete(seat);
    this.#failRunning(seat, error);
    // Without a thread nothing would move any more: the next request tries with a new one.
    if (this.#seats.size === 0) {
      clearInterval(this.#sweepTimer);
      this.#sweepTimer = undefined;
      for (const { fail } of this.#queue.splice(0)) fail(endedError(error));
    }
  }

  #failRunning(seat: Seat, error?: Error): void {
    this.#runningCount -= seat.running.size;
    for (const { fail } of seat.running.values()) fail(endedError(error));
    seat.running.clear();
  }

  #sweep(): void {
    const nowMs = this.#options.nowMs();
    this.#giveUpOld(nowMs - REQUEST_TIMEOUT_MS);
    for (const seat of this.#seats) {
      const isIdle = seat.isReady && seat.running.size === 0;
      if (isIdle && nowMs - seat.movedMs > IDLE_THREAD_MS) this.#retire(seat);
    }
  }

  #retire(seat: Seat): void {
    this.#seats.delete(seat);
    void seat.thread.stop();
  }

  #giveUpOld(oldestMs: number): void {
    const error = new FileError('IO_ERROR', 'the storage does not answer');
    const old = this.#queue.filter(({ sinceMs }) => sinceMs < oldestMs);
    this.#queue = this.#queue.filter(({ sinceMs }) => sinceMs >= oldestMs);
    for (const { fail } of old) fail(error);
    for (const { running } of this.#seats) {
      for (const { sinceMs, usesDescriptor, fail } of running.values()) {
        if (sinceMs < oldestMs && !usesDescriptor) fail(error);
      }
    }
  }
}

function endedError(cause: Error | undefined): FileError {
  return new FileError('IO_ERROR', undefined, { cause: cause ?? new Error('the thread ended') });
}

function toError(failure: Answer['failure']): FileError {
  if (failure === undefined) return new FileError('IO_ERROR');
  const { code, message, reason } = failure;
  return new FileError(code, message, reason === '' ? {} : { cause: new Error(reason) });
}
