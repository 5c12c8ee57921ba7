/** One thread that makes system calls, from the side of the main thread. */

import { extname } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import {
  type Answer,
  type Ready,
  type Request,
  SIGNAL_BATCHES,
  SIGNAL_BYTES,
  SIGNAL_STOP,
  type ThreadStart,
} from './protocol.ts';

/** Works from the sources and from the build: the program has the same extension as this file. */
const PROGRAM = new URL(`./thread-main${extname(import.meta.url)}`, import.meta.url);
/** Of JavaScript objects; a thread holds one batch of requests and its answers. */
const MAX_OLD_SPACE_MEGABYTES = 32;
const MAX_YOUNG_SPACE_MEGABYTES = 2;
/** How long a thread gets to finish what it is at when it is told to end. */
const STOP_TIMEOUT_MS = 2000;

export interface ThreadOptions {
  /** The storage's root, open for as long as the thread lives. */
  readonly rootDescriptor: number;
  readonly onReady: (ready: Ready) => void;
  readonly onAnswers: (answers: readonly Answer[]) => void;
  /** Called once. With an error the thread ended by itself, or never began. */
  readonly onEnd: (error?: Error) => void;
}

/** Life: construct → `onReady` → `post` and `onAnswers` in turn → `stop` → `onEnd`. */
export class Thread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signal = new Int32Array(new SharedArrayBuffer(SIGNAL_BYTES));
  readonly #ended = Promise.withResolvers<void>();

  constructor({ rootDescriptor, onReady, onAnswers, onEnd }: ThreadOptions) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(PROGRAM, {
      name: 'posix',
      workerData: { port: port2, rootDescriptor, signal: this.#signal } satisfies ThreadStart,
      transferList: [port2],
      // Nothing of the server's own: neither flags, such as an inspector port, nor the environment.
      execArgv: [],
      env: {},
      resourceLimits: {
        maxOldGenerationSizeMb: MAX_OLD_SPACE_MEGABYTES,
        maxYoungGenerationSizeMb: MAX_YOUNG_SPACE_MEGABYTES,
      },
    });
    let failure: Error | undefined;
    this.#worker.once('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    this.#worker.once('exit', () => {
      port1.close();
      this.#ended.resolve();
      onEnd(failure);
    });
    port1.once('message', (ready: Ready) => {
      port1.on('message', onAnswers);
      this.#worker.unref();
      this.rest();
      onReady(ready);
    });
  }

  /** Sends one batch; the process does not end by itself before the answers are there, or `rest` is called. */
  post(requests: readonly Request[]): void {
    this.#port.ref();
    this.#port.postMessage(requests);
    this.#wake();
  }

  /** Nothing is awaited of this thread: it does not keep the process alive. */
  rest(): void {
    this.#port.unref();
  }

  /**
   * Resolves when the thread has ended: true, or when it was given up: false. One that hangs in the kernel, such as on a
   * server of files that is gone, ends when the kernel lets go of it.
   */
  async stop(): Promise<boolean> {
    Atomics.store(this.#signal, SIGNAL_STOP, 1);
    this.#wake();
    this.#worker.ref();
    const late = Promise.withResolvers<false>();
    const timer = setTimeout(() => late.resolve(false), STOP_TIMEOUT_MS);
    const hasEnded = await Promise.race([this.#ended.promise.then(() => true), late.promise]);
    clearTimeout(timer);
    if (hasEnded) return true;
    this.#worker.unref();
    void this.#worker.terminate();
    return false;
  }

  #wake(): void {
    Atomics.add(this.#signal, SIGNAL_BATCHES, 1);
    Atomics.notify(this.#signal, SIGNAL_BATCHES);
  }
}
