/** Runs an identity-provider function in processes of its own on this machine, as Lambda would run it. */

import { access } from 'node:fs/promises';
import { IdentityError, type IdentityProvider } from '../provider.ts';
import type { IdentityRequest } from '../request.ts';
import { FunctionInstance, START_TIMEOUT_MS } from './function-instance.ts';
import {
  DEFAULT_MAX_INSTANCES,
  DEFAULT_TIMEOUT_MS,
  type LocalFunctionSettings,
} from './function-settings.ts';

/** Most logins that wait for a free instance of one function. */
export const MAX_WAITING = 256;
/** An instance beyond the first that did nothing for this long is ended. */
const MAX_IDLE_MS = 5 * 60_000;

interface Waiter {
  readonly request: IdentityRequest;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A process and not a worker thread: out of memory or a crash in native code ends a process, and only that one. An
 * instance answers one question at a time, as on Lambda, so a function that blocks holds up nobody else's login.
 */
export class LocalFunction implements IdentityProvider {
  readonly #settings: LocalFunctionSettings;
  readonly #maxInstances: number;
  readonly #instances = new Set<FunctionInstance>();
  /** The instance used last is used next, so those beyond need become idle long enough to be ended. */
  readonly #idle: FunctionInstance[] = [];
  readonly #idleTimers = new Map<FunctionInstance, NodeJS.Timeout>();
  readonly #waiters = new Set<Waiter>();
  #startingCount = 0;
  #isClosed = false;

  constructor(settings: LocalFunctionSettings) {
    this.#settings = settings;
    this.#maxInstances = settings.maxInstances ?? DEFAULT_MAX_INSTANCES;
  }

  async check(): Promise<void> {
    if (this.#idle.length > 0) return;
    await this.#checkModuleExists();
    await this.#startInstance();
  }

  authenticate(request: IdentityRequest, options: { readonly signal: AbortSignal }): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#isClosed) return Promise.reject(stopped());
    if (options.signal.aborted) return Promise.reject(goneAway());
    if (this.#waiters.size >= MAX_WAITING) {
      return Promise.reject(
        new IdentityError('FUNCTION_OVERLOADED', `${MAX_WAITING} logins are waiting already`),
      );
    }
    const waiter: Waiter = { request, resolve, reject };
    const leave = (error: IdentityError) => {
      this.#waiters.delete(waiter);
      reject(error);
    };
    // Time for one cold start and for one question before this one.
    const waitMs = START_TIMEOUT_MS + (this.#settings.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const timer = setTimeout(() => {
      if (!this.#waiters.has(waiter)) return;
      leave(new IdentityError('FUNCTION_OVERLOADED', `no instance became free in ${waitMs} ms`));
    }, waitMs).unref();
    // A running question is left alone: killing the instance would let clients that hang up keep every start cold.
    const abort = () => leave(goneAway());
    options.signal.addEventListener('abort', abort, { once: true });
    this.#waiters.add(waiter);
    this.#dispatch();
    return promise.finally(() => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', abort);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiter of this.#waiters) waiter.reject(stopped());
    this.#waiters.clear();
    for (const timer of this.#idleTimers.values()) clearTimeout(timer);
    const instances = [...this.#instances];
    for (const instance of instances) instance.end();
    await Promise.all(instances.map((instance) => instance.ended));
  }

  /** Gives waiting logins to idle instances, and starts instances while more wait than are being started. */
  #dispatch(): void {
    for (const waiter of this.#waiters) {
      const instance = this.#takeIdle();
      if (instance === undefined) break;
      this.#waiters.delete(waiter);
      void this.#serve(instance, waiter);
    }
    const wantedCount = this.#waiters.size - this.#startingCount;
    const startCount = Math.min(wantedCount, this.#maxInstances - this.#instances.size);
    for (let i = 0; i < startCount; i += 1) void this.#startForWaiters();
  }

  async #serve(instance: FunctionInstance, waiter: Waiter): Promise<void> {
    try {
      waiter.resolve(await instance.invoke(waiter.request));
    } catch (error) {
      waiter.reject(error);
    }
    this.#release(instance);
  }

  /** One failed start answers one login, so a broken module cannot be started over and over for the same one. */
  async #startForWaiters(): Promise<void> {
    try {
      await this.#startInstance();
    } catch (error) {
      const [waiter] = this.#waiters;
      if (waiter === undefined) return;
      this.#waiters.delete(waiter);
      waiter.reject(error);
      this.#dispatch();
    }
  }

  async #startInstance(): Promise<void> {
    if (this.#isClosed) throw stopped();
    const instance = createInstance(this.#settings);
    this.#instances.add(instance);
    this.#startingCount += 1;
    void instance.ended.then(() => this.#forget(instance));
    try {
      await instance.ready;
    } finally {
      this.#startingCount -= 1;
    }
    this.#release(instance);
  }

  #release(instance: FunctionInstance): void {
    if (instance.isEnded || this.#isClosed) return;
    this.#idle.push(instance);
    const expire = () => {
      if (this.#instances.size > 1) instance.end();
    };
    this.#idleTimers.set(instance, setTimeout(expire, MAX_IDLE_MS).unref());
    this.#dispatch();
  }

  #takeIdle(): FunctionInstance | undefined {
    for (let instance = this.#idle.pop(); instance !== undefined; instance = this.#idle.pop()) {
      this.#clearIdleTimer(instance);
      if (!instance.isEnded) return instance;
    }
    return undefined;
  }

  #forget(instance: FunctionInstance): void {
    this.#instances.delete(instance);
    this.#clearIdleTimer(instance);
    const index = this.#idle.indexOf(instance);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#dispatch();
  }

  #clearIdleTimer(instance: FunctionInstance): void {
    clearTimeout(this.#idleTimers.get(instance));
    this.#idleTimers.delete(instance);
  }

  async #checkModuleExists(): Promise<void> {
    try {
      await access(this.#settings.modulePath);
    } catch (cause) {
      throw new IdentityError('FUNCTION_BAD_MODULE', `${this.#settings.modulePath} does not exist`, {
        cause,
      });
    }
  }
}

function createInstance(settings: LocalFunctionSettings): FunctionInstance {
  try {
    return new FunctionInstance(settings);
  } catch (cause) {
    throw new IdentityError('FUNCTION_CRASHED', 'the process of the function cannot be started', { cause });
  }
}

function stopped(): IdentityError {
  return new IdentityError('ABORTED', 'the server stops');
}

function goneAway(): IdentityError {
  return new IdentityError('ABORTED', 'the login was given up before the function answered');
}
