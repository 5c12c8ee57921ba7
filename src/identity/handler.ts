/** A built-in provider as a handler of the Lambda contract: the same code in a server's process, on Lambda and behind HTTP. */

import type { SingleProvider } from './configuration.ts';
import { type Decision, IdentityFault } from './decision.ts';
import type { Surroundings } from './surroundings.ts';
import type { Trace } from './trace.ts';

export interface HandleOptions {
  /** Aborts when the caller goes away. */
  readonly signal?: AbortSignal;
  /** Time for the answer, as Lambda's `getRemainingTimeInMillis()`. */
  readonly remainingMs: number;
  /** Told once for each event, before the answer. */
  readonly onDecision?: (decision: Decision) => void;
  /** Where the steps are noted. */
  readonly trace?: Trace;
}

/** Life: construct (no side effects) → `check` if wanted → `handle` any number of times, side by side → `close`. */
export class BuiltInFunction {
  readonly #configuration: SingleProvider;
  readonly #surroundings: Surroundings;

  constructor(configuration: SingleProvider, surroundings: Surroundings) {
    this.#configuration = configuration;
    this.#surroundings = surroundings;
  }

  /** Proves that the provider can be asked. @throws IdentityFault */
  check(_signal: AbortSignal): Promise<void> {
    throw new IdentityFault('INTERNAL_ERROR', `${this.#configuration.provider} ${this.#surroundings.region}`);
  }

  /**
   * The answer to an event of the contract (or to the same in an API Gateway proxy event): a grant, `{}`, or a challenge.
   * @throws IdentityFault where nobody can tell, and nothing else
   */
  handle(_event: unknown, _options: HandleOptions): Promise<object> {
    throw new IdentityFault('INTERNAL_ERROR');
  }

  /** Never rejects. */
  async close(): Promise<void> {}
}
