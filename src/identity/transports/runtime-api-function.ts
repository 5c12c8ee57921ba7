/** Runs a function of any language in processes of its own on this machine, through the Lambda Runtime API. */

import { access } from 'node:fs/promises';
import { IdentityError, type IdentityProvider } from '../provider.ts';
import type { IdentityRequest } from '../request.ts';
import { DEFAULT_MAX_INSTANCES, DEFAULT_TIMEOUT_MS } from './function-settings.ts';
import { InstancePool } from './instance-pool.ts';
import { RuntimeInstance } from './runtime-instance.ts';
import type { RuntimeApiSettings } from './runtime-settings.ts';

export class RuntimeApiFunction implements IdentityProvider {
  readonly #settings: RuntimeApiSettings;
  readonly #pool: InstancePool;

  constructor(settings: RuntimeApiSettings) {
    this.#settings = settings;
    this.#pool = new InstancePool({
      maxInstances: settings.maxInstances ?? DEFAULT_MAX_INSTANCES,
      timeoutMs: settings.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      start: () => new RuntimeInstance(settings),
    });
  }

  async check(): Promise<void> {
    const { taskRoot } = this.#settings;
    try {
      // The system names the program where its folder is what is missing.
      await access(taskRoot);
    } catch (cause) {
      throw new IdentityError('FUNCTION_BAD_MODULE', `${taskRoot} does not exist`, { cause });
    }
    await this.#pool.warm();
  }

  authenticate(request: IdentityRequest, options: { readonly signal: AbortSignal }): Promise<unknown> {
    return this.#pool.ask(request, options.signal);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
