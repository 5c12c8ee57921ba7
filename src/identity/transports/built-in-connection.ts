/** One process of a built-in provider, seen from the server: started once, asked many questions side by side, ended. */

import type { ChildProcess } from 'node:child_process';
import type { Decision } from '../decision.ts';
import { type AuthenticateOptions, IdentityError } from '../provider.ts';
import type { IdentityRequest } from '../request.ts';
import { goneAway, stopped } from './abortable.ts';
import { type BuiltInMessage, type BuiltInReply, readBuiltInReply } from './built-in-protocol.ts';
import { type BuiltInSettings, builtInEnvironment } from './built-in-settings.ts';
import { DEFAULT_MEMORY_MEGABYTES, DEFAULT_TIMEOUT_MS } from './function-settings.ts';
import { exitText, hostPathOf, startHost } from './host-process.ts';
import { RequestSecrets } from './request-secrets.ts';

/** Longest time to start: Lambda's limit for the init phase. */
const START_TIMEOUT_MS = 10_000;
/** Longest time for a check, which asks upstream. */
const CHECK_TIMEOUT_MS = 15_000;
/** A process that has not taken notice of a given-up question for so long does not react any more, and is killed. */
const GRACE_MS = 2000;
/** Longest time for a process to close its connections, when the server stops. */
const END_TIMEOUT_MS = 2000;
/** Longest piece of a decision's text in the log. */
const MAX_DECISION_CHARACTERS = 1024;

interface Question {
  readonly request: IdentityRequest;
  readonly onDecision: ((decision: Decision) => void) | undefined;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: IdentityError) => void;
}

/** Life: construct (starts the process) → `ready` → `check` and `ask`, side by side → `end`. */
export class BuiltInConnection {
  /** Resolves when the process takes questions. Rejects with IdentityError. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone. Never rejects. */
  readonly ended: Promise<void>;
  readonly #settings: BuiltInSettings;
  readonly #process: ChildProcess;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #questions = new Map<number, Question>();
  /** Cancelled questions that the process has not taken notice of yet, each with the timer that kills the process. */
  readonly #cancelled = new Map<number, NodeJS.Timeout>();
  readonly #secrets = new RequestSecrets();
  readonly #startTimer: NodeJS.Timeout;
  #checks: PromiseWithResolvers<void>[] = [];
  #lastId = 0;
  #failure: IdentityError | undefined;

  constructor(settings: BuiltInSettings) {
    this.#settings = settings;
    this.ready = this.#ready.promise;
    this.ended = this.#ended.promise;
    // A process that fails while nobody waits for it is no unhandled rejection.
    this.ready.catch(() => {});
    this.#process = this.#start();
    this.#startTimer = this.#after(START_TIMEOUT_MS, 'FUNCTION_TIMED_OUT', 'the process did not start');
    const { configuration, functionArn, folder } = settings;
    this.#send({ type: 'configure', configuration, region: functionArn.region, folder });
  }

  /** Why the process takes no more questions; undefined while it does. */
  get failure(): IdentityError | undefined {
    return this.#failure;
  }

  /** Proves that the provider can be asked. @throws IdentityError */
  async check(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const check = Promise.withResolvers<void>();
    this.#checks.push(check);
    this.#send({ type: 'check' });
    const timer = this.#after(CHECK_TIMEOUT_MS, 'FUNCTION_TIMED_OUT', 'the check did not end');
    try {
      await check.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks once. The caller has awaited `ready`. @throws IdentityError */
  ask(request: IdentityRequest, { signal, onDecision }: AuthenticateOptions): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (signal.aborted) return Promise.reject(goneAway());
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timeoutMs = this.#settings.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#lastId += 1;
    const id = this.#lastId;
    this.#questions.set(id, { request, onDecision, resolve, reject });
    this.#secrets.begin(request);
    const timer = setTimeout(
      () => this.#giveUp(id, new IdentityError('FUNCTION_TIMED_OUT', `no answer in ${timeoutMs} ms`)),
      timeoutMs,
    ).unref();
    const abort = () => this.#giveUp(id, goneAway());
    signal.addEventListener('abort', abort, { once: true });
    this.#send({ type: 'ask', id, event: request.event(), remainingMs: timeoutMs });
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    });
  }

  /** Ends the process: it may close its connections, but not for long. */
  end(): void {
    this.#close(stopped());
    if (this.#process.connected) this.#process.disconnect();
    setTimeout(() => this.#process.kill('SIGKILL'), END_TIMEOUT_MS).unref();
  }

  #start(): ChildProcess {
    const { functionArn, folder, onLine, memoryMegabytes = DEFAULT_MEMORY_MEGABYTES } = this.#settings;
    const child = startHost(
      {
        hostPath: this.#settings.hostPath ?? hostPathOf('built-in-host'),
        programArguments: [],
        folder,
        environment: builtInEnvironment(this.#settings, process.env),
        memoryMegabytes,
      },
      { functionArn: functionArn.arn, scrubber: () => this.#secrets.scrubber, onLine },
    );
    child.on('message', (message) => this.#receive(readBuiltInReply(message)));
    child.on('error', (cause) => {
      this.#fail(new IdentityError('FUNCTION_CRASHED', cause.message, { cause }));
      // A process that never came to be has no exit.
      if (child.pid === undefined) this.#ended.resolve();
    });
    child.on('exit', (exitCode, signal) => {
      this.#fail(new IdentityError('FUNCTION_CRASHED', exitText(exitCode, signal, memoryMegabytes)));
      this.#ended.resolve();
    });
    return child;
  }

  #send(message: BuiltInMessage): void {
    this.#process.send(message, (error) => {
      if (error !== null) this.#fail(new IdentityError('FUNCTION_CRASHED', 'the process is gone'));
    });
  }

  #receive(reply: BuiltInReply | undefined): void {
    if (reply === undefined || this.#failure !== undefined) return;
    if (reply.type === 'ready') {
      clearTimeout(this.#startTimer);
      this.#ready.resolve();
    } else if (reply.type === 'checked') {
      this.#checked(reply.fault);
    } else if (reply.type === 'cancelled') {
      clearTimeout(this.#cancelled.get(reply.id));
      this.#cancelled.delete(reply.id);
    } else {
      const question = this.#take(reply.id);
      if (question !== undefined) settle(question, reply);
    }
  }

  /** One check upstream answers everybody who asked for one. */
  #checked(fault: Decision | undefined): void {
    const checks = this.#checks;
    this.#checks = [];
    for (const { resolve, reject } of checks) {
      if (fault === undefined) resolve();
      else reject(new IdentityError('FUNCTION_THREW', `${fault.code}: ${fault.message}`));
    }
  }

  #giveUp(id: number, error: IdentityError): void {
    const question = this.#take(id);
    if (question === undefined) return;
    this.#cancelled.set(id, this.#after(GRACE_MS, 'FUNCTION_CRASHED', 'the process does not react'));
    this.#send({ type: 'cancel', id });
    question.reject(error);
  }

  #take(id: number): Question | undefined {
    const question = this.#questions.get(id);
    if (question === undefined) return undefined;
    this.#questions.delete(id);
    this.#secrets.finish(question.request);
    return question;
  }

  #after(limitMs: number, code: 'FUNCTION_TIMED_OUT' | 'FUNCTION_CRASHED', text: string): NodeJS.Timeout {
    const expire = () => this.#fail(new IdentityError(code, `${text} in ${limitMs} ms`));
    return setTimeout(expire, limitMs).unref();
  }

  /** What went wrong concerns everybody: they learn it, and the process is gone. */
  #fail(error: IdentityError): void {
    this.#close(error);
    this.#process.kill('SIGKILL');
  }

  #close(error: IdentityError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    clearTimeout(this.#startTimer);
    for (const timer of this.#cancelled.values()) clearTimeout(timer);
    this.#cancelled.clear();
    this.#ready.reject(error);
    for (const check of this.#checks) check.reject(error);
    this.#checks = [];
    for (const question of this.#questions.values()) question.reject(error);
    this.#questions.clear();
  }
}

function settle(question: Question, reply: Extract<BuiltInReply, { type: 'answered' | 'failed' }>): void {
  const { request, onDecision, resolve, reject } = question;
  const decision = scrubbed(reply.type === 'failed' ? reply.fault : reply.decision, request);
  if (decision !== undefined) onDecision?.(decision);
  if (reply.type === 'failed') {
    reject(new IdentityError('FUNCTION_THREW', `${reply.fault.code}: ${decision?.message}`));
    return;
  }
  try {
    resolve(JSON.parse(reply.json));
  } catch {
    reject(new IdentityError('ANSWER_NOT_JSON', 'the answer is not JSON'));
  }
}

/** Decisions hold nothing the user typed; this is what stands between a mistake there and the log. */
function scrubbed(decision: Decision | undefined, request: IdentityRequest): Decision | undefined {
  if (decision === undefined) return undefined;
  const { code, message } = decision;
  return { code, message: request.scrubber().excerpt(message, MAX_DECISION_CHARACTERS) };
}
