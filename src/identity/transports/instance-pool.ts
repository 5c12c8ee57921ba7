/** The instances of one function on this machine: started when logins wait, kept warm, ended when idle. */

import { IdentityError } from '../provider.ts';
import type { IdentityRequest } from '../request.ts';
import { goneAway, stopped } from './abortable.ts';
import { type Instance, START_TIMEOUT_MS } from './instance.ts';

/** Most logins that wait for a free instance of one function. */
export const MAX_WAITING = 256;
/** An instance beyond the first that did nothing for this long is ended. */
const MAX_IDLE_MS = 5 * 60_000;

export interface PoolSettings {
  readonly maxInstances: number;
  /** Longest time for one answer. */
  readonly timeoutMs: number;
  /** May throw where the system cannot start a process. */
  readonly start: () => Instance;
  /** The id of the one instance that can answer, where it is only one: it holds the dialogue that the question goes on with. */
  readonly instanceFor?: (request: IdentityRequest) => string | undefined;
}

interface Waiter {
  readonly request: IdentityRequest;
  readonly instanceId: string | undefined;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A process and not a worker thread: out of memory or a crash in native code ends a process, and only that one. An
 * instance answers one question at a time, as on Lambda, so a function that blocks holds up nobody else's login.
 */
export class InstancePool {
  readonly #settings: PoolSettings;
  readonly #instances = new Set<Instance>();
  /** The instance used last is used next, so those beyond need become idle long enough to be ended. */
  readonly #idle: Instance[] = [];
  readonly #idleTimers = new Map<Instance, NodeJS.Timeout>();
  readonly #waiters = new Set<Waiter>();
  #startingCount = 0;
  #isClosed = false;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** Proves that an instance can be started. @throws IdentityError */
  async warm(): Promise<void> {
    if (this.#idle.length === 0) await this.#startInstance();
  }

  /** @throws IdentityError */
  ask(request: IdentityRequest, signal: AbortSignal): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(stopped());
    if (signal.aborted) return Promise.reject(goneAway());
    if (this.#waiters.size >= MAX_WAITING) {
      return Promise.reject(
        new IdentityError('FUNCTION_OVERLOADED', `${MAX_WAITING} logins are waiting already`),
      );
    }
    const instanceId = this.#settings.instanceFor?.(request);
    if (instanceId !== undefined && !this.#has(instanceId)) return Promise.reject(dialogueLost());
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const waiter: Waiter = { request, instanceId, resolve, reject };
    const leave = (error: IdentityError) => {
      this.#waiters.delete(waiter);
      reject(error);
    };
    // Time for one cold start and for one question before this one.
    const waitMs = START_TIMEOUT_MS + this.#settings.timeoutMs;
    const timer = setTimeout(() => {
      if (!this.#waiters.has(waiter)) return;
      leave(new IdentityError('FUNCTION_OVERLOADED', `no instance became free in ${waitMs} ms`));
    }, waitMs).unref();
    // A running question is left alone: killing the instance would let clients that hang up keep every start cold.
    const abort = () => leave(goneAway());
    signal.addEventListener('abort', abort, { once: true });
    this.#waiters.add(waiter);
    this.#dispatch();
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    });
  }

  /** Never rejects. */
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
      const instance = this.#takeIdle(waiter.instanceId);
      if (instance === undefined) continue;
      this.#waiters.delete(waiter);
      void this.#serve(instance, waiter);
    }
    const unboundCount = [...this.#waiters].filter(({ instanceId }) => instanceId === undefined).length;
    const wantedCount = unboundCount - this.#startingCount;
    const startCount = Math.min(wantedCount, this.#settings.maxInstances - this.#instances.size);
    for (let i = 0; i < startCount; i += 1) void this.#startForWaiters();
  }

  async #serve(instance: Instance, waiter: Waiter): Promise<void> {
    try {
      waiter.resolve(await instance.invoke(waiter.request));
    } catch (error) {
      waiter.reject(error);
    }
    this.#release(instance);
  }

  /** One failed start answers one login, so a broken function cannot be started over and over for the same one. */
  async #startForWaiters(): Promise<void> {
    try {
      await this.#startInstance();
    } catch (error) {
      const waiter = [...this.#waiters].find(({ instanceId }) => instanceId === undefined);
      if (waiter === undefined) return;
      this.#waiters.delete(waiter);
      waiter.reject(error);
      this.#dispatch();
    }
  }

  async #startInstance(): Promise<void> {
    if (this.#isClosed) throw stopped();
    const instance = this.#newInstance();
    this.#instances.add(instance);
    this.#startingCount += 1;
    // After the login that it was started for has learnt of a failed start: else that login starts another one.
    void instance.ready
      .catch(() => {})
      .then(() => instance.ended)
      .then(() => this.#forget(instance));
    try {
      await instance.ready;
    } finally {
      this.#startingCount -= 1;
    }
    this.#release(instance);
  }

  #newInstance(): Instance {
    try {
      return this.#settings.start();
    } catch (cause) {
      throw new IdentityError('FUNCTION_CRASHED', 'the process of the function cannot be started', { cause });
    }
  }

  #release(instance: Instance): void {
    if (instance.isEnded || this.#isClosed) return;
    this.#idle.push(instance);
    const expire = () => {
      if (this.#instances.size > 1) instance.end();
    };
    this.#idleTimers.set(instance, setTimeout(expire, MAX_IDLE_MS).unref());
    this.#dispatch();
  }

  #has(instanceId: string): boolean {
    return [...this.#instances].some(({ id, isEnded }) => id === instanceId && !isEnded);
  }

  /** The idle instance used last, or the one of that id if it is idle. */
  #takeIdle(instanceId: string | undefined): Instance | undefined {
    const instance = this.#idle.findLast(
      ({ id, isEnded }) => !isEnded && (instanceId === undefined || id === instanceId),
    );
    if (instance !== undefined) this.#removeIdle(instance);
    return instance;
  }

  #forget(instance: Instance): void {
    this.#instances.delete(instance);
    this.#removeIdle(instance);
    for (const waiter of this.#waiters) {
      if (waiter.instanceId !== instance.id) continue;
      this.#waiters.delete(waiter);
      waiter.reject(dialogueLost());
    }
    this.#dispatch();
  }

  #removeIdle(instance: Instance): void {
    clearTimeout(this.#idleTimers.get(instance));
    this.#idleTimers.delete(instance);
    const index = this.#idle.indexOf(instance);
    if (index >= 0) this.#idle.splice(index, 1);
  }
}

function dialogueLost(): IdentityError {
  return new IdentityError('FUNCTION_CRASHED', 'the process that held the dialogue is gone');
}
