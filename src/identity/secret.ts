/** A text that must not be seen: passwords, codes, tokens and hashes travel in one of these. */

import { inspect } from 'node:util';

const SHOWN = '[secret]';

/** Prints, serialises and concatenates as `[secret]`; the text comes out only where it is asked for. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text, for the one call that needs it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
