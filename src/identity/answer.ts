/** The answer of a function while it is being read: its members, what was odd about it, and how to quote from it. */

import { REFUSALS, type RefusalCode } from './refusal.ts';
import type { Scrubber } from './scrubber.ts';

/** Longest piece of an answer that goes into a reason or a warning. */
const MAX_QUOTED_CHARACTERS = 400;

/** Thrown while an answer is read, caught by `parseIdentityResponse`; never leaves this room. */
export class AnswerRefused extends Error {
  override readonly name = 'AnswerRefused';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** Stops the reading. The reason names what was found, the table says what is expected. */
export function refuse(code: RefusalCode, found?: string): never {
  throw new AnswerRefused(code, found === undefined ? REFUSALS[code] : `${REFUSALS[code]} Found: ${found}.`);
}

export type Members = Readonly<Record<string, unknown>>;

/** Whether the value is a JSON object. */
export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export class Answer {
  readonly warnings: string[] = [];
  readonly #members: Members;
  readonly #scrubber: Scrubber;

  constructor(members: Members, scrubber: Scrubber) {
    this.#members = members;
    this.#scrubber = scrubber;
  }

  /** A member's value; `null`, `""` and blanks are how functions say "not given", as AWS's samples do. */
  member(name: string): unknown {
    const value = Object.hasOwn(this.#members, name) ? this.#members[name] : undefined;
    const isBlank = value === null || (typeof value === 'string' && value.trim() === '');
    return isBlank ? undefined : value;
  }

  warn(text: string): void {
    this.warnings.push(text);
  }

  /** A value of the answer for a reason: short, on one line, without the password. */
  quote(value: unknown): string {
    return this.scrub(JSON.stringify(value) ?? String(value));
  }

  /** Text made from values of the answer: cut short, without the password. */
  scrub(text: string): string {
    return this.#scrubber.excerpt(text, MAX_QUOTED_CHARACTERS);
  }
}
