/** The ordinary step of a lane: one request, one answer. */

import type { Reply } from './reply.ts';
import type { LaneStep } from './request-lane.ts';
import type { Request, RequestLedger } from './request-ledger.ts';

export interface LaneTaskOptions {
  readonly ledger: RequestLedger;
  readonly request: Request;
  readonly exclusive: boolean;
  readonly work: () => Promise<Reply>;
  /** Called when the session ended before the work began. */
  readonly onAbandon?: () => void;
}

export class LaneTask implements LaneStep {
  readonly exclusive: boolean;
  readonly #options: LaneTaskOptions;
  #reply: Reply | undefined;
  #error: unknown;

  constructor(options: LaneTaskOptions) {
    this.#options = options;
    this.exclusive = options.exclusive;
  }

  async run(): Promise<void> {
    try {
      this.#reply = await this.#options.work();
    } catch (error) {
      this.#error = error;
    }
  }

  answer(): void {
    const { ledger, request } = this.#options;
    if (this.#reply === undefined) ledger.refuse(request, this.#error);
    else ledger.answer(request, this.#reply);
  }

  abandon(): void {
    this.#options.onAbandon?.();
    this.#options.ledger.discard(this.#options.request);
  }
}
