/** Keeps the client's next message from being read while a request is answered; can be lifted for a question in between. */

export class ReadHold {
  readonly #take: () => () => void;
  #release: (() => void) | undefined;

  /** @param take stops the reading until the function it returns is called */
  constructor(take: () => () => void) {
    this.#take = take;
    this.#release = take();
  }

  /** Reads on. The next message may be handled before this returns. */
  suspend(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }

  resume(): void {
    this.#release ??= this.#take();
  }
}
