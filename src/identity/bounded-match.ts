/** Tries regular expressions of the configuration on texts that strangers choose, within a limit of time. */

import { types } from 'node:util';
import { type Context, createContext, Script } from 'node:vm';
import { IdentityFault } from './decision.ts';

/** A pattern such as `([a-z]+\.?)+` takes minutes for a name of 40 characters, and nobody else is answered meanwhile. */
const TIMEOUT_MS = 50;
const TIMED_OUT = 'ERR_SCRIPT_EXECUTION_TIMEOUT';
const TEST = new Script('pattern.test(text)');

/** One serves any number of patterns. */
export class BoundedMatch {
  #place: Context | undefined;

  /** `what` names the pattern in the message. @throws IdentityFault CONFIGURATION_INVALID where it takes too long */
  test(pattern: RegExp, text: string, what: string): boolean {
    this.#place ??= createContext({});
    Object.assign(this.#place, { pattern, text });
    try {
      const isMatch: unknown = TEST.runInContext(this.#place, { timeout: TIMEOUT_MS });
      return isMatch === true;
    } catch (error) {
      // The error is of the other context, whose `Error` is not ours.
      const isTimeout = types.isNativeError(error) && 'code' in error && error.code === TIMED_OUT;
      if (!isTimeout) throw error;
      throw new IdentityFault(
        'CONFIGURATION_INVALID',
        `${what} takes more than ${TIMEOUT_MS} ms for a text; write it without repetitions in repetitions.`,
      );
    }
  }
}
