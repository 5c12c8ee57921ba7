/** Action and NotAction: names of operations, compared without case. */

import { type ChosenElement, readList, readString } from './document.ts';
import { PolicyError } from './error.ts';
import { compileWildcard, type TextMatcher, type WildcardPiece } from './wildcard.ts';

const ACTION = /^[a-z0-9-]+:[a-z0-9*?]+$/;
const ALL_ACTIONS: ReadonlySet<string> = new Set(['*', '*:*']);

/** The test takes an action in lower case. @throws PolicyError INVALID_ACTION and WRONG_TYPE */
export function compileActions({ value, isNegated, place }: ChosenElement): TextMatcher {
  const matchers = readList(value, place, compileAction);
  const [only, ...others] = matchers;
  if (!isNegated && others.length === 0) return only;
  return (action) => matchers.some((matches) => matches(action)) !== isNegated;
}

function compileAction(value: unknown, place: string): TextMatcher {
  const text = readString(value, place);
  const pattern = text.toLowerCase();
  if (ALL_ACTIONS.has(pattern)) return () => true;
  if (ACTION.test(pattern)) return compileWildcard(piecesOf(pattern));
  throw new PolicyError(
    'INVALID_ACTION',
    `${place}: ${JSON.stringify(text)} is not an action; it is * or service:Name, such as s3:GetObject or s3:Get*`,
  );
}

function piecesOf(pattern: string): WildcardPiece[] {
  return pattern.split(/([*?])/).map((part) => {
    if (part === '*') return { kind: 'any-text' };
    return part === '?' ? { kind: 'any-character' } : part;
  });
}
