/** One process that speaks the Lambda Runtime API, seen from the server: started once, asked one question at a time, ended. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { IdentityError, type IdentityErrorCode } from '../provider.ts';
import type { IdentityRequest } from '../request.ts';
import { DEFAULT_TIMEOUT_MS } from './function-settings.ts';
import { captureOutput, exitText } from './host-process.ts';
import { type Instance, MAX_ERROR_CHARACTERS, START_TIMEOUT_MS } from './instance.ts';
import { RequestSecrets } from './request-secrets.ts';
import { runtimeEnvironment } from './runtime-protocol.ts';
import { RuntimeServer } from './runtime-server.ts';
import type { RuntimeApiSettings } from './runtime-settings.ts';

const runtimeError = z.looseObject({
  errorType: z.string().optional(),
  errorMessage: z.string().optional(),
});

interface Invocation {
  readonly requestId: string;
  readonly request: IdentityRequest;
  readonly deadlineMs: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: IdentityError) => void;
  isDelivered: boolean;
}

export class RuntimeInstance implements Instance {
  readonly id = randomUUID();
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  readonly #settings: RuntimeApiSettings;
  readonly #server: RuntimeServer;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #secrets = new RequestSecrets();
  #process: ChildProcess | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #invocation: Invocation | undefined;
  #isEnded = false;

  constructor(settings: RuntimeApiSettings) {
    this.#settings = settings;
    this.ready = this.#ready.promise;
    this.ended = this.#ended.promise;
    // A process that fails while nobody waits for it is no unhandled rejection.
    this.ready.catch(() => {});
    this.#server = new RuntimeServer({
      onWaiting: () => this.#waiting(),
      onInitError: (body) => this.#fail('FUNCTION_BAD_MODULE', this.#errorText(body)),
      onOutcome: (requestId, kind, body) => this.#settle(requestId, kind, body),
      onTooLarge: () =>
        this.#fail('ANSWER_TOO_LARGE', 'what the runtime sent is larger than an answer may be'),
    });
    this.#setDeadline(START_TIMEOUT_MS, `the runtime did not ask for an event in ${START_TIMEOUT_MS} ms`);
    void this.#start();
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  invoke(request: IdentityRequest): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timeoutMs = this.#settings.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#invocation = {
      requestId: randomUUID(),
      request,
      deadlineMs: Date.now() + timeoutMs,
      resolve,
      reject,
      isDelivered: false,
    };
    this.#secrets.begin(request);
    this.#setDeadline(timeoutMs, `the function did not answer in ${timeoutMs} ms`);
    this.#deliver();
    return promise;
  }

  end(): void {
    this.#fail('ABORTED', 'the function is being stopped');
  }

  async #start(): Promise<void> {
    try {
      const runtimeApi = await this.#server.listen();
      if (this.#isEnded) {
        // It was ended before it listened, so that there was nothing to close.
        this.#server.close();
        return this.#ended.resolve();
      }
      this.#process = this.#spawn(runtimeApi);
    } catch (error) {
      this.#fail(
        'FUNCTION_CRASHED',
        error instanceof Error ? error.message : 'the program cannot be started',
      );
      this.#ended.resolve();
    }
  }

  #spawn(runtimeApi: string): ChildProcess {
    const { command, taskRoot, functionArn, onLine } = this.#settings;
    const [program = '', ...programArguments] = command;
    const child = spawn(program, programArguments, {
      cwd: taskRoot,
      env: runtimeEnvironment({ ...this.#settings, runtimeApi, instanceId: this.id }, process.env.PATH),
      // A group of its own: whatever the program starts is ended with it, and Ctrl-C in a terminal reaches none of it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    captureOutput(child, {
      functionArn: functionArn.arn,
      scrubber: () => this.#secrets.scrubber,
      onLine,
    });
    child.on('error', (error) => {
      this.#fail('FUNCTION_CRASHED', error.message);
      // A process that never came to be has no exit.
      if (child.pid === undefined) this.#ended.resolve();
    });
    child.on('exit', (exitCode, signal) => {
      this.#fail('FUNCTION_CRASHED', exitText(exitCode, signal));
      this.#ended.resolve();
    });
    return child;
  }

  #waiting(): void {
    if (this.#isEnded) return;
    if (this.#invocation?.isDelivered === true) {
      this.#fail('FUNCTION_CRASHED', 'the runtime asked for another event before it answered this one');
      return;
    }
    if (this.#invocation === undefined) this.#clearDeadline();
    this.#ready.resolve();
    this.#deliver();
  }

  /** Now, or when the runtime asks: after an answer it may need a moment. */
  #deliver(): void {
    const invocation = this.#invocation;
    if (invocation === undefined) return;
    const { requestId, deadlineMs, request } = invocation;
    const functionArn = this.#settings.functionArn.arn;
    invocation.isDelivered = this.#server.deliver({ requestId, deadlineMs, functionArn }, request.event());
  }

  /** Returns whether there was such an invocation. */
  #settle(requestId: string, kind: 'response' | 'error', body: string): boolean {
    const invocation = this.#invocation;
    if (invocation === undefined || invocation.requestId !== requestId) return false;
    this.#clearDeadline();
    this.#invocation = undefined;
    if (kind === 'response') answer(invocation, body);
    else invocation.reject(new IdentityError('FUNCTION_THREW', this.#errorText(body)));
    this.#secrets.finish(invocation.request);
    return true;
  }

  #errorText(body: string): string {
    const { errorType = '', errorMessage = '' } = runtimeError.safeParse(parsed(body)).data ?? {};
    const text =
      [errorType, errorMessage].filter((part) => part !== '').join(': ') || 'an error without a text';
    return this.#secrets.scrubber.excerpt(text, MAX_ERROR_CHARACTERS);
  }

  #setDeadline(timeoutMs: number, text: string): void {
    this.#clearDeadline();
    this.#deadline = setTimeout(() => this.#fail('FUNCTION_TIMED_OUT', text), timeoutMs).unref();
  }

  #clearDeadline(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  /** Everything that goes wrong ends here: the waiter learns it, the processes are gone, the instance is not used again. */
  #fail(code: IdentityErrorCode, text: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#clearDeadline();
    this.#killGroup();
    this.#server.close();
    const error = new IdentityError(code, text);
    this.#ready.reject(error);
    this.#invocation?.reject(error);
    this.#invocation = undefined;
  }

  #killGroup(): void {
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The group is gone already.
    }
  }
}

/** An empty body is what runtimes send for a function that returns nothing. */
function answer({ resolve, reject }: Invocation, body: string): void {
  if (body === '') return resolve(null);
  try {
    resolve(JSON.parse(body));
  } catch {
    reject(new IdentityError('ANSWER_NOT_JSON', 'the answer is not JSON'));
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
