/** Finds the tests of a file by reading its text, without running anything. */

import { type Token, tokens } from './tokens.ts';

export interface FoundTest {
  /** As written; parts that are computed read as `…`. */
  readonly name: string;
  /** It is skipped or left to do, always or on some machines. */
  readonly isSkipped: boolean;
}

const TEST_WORDS = new Set(['test', 'it']);
const SUITE_WORDS = new Set(['describe', 'suite']);
const SKIPPING = new Set(['skip', 'todo']);
const OPENING = new Set(['(', '[', '{']);
const CLOSING = new Set([')', ']', '}']);

/** @throws Error when the text cannot be read */
export function testsIn(source: string): FoundTest[] {
  const all = tokens(source);
  const skippedUntil = { at: 0 };
  const found: FoundTest[] = [];
  for (const [at, token] of all.entries()) {
    if (token.kind !== 'word') continue;
    const isSuite = SUITE_WORDS.has(token.text);
    if (!isSuite && !TEST_WORDS.has(token.text)) continue;
    const call = callAt(all, at);
    if (call === undefined) continue;
    const isSkipped = call.isSkipped || at < skippedUntil.at;
    if (!isSuite) found.push({ name: call.name, isSkipped });
    else if (call.isSkipped) skippedUntil.at = Math.max(skippedUntil.at, call.end);
  }
  return found;
}

interface Call {
  readonly name: string;
  readonly isSkipped: boolean;
  /** Index behind its closing parenthesis. */
  readonly end: number;
}

/** `test('name', …)`, `test.skip('name', …)`, `t.test('name', …)`; undefined for any other use of the word. */
function callAt(all: readonly Token[], at: number): Call | undefined {
  const hasVariant = isSign(all[at + 1], '.');
  const variant = hasVariant ? all[at + 2]?.text : undefined;
  const open = hasVariant ? at + 3 : at + 1;
  const name = all[open + 1];
  if (!isSign(all[open], '(') || name?.kind !== 'text') return undefined;
  const end = endOf(all, open);
  const isComputed = isSign(all[open + 2], '+');
  return {
    name: isComputed ? `${name.text}…` : name.text,
    isSkipped: SKIPPING.has(variant ?? '') || skipsInside(all, open, end),
    end,
  };
}

/** `{ skip: … }` as the options, or `t.skip()` in the body. */
function skipsInside(all: readonly Token[], open: number, end: number): boolean {
  const options = all.findIndex((token, at) => at > open && at < end && isSign(token, ','));
  if (options > 0 && isSign(all[options + 1], '{') && hasSkippingKey(all, options + 1)) return true;
  for (let at = open; at < end; at++) {
    const isCall = isSign(all[at], '.') && isSign(all[at + 2], '(');
    const receiver = all[at - 1]?.text;
    const isContext = receiver === 't' || receiver === 'context';
    if (isCall && isContext && SKIPPING.has(all[at + 1]?.text ?? '')) return true;
  }
  return false;
}

function hasSkippingKey(all: readonly Token[], open: number): boolean {
  const end = endOf(all, open);
  let depth = 0;
  for (let at = open; at < end; at++) {
    const token = all[at];
    if (token?.kind === 'sign' && OPENING.has(token.text)) depth++;
    if (token?.kind === 'sign' && CLOSING.has(token.text)) depth--;
    const isKey = isSign(all[at - 1], '{') || isSign(all[at - 1], ',');
    if (depth === 1 && isKey && SKIPPING.has(token?.text ?? '')) return true;
  }
  return false;
}

/** The index behind what closes the bracket at `open`. */
function endOf(all: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < all.length; at++) {
    const token = all[at];
    if (token?.kind !== 'sign') continue;
    if (OPENING.has(token.text)) depth++;
    if (CLOSING.has(token.text)) depth--;
    if (depth === 0) return at + 1;
  }
  return all.length;
}

function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text;
}
