/** The steps of one login, with their times and reasons: what `--explain` prints. Holds nothing secret. */

import { Denied, IdentityFault } from './decision.ts';

/** One step that was taken. */
export interface TraceStep {
  /** Milliseconds since the login began. */
  readonly atMs: number;
  readonly durationMs: number;
  /** What was done, such as `okta: primary authentication`. */
  readonly step: string;
  /** What came of it, in words without anything the user typed and without tokens. */
  readonly outcome: string;
}

/** Most steps of one login; further ones are dropped. */
const MAX_STEPS = 200;

export class Trace {
  readonly #startMs = performance.now();
  readonly #steps: TraceStep[] = [];

  get steps(): readonly TraceStep[] {
    return this.#steps;
  }

  /** Something that took no time worth telling. */
  note(step: string, outcome: string): void {
    this.#add(step, outcome, performance.now());
  }

  /**
   * Does the work and notes how long it took and `say(result)`; of a denial or a fault its message. Messages of other errors may quote
   * anything, such as the body that could not be read.
   */
  async measure<Result>(
    step: string,
    work: () => Promise<Result>,
    say: (result: Result) => string,
  ): Promise<Result> {
    const startMs = performance.now();
    try {
      const result = await work();
      this.#add(step, say(result), startMs);
      return result;
    } catch (error) {
      this.#add(
        step,
        error instanceof Denied || error instanceof IdentityFault ? error.message : 'failed',
        startMs,
      );
      throw error;
    }
  }

  #add(step: string, outcome: string, startMs: number): void {
    if (this.#steps.length >= MAX_STEPS) return;
    this.#steps.push({
      atMs: startMs - this.#startMs,
      durationMs: performance.now() - startMs,
      step,
      outcome,
    });
  }
}
