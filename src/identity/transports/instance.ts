/** One process of a function that answers one question at a time, as an instance on Lambda does, whatever runs in it. */

import type { IdentityRequest } from '../request.ts';

/** Longest time to start and to load the function: Lambda's limit for the init phase. */
export const START_TIMEOUT_MS = 10_000;
/** Longest piece of a function's own error text in an error of ours. */
export const MAX_ERROR_CHARACTERS = 1024;

/** Life: construct (starts the process) → `ready` → `invoke`, one after the other → `end`. */
export interface Instance {
  /** Unlike any other instance's; names it in the `State` of a dialogue. */
  readonly id: string;
  /** Resolves when the function is loaded. Rejects with IdentityError FUNCTION_BAD_MODULE, FUNCTION_TIMED_OUT, …CRASHED. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone. Never rejects. */
  readonly ended: Promise<void>;
  readonly isEnded: boolean;
  /** Asks the function. The caller has awaited `ready` and every earlier answer. @throws IdentityError */
  invoke(request: IdentityRequest): Promise<unknown>;
  /** Ends the process at once. */
  end(): void;
}
