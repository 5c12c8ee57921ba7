/** Runs an identity-provider function in processes of its own on this machine, as Lambda would run it. */

import { access } from 'node:fs/promises';
import { IdentityError, type IdentityProvider } from '../provider.ts';
import type { IdentityRequest } from '../request.ts';
import { FunctionInstance } from './function-instance.ts';
import { readDialogueState } from './function-protocol.ts';
import {
  DEFAULT_MAX_INSTANCES,
  DEFAULT_TIMEOUT_MS,
  type LocalFunctionSettings,
} from './function-settings.ts';
import { InstancePool } from './instance-pool.ts';

export class LocalFunction implements IdentityProvider {
  readonly #settings: LocalFunctionSettings;
  readonly #pool: InstancePool;

  constructor(settings: LocalFunctionSettings) {
    this.#settings = settings;
    this.#pool = new InstancePool({
      maxInstances: settings.maxInstances ?? DEFAULT_MAX_INSTANCES,
      timeoutMs: settings.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      start: () => new FunctionInstance(settings),
      instanceFor: (request) => readDialogueState(request.event().state)?.instanceId,
    });
  }

  async check(): Promise<void> {
    const { modulePath } = this.#settings;
    try {
      await access(modulePath);
    } catch (cause) {
      throw new IdentityError('FUNCTION_BAD_MODULE', `${modulePath} does not exist`, { cause });
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
