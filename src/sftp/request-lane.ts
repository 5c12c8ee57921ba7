/** The requests of one handle in their order: reads side by side, changes alone, answers first come first served. */

/** A piece of work on a handle. It is run and then answered, or abandoned without having begun. */
export interface LaneStep {
  /** Whether it needs all earlier steps done, and all later ones to wait. */
  readonly exclusive: boolean;
  /** Does the work and keeps the outcome. Never rejects. */
  run(): Promise<void>;
  /** Answers with the outcome; called in the order the steps came. */
  answer(): void;
  abandon(): void;
}

/** Its length is bounded by the number of outstanding requests. */
export class RequestLane {
  /** Not yet answered, in order; the first `#started` of them were begun. */
  readonly #steps: LaneStep[] = [];
  #started = 0;
  #running = 0;
  #runsExclusive = false;
  /** Done before an earlier step was. */
  readonly #doneEarly = new Set<LaneStep>();
  #advanceScheduled = false;
  #isStopped = false;
  #onIdle: (() => void) | undefined;

  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  add(step: LaneStep): void {
    if (this.#isStopped) return step.abandon();
    this.#steps.push(step);
    this.#scheduleAdvance();
  }

  /** Abandons what has not begun. Resolves when nothing runs any more. */
  stop(): Promise<void> {
    this.#isStopped = true;
    for (const step of this.#steps.splice(this.#started)) step.abandon();
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** In a microtask of its own, so that the WRITEs of one arrival have met before the first goes down. */
  #scheduleAdvance(): void {
    if (this.#advanceScheduled) return;
    this.#advanceScheduled = true;
    queueMicrotask(() => {
      this.#advanceScheduled = false;
      this.#advance();
    });
  }

  #advance(): void {
    for (;;) {
      const step = this.#steps[this.#started];
      if (step === undefined || this.#runsExclusive) return;
      if (step.exclusive && this.#running > 0) return;
      this.#started += 1;
      this.#running += 1;
      this.#runsExclusive = step.exclusive;
      void step.run().then(() => this.#finish(step));
    }
  }

  #finish(step: LaneStep): void {
    this.#running -= 1;
    this.#runsExclusive = false;
    this.#advance();
    this.#doneEarly.add(step);
    for (
      let first = this.#steps[0];
      first !== undefined && this.#doneEarly.delete(first);
      first = this.#steps[0]
    ) {
      this.#steps.shift();
      this.#started -= 1;
      first.answer();
    }
    if (this.#running === 0) this.#onIdle?.();
  }
}
