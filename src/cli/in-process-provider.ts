/** A built-in provider in this process, with the steps of each login noted: for explanations, not for serving. */

import { builtInProvider } from '../identity/configuration.ts';
import { IdentityFault } from '../identity/decision.ts';
import { BuiltInFunction } from '../identity/handler.ts';
import { type AuthenticateOptions, IdentityError, type IdentityProvider } from '../identity/provider.ts';
import type { IdentityRequest } from '../identity/request.ts';
import { Trace } from '../identity/trace.ts';

export interface InProcessSettings {
  /** Of a function or a directory, as its process would get it. */
  readonly configuration: object;
  readonly region: string;
  readonly folder: string;
  readonly timeoutMs: number;
  readonly warn: (text: string) => void;
}

export class InProcessProvider implements IdentityProvider {
  readonly #function: BuiltInFunction;
  readonly #timeoutMs: number;
  #trace = new Trace();

  /** @throws TypeError for a configuration that the schema would not let through */
  constructor({ configuration, region, folder, timeoutMs, warn }: InProcessSettings) {
    const read = builtInProvider.safeParse(configuration);
    if (!read.success) throw new TypeError('the provider is configured wrongly', { cause: read.error });
    this.#function = new BuiltInFunction(read.data, { region, folder, now: Date.now, warn });
    this.#timeoutMs = timeoutMs;
  }

  /** The steps of the last question. */
  get trace(): Trace {
    return this.#trace;
  }

  async check(): Promise<void> {
    await this.#function.check(AbortSignal.timeout(this.#timeoutMs)).catch(rethrow);
  }

  async authenticate(
    request: IdentityRequest,
    { signal, onDecision }: AuthenticateOptions,
  ): Promise<unknown> {
    this.#trace = new Trace();
    const told = onDecision === undefined ? {} : { onDecision };
    const options = { signal, remainingMs: this.#timeoutMs, trace: this.#trace, ...told };
    return this.#function.handle(request.event(), options).catch(rethrow);
  }

  close(): Promise<void> {
    return this.#function.close();
  }
}

function rethrow(error: unknown): never {
  if (!(error instanceof IdentityFault)) throw error;
  throw new IdentityError('FUNCTION_THREW', `${error.code}: ${error.message}`, { cause: error });
}
