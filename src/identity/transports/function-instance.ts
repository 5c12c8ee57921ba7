/** One process of a local function, seen from the server: started once, asked one question at a time, ended. */

import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { IdentityError, type IdentityErrorCode } from '../provider.ts';
import type { IdentityRequest } from '../request.ts';
import { type Failure, type HostMessage, type InvokeMessage, isHostMessage } from './function-protocol.ts';
import {
  DEFAULT_MEMORY_MEGABYTES,
  DEFAULT_TIMEOUT_MS,
  functionEnvironment,
  type LocalFunctionSettings,
} from './function-settings.ts';
import { exitText, hostPathOf, startHost } from './host-process.ts';
import { type Instance, MAX_ERROR_CHARACTERS, START_TIMEOUT_MS } from './instance.ts';
import { RequestSecrets } from './request-secrets.ts';

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

export class FunctionInstance implements Instance {
  readonly id = randomUUID();
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  readonly #settings: LocalFunctionSettings;
  readonly #process: ChildProcess;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #secrets = new RequestSecrets();
  #deadline: NodeJS.Timeout | undefined;
  #invocation: Invocation | undefined;
  #isEnded = false;

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

  invoke(request: IdentityRequest): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timeoutMs = this.#settings.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const requestId = randomUUID();
    this.#invocation = { requestId, request, resolve, reject };
    this.#secrets.begin(request);
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

  /** SIGKILL, because a function in an endless loop handles nothing else. */
  end(): void {
    this.#fail(new IdentityError('ABORTED', 'the function is being stopped'));
  }

  #start(): ChildProcess {
    const { functionArn, modulePath, onLine, memoryMegabytes = DEFAULT_MEMORY_MEGABYTES } = this.#settings;
    const taskRoot = dirname(modulePath);
    const child = startHost(
      {
        hostPath: hostPathOf('function-host'),
        programArguments: [modulePath, this.id],
        folder: taskRoot,
        environment: functionEnvironment({ ...this.#settings, taskRoot }, process.env.PATH),
        memoryMegabytes,
      },
      { functionArn: functionArn.arn, scrubber: () => this.#secrets.scrubber, onLine },
    );
    child.on('message', (message) => this.#receive(message));
    child.on('error', (error) => this.#failed(error));
    child.on('exit', (exitCode, signal) => this.#exited(exitText(exitCode, signal, memoryMegabytes)));
    return child;
  }

  #receive(message: unknown): void {
    if (this.#isEnded || !isHostMessage(message)) return;
    if (message.type === 'ready') {
      this.#clearDeadline();
      this.#ready.resolve();
    } else if (message.type === 'bad-module') {
      const cause = this.#secrets.scrubber.excerpt(message.message, MAX_ERROR_CHARACTERS);
      this.#fail(new IdentityError('FUNCTION_BAD_MODULE', `${this.#settings.modulePath}: ${cause}`));
    } else if (message.requestId === this.#invocation?.requestId) {
      this.#settle(this.#invocation, message);
    }
  }

  #settle(invocation: Invocation, message: Extract<HostMessage, { requestId: string }>): void {
    this.#clearDeadline();
    this.#invocation = undefined;
    this.#secrets.finish(invocation.request);
    if (message.type === 'answered') {
      answer(invocation, message.json);
      return;
    }
    const text = this.#secrets.scrubber.excerpt(message.message, MAX_ERROR_CHARACTERS);
    invocation.reject(new IdentityError(FAILURE_CODES[message.failure], text));
  }

  #failed(cause: Error): void {
    this.#fail(new IdentityError('FUNCTION_CRASHED', cause.message, { cause }));
    // A process that never came to be has no exit.
    if (this.#process.pid === undefined) this.#ended.resolve();
  }

  #exited(text: string): void {
    this.#fail(new IdentityError('FUNCTION_CRASHED', text));
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
