/** Removes secrets from text that a function wrote, before the text reaches a log or an error. */

import { inspect } from 'node:util';

/**
 * A secret shorter than this is likely to be a part of ordinary words, and replacing it would show where it was.
 * Text that holds one is withheld as a whole.
 */
const MIN_REPLACEABLE_CHARACTERS = 4;

/** An event as the text of a body, in an error, in a line of a log. */
const MAX_JSON_DEPTH = 3;

const REPLACEMENT = '[password]';
const WITHHELD = '[withheld: the text may hold a password]';

/** How the text is written where it is found, and the pattern that finds all that may be replaced. */
interface Forms {
  readonly longestCharacters: number;
  readonly pattern: RegExp | undefined;
  readonly short: readonly string[];
}

/** Knows some secrets and every form in which programs usually print them. */
export class Scrubber {
  readonly #secrets: readonly string[];
  #knownForms: Forms | undefined;

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  /** The text without any secret. */
  scrub(text: string): string {
    const { short, pattern } = this.#forms;
    if (short.some((form) => text.includes(form))) return WITHHELD;
    return pattern === undefined ? text : text.replace(pattern, REPLACEMENT);
  }

  /**
   * The beginning of the text without any secret, at most `maxCharacters`. Cutting first would leave the first half of a
   * secret that lies across the cut; so a longer piece is scrubbed, and an end that may hold half a secret is dropped.
   */
  excerpt(text: string, maxCharacters: number): string {
    const overlap = this.#forms.longestCharacters;
    if (text.length <= maxCharacters + overlap) return cut(this.scrub(text), maxCharacters);
    const scrubbed = this.scrub(text.slice(0, maxCharacters + overlap));
    return `${scrubbed.slice(0, Math.max(0, Math.min(maxCharacters, scrubbed.length - overlap)))}…`;
  }

  /** Made when there is something to clean: for most logins nothing is. */
  get #forms(): Forms {
    this.#knownForms ??= formsOf(this.#secrets);
    return this.#knownForms;
  }
}

function formsOf(secrets: readonly string[]): Forms {
  // What is printed is read line by line, so that a secret of several lines comes in pieces.
  const pieces = secrets.flatMap((secret) => [secret, ...secret.split(/[\r\n]+/)]);
  const all = new Set(pieces.filter((piece) => piece !== '').flatMap(printedForms));
  // Longest first, so that an escaped form is not left half replaced by the plain one.
  const forms = [...all].sort((a, b) => b.length - a.length);
  const replaceable = forms.filter((form) => form.length >= MIN_REPLACEABLE_CHARACTERS);
  return {
    longestCharacters: forms[0]?.length ?? 0,
    pattern: replaceable.length > 0 ? new RegExp(replaceable.map(escapeForRegExp).join('|'), 'g') : undefined,
    short: forms.filter((form) => form.length < MIN_REPLACEABLE_CHARACTERS),
  };
}

function cut(text: string, maxCharacters: number): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}

/** As it is, as Node and Python show values, each of them also in JSON within JSON; in URLs and forms; in base64. */
function printedForms(secret: string): readonly string[] {
  const shown = [
    secret,
    inspect(secret, { breakLength: Number.POSITIVE_INFINITY }).slice(1, -1),
    secret.replace(/[\\']/g, '\\$&'),
  ];
  return [
    ...jsonForms(shown),
    ...urlForms(secret),
    Buffer.from(secret).toString('base64'),
    ...base64Forms(secret),
    // A whole event, as gateways hand it on.
    ...base64Forms(jsonOf(secret)),
  ];
}

/** Most secrets look the same in all of them. */
function jsonForms(texts: readonly string[]): ReadonlySet<string> {
  const forms = new Set(texts);
  let last = [...forms];
  for (let depth = 0; depth < MAX_JSON_DEPTH && last.length > 0; depth += 1) {
    last = last.map(jsonOf).filter((form) => !forms.has(form));
    for (const form of last) forms.add(form).add(asciiOf(form));
  }
  for (const text of texts) forms.add(asciiOf(text));
  return forms;
}

function jsonOf(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** As Python's `json` writes it. */
function asciiOf(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** By JavaScript's rules, by RFC 3986 with and without slashes, and as in forms. */
function urlForms(secret: string): readonly string[] {
  // Half of a surrogate pair has no such form.
  const loose = encodeURIComponent(secret.toWellFormed());
  const strict = loose.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  return [
    loose,
    strict,
    strict.replaceAll('%2F', '/'),
    strict.replaceAll('%20', '+'),
    new URLSearchParams([['', secret]]).toString().slice(1),
  ];
}

/**
 * What does not change of the base64 of a text that holds the secret, wherever it stands: in a Basic header it is behind the
 * user's name. A bit or two at its ends, which its neighbours share, remain.
 */
function base64Forms(secret: string): readonly string[] {
  const byteCount = Buffer.byteLength(secret);
  const forms = [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(' '.repeat(offset) + secret).toString('base64');
    return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + byteCount) * 8) / 6));
  });
  return forms
    .filter((form) => form.length >= MIN_REPLACEABLE_CHARACTERS)
    .flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
