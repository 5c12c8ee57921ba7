/** Removes secrets from text that a function wrote, before the text reaches a log or an error. */

import { inspect } from 'node:util';

/**
 * A secret shorter than this is likely to be a part of ordinary words, and replacing it would show where it was.
 * Text that holds one is withheld as a whole.
 */
const MIN_REPLACEABLE_CHARACTERS = 4;

const REPLACEMENT = '[password]';
const WITHHELD = '[withheld: the text may hold a password]';

/** Knows some secrets and every form in which JavaScript code usually prints them. */
export class Scrubber {
  readonly #forms: readonly string[];
  readonly #pattern: RegExp | undefined;
  readonly #shortForms: readonly string[];

  constructor(secrets: readonly string[]) {
    const forms = new Set(secrets.filter((secret) => secret !== '').flatMap(printedForms));
    // Longest first, so that an escaped form is not left half replaced by the plain one.
    this.#forms = [...forms].sort((a, b) => b.length - a.length);
    this.#shortForms = this.#forms.filter((form) => form.length < MIN_REPLACEABLE_CHARACTERS);
    const replaceable = this.#forms.filter((form) => form.length >= MIN_REPLACEABLE_CHARACTERS);
    this.#pattern =
      replaceable.length > 0 ? new RegExp(replaceable.map(escapeForRegExp).join('|'), 'g') : undefined;
  }

  /** The text without any secret. */
  scrub(text: string): string {
    if (this.#shortForms.some((form) => text.includes(form))) return WITHHELD;
    return this.#pattern === undefined ? text : text.replace(this.#pattern, REPLACEMENT);
  }

  /**
   * The beginning of the text without any secret, at most `maxCharacters`. Cutting first would leave the first half of a
   * secret that lies across the cut; so a longer piece is scrubbed, and an end that may hold half a secret is dropped.
   */
  excerpt(text: string, maxCharacters: number): string {
    const overlap = this.#forms[0]?.length ?? 0;
    if (text.length <= maxCharacters + overlap) return cut(this.scrub(text), maxCharacters);
    const scrubbed = this.scrub(text.slice(0, maxCharacters + overlap));
    return `${scrubbed.slice(0, Math.max(0, Math.min(maxCharacters, scrubbed.length - overlap)))}…`;
  }
}

function cut(text: string, maxCharacters: number): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}

/** As it is, in JSON, as `console.log` shows it, in a URL, in a Basic header or a `PasswordBase64` header. */
function printedForms(secret: string): string[] {
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    inspect(secret, { breakLength: Number.POSITIVE_INFINITY }).slice(1, -1),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
  ];
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
