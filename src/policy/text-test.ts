/** Compares a text of a request with a template of a policy. */

import type { RequestContext } from './model.ts';
import {
  constantPattern,
  constantText,
  resolvedPattern,
  resolvedText,
  type TemplatePiece,
} from './template.ts';
import { compileWildcard } from './wildcard.ts';

export type TextTest = (text: string, context: RequestContext) => boolean;

/**
 * With wildcards, case matters.
 *
 * @param whenUnresolved the answer when a variable of the pattern has no value; AWS: nothing is like it
 */
export function likeTest(pieces: readonly TemplatePiece[], whenUnresolved = false): TextTest {
  const constant = constantPattern(pieces);
  if (constant !== undefined) return compileWildcard(constant);
  return (text, context) => {
    const pattern = resolvedPattern(pieces, context);
    return pattern === undefined ? whenUnresolved : compileWildcard(pattern)(text);
  };
}

/** Without wildcards, case matters. */
export function equalsTest(pieces: readonly TemplatePiece[]): TextTest {
  const constant = constantText(pieces);
  if (constant !== undefined) return (text) => text === constant;
  return (text, context) => text === resolvedText(pieces, context);
}

/** Without wildcards, without case. */
export function equalsIgnoreCaseTest(pieces: readonly TemplatePiece[]): TextTest {
  const constant = constantText(pieces)?.toLowerCase();
  if (constant !== undefined) return (text) => text.toLowerCase() === constant;
  return (text, context) => text.toLowerCase() === resolvedText(pieces, context)?.toLowerCase();
}
