/** One process of a local function, seen from the server: started once, asked one question at a time, ended. */

import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IdentityError, type IdentityErrorCode } from '../provider.ts';
import type { IdentityRequest } from '../request.ts';
import { Scrubber } from '../scrubber.ts';
import { FunctionOutput } from './function-output.ts';
import { type Failure, type HostMessage, type InvokeMessage, isHostMessage } from './function-protocol.ts';
import {
  DEFAULT_MEMORY_MEGABYTES,
  DEFAULT_TIMEOUT_MS,
  type LocalFunctionSettings,
  processEnvironment,
} from './function-settings.ts';

/** Longest time to start and to load the module: Lambda's limit for the init phase. */
export const START_TIMEOUT_MS = 10_000;
/** Longest piece of a function's own error text in an error of ours. */
const MAX_ERROR_CHARACTERS = 1024;

/** Works from the sources and from the build: the host has the same extension as this file. */
const HOST_PATH = fileURLToPath(new URL(`./function-host${extname(import.meta.url)}`, import.meta.url));

const FAILURE_CODES: Readonly<Record<Failure, IdentityErrorCode>> = {
  threw: 'FUNCTION_THREW',
  'answer-too-large': 'ANSWER_TOO_LARGE',
  'answer-not-json': 'ANSWER_NOT_JSON',
};

interface Invocation {
  readonly requestId: string;
  readonly request: IdentityRequest;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: IdentityError) => void;
}

/** Life: construct (starts the process) → `ready` → `invoke`, one after the other → `end`. */
export class FunctionInstance {
  /** Resolves when the module is loaded. Rejects with IdentityError FUNCTION_BAD_MODULE, FUNCTION_TIMED_OUT, …CRASHED. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone. Never rejects. */
  readonly ended: Promise<void>;
  readonly #settings: LocalFunctionSettings;
  readonly #process: ChildProcess;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #deadline: NodeJS.Timeout | undefined;
  #invocation: Invocation | undefined;
  /** The current request and the one before it, whose last output may still be in the pipe. */
  #recentRequests: readonly IdentityRequest[] = [];
  #isEnded = false;
  #scrubber = new Scrubber([]);

  constructor(settings: LocalFunctionSettings) {
    this.#settings = settings;
    this.ready = this.#ready.promise;
    this.ended = this.#ended.promise;
    // A process that fails while nobody waits for it is no unhandled rejection.
    this.ready.catch(() => {});
    this.#process = this.#start();
    this.#setDeadline(START_TIMEOUT_MS, `the module did not load in ${START_TIMEOUT_MS} ms`);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Asks the function. The caller has awaited `ready` and every earlier answer. @throws IdentityError */
  invoke(request: IdentityRequest): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timeoutMs = this.#settings.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const requestId = randomUUID();
    this.#invocation = { requestId, request, resolve, reject };
    this.#remember(request);
    this.#setDeadline(timeoutMs, `the function did not answer in ${timeoutMs} ms`);
    const message: InvokeMessage = {
      type: 'invoke',
      requestId,
      event: request.event(),
      functionArn: this.#settings.functionArn.arn,
      timeoutMs,
    };
    this.#process.send(message, (error) => {
      if (error !== null)
        this.#fail(new IdentityError('FUNCTION_CRASHED', 'the process of the function is gone'));
    });
    return promise;
  }

  /** Ends the process at once. SIGKILL, because a function in an endless loop handles nothing else. */
  end(): void {
    this.#fail(new IdentityError('ABORTED', 'the function is being stopped'));
  }

  #start(): ChildProcess {
    const memoryMegabytes = this.#settings.memoryMegabytes ?? DEFAULT_MEMORY_MEGABYTES;
    const child = fork(HOST_PATH, [this.#settings.modulePath], {
      cwd: dirname(this.#settings.modulePath),
      env: processEnvironment(this.#settings, process.env.PATH),
      // Replaces the server's own flags: an inspector port or a test runner is not for functions.
      execArgv: [`--max-old-space-size=${memoryMegabytes}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'json',
    });
    child.on('message', (message) => this.#receive(message));
    child.on('error', (error) => this.#failed(error));
    child.on('exit', (exitCode, signal) => this.#exited(exitCode, signal));
    this.#capture(child, 'stdout');
    this.#capture(child, 'stderr');
    return child;
  }

  #capture(child: ChildProcess, stream: 'stdout' | 'stderr'): void {
    const readable = child[stream];
    if (readable === null) return;
    const functionArn = this.#settings.functionArn.arn;
    new FunctionOutput(readable, {
      scrubber: () => this.#scrubber,
      onLine: (line) => this.#settings.onLine({ functionArn, stream, line }),
    });
  }

  #receive(message: unknown): void {
    if (this.#isEnded || !isHostMessage(message)) return;
    if (message.type === 'ready') {
      this.#clearDeadline();
      this.#ready.resolve();
    } else if (message.type === 'bad-module') {
      const cause = this.#scrubber.excerpt(message.message, MAX_ERROR_CHARACTERS);
      this.#fail(new IdentityError('FUNCTION_BAD_MODULE', `${this.#settings.modulePath}: ${cause}`));
    } else if (message.requestId === this.#invocation?.requestId) {
      this.#settle(this.#invocation, message);
    }
  }

  #settle(invocation: Invocation, message: Extract<HostMessage, { requestId: string }>): void {
    this.#clearDeadline();
    this.#invocation = undefined;
    if (message.type === 'answered') {
      answer(invocation, message.json);
      return;
    }
    const text = this.#scrubber.excerpt(message.message, MAX_ERROR_CHARACTERS);
    invocation.reject(new IdentityError(FAILURE_CODES[message.failure], text));
  }

  #remember(request: IdentityRequest): void {
    this.#recentRequests = [request, ...this.#recentRequests.slice(0, 1)];
    this.#scrubber = request.scrubber(this.#recentRequests.slice(1));
  }

  #failed(cause: Error): void {
    this.#fail(new IdentityError('FUNCTION_CRASHED', cause.message, { cause }));
    // A process that never came to be has no exit.
    if (this.#process.pid === undefined) this.#ended.resolve();
  }

  #exited(exitCode: number | null, signal: string | null): void {
    const memoryMegabytes = this.#settings.memoryMegabytes ?? DEFAULT_MEMORY_MEGABYTES;
    const how = signal === null ? `exit code ${exitCode}` : signal;
    const hint =
      signal === 'SIGABRT' ? `, most often out of memory; the limit is ${memoryMegabytes} MiB` : '';
    this.#fail(new IdentityError('FUNCTION_CRASHED', `the process of the function ended (${how}${hint})`));
    this.#ended.resolve();
  }

  #setDeadline(timeoutMs: number, text: string): void {
    this.#clearDeadline();
    const expire = () => this.#fail(new IdentityError('FUNCTION_TIMED_OUT', text));
    this.#deadline = setTimeout(expire, timeoutMs).unref();
  }

  #clearDeadline(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  /** Everything that goes wrong ends here: the waiter learns it, the process is gone, the instance is not used again. */
  #fail(error: IdentityError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#clearDeadline();
    this.#process.kill('SIGKILL');
    this.#ready.reject(error);
    this.#invocation?.reject(error);
    this.#invocation = undefined;
  }
}

function answer(invocation: Invocation, json: string): void {
  try {
    invocation.resolve(JSON.parse(json));
  } catch {
    invocation.reject(new IdentityError('ANSWER_NOT_JSON', 'the answer is not JSON'));
  }
}
