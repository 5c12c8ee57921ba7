/** The option list in front of a key in an authorized_keys line: `name`, `name="value"`, comma-separated. */

import { PublicKeyError } from './public-key.ts';

/** Most options of a line. */
const MAX_OPTIONS = 32;

/** 64 characters are twice the longest name OpenSSH has. */
const NAME = /^[A-Za-z0-9-]{1,64}/;

export interface ParsedOptions {
  /** By name in lower case; undefined for one without a value. */
  readonly options: ReadonlyMap<string, string | undefined>;
  /** What follows the blank behind the options. */
  readonly rest: string;
}

/**
 * Reads options up to the first blank outside of quotes. Inside of them `\"` is a quotation mark, as in OpenSSH.
 * @throws PublicKeyError for anything that is not exactly this form, and for an option that comes twice
 */
export function parseKeyOptions(text: string): ParsedOptions {
  const options = new Map<string, string | undefined>();
  let at = 0;
  for (;;) {
    const name = nameAt(text, at);
    at += name.length;
    const quoted = text[at] === '=' ? quotedAt(text, at + 1) : undefined;
    at = quoted?.end ?? at;
    add(options, name.toLowerCase(), quoted?.value);
    if (text[at] !== ',') break;
    at++;
  }
  const blank = /^[ \t]+/.exec(text.slice(at))?.[0];
  if (blank === undefined) throw malformed();
  return { options, rest: text.slice(at + blank.length) };
}

function add(options: Map<string, string | undefined>, name: string, value: string | undefined): void {
  if (options.has(name)) throw new PublicKeyError(`the option ${name} comes twice`);
  if (options.size >= MAX_OPTIONS) throw new PublicKeyError(`the line has more than ${MAX_OPTIONS} options`);
  options.set(name, value);
}

function nameAt(text: string, at: number): string {
  const found = NAME.exec(text.slice(at, at + 64))?.[0];
  if (found === undefined) throw malformed();
  return found;
}

/** A value in quotation marks that begins at `at`, and where it ends. */
function quotedAt(text: string, at: number): { readonly value: string; readonly end: number } {
  if (text[at] !== '"') throw malformed();
  let value = '';
  for (let next = at + 1; next < text.length; next++) {
    const character = text[next];
    if (character === '"') return { value, end: next + 1 };
    const isEscape = character === '\\' && text[next + 1] === '"';
    if (isEscape) next++;
    value += isEscape ? '"' : character;
  }
  throw malformed();
}

/** The fallback of every line that is no key: it says what a line looks like, and that options may stand in front. */
function malformed(): PublicKeyError {
  return new PublicKeyError(
    'the key is not of the form "type base64 comment", or its options cannot be read',
  );
}
