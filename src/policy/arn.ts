/** ARN patterns, which are compared part by part. */

import { constantText, type TemplatePiece } from './template.ts';
import { likeTest, type TextTest } from './text-test.ts';

/** `arn:partition:service:region:account:resource`; further colons belong to the resource. */
const PART_COUNT = 6;

/** A pattern of six parts, the first of which is `arn`. */
export type ArnPattern = readonly (readonly TemplatePiece[])[];

/** Divides at the colons of the document, never at those of a value; undefined when this is not an ARN. */
export function parseArnPattern(pieces: readonly TemplatePiece[]): ArnPattern | undefined {
  const parts: TemplatePiece[][] = [[]];
  for (const piece of pieces) {
    if (piece.kind !== 'text') {
      parts.at(-1)?.push(piece);
      continue;
    }
    const [first, ...others] = splitText(piece.text, PART_COUNT - parts.length);
    if (first) parts.at(-1)?.push({ kind: 'text', text: first });
    for (const text of others) parts.push(text === '' ? [] : [{ kind: 'text', text }]);
  }
  const [prefix = []] = parts;
  if (parts.length < PART_COUNT || !isPlain(prefix) || constantText(prefix) !== 'arn') return undefined;
  return parts;
}

/** True when only the resource holds wildcards or variables, so that the parts before it are one fixed text. */
export function hasFixedHead(pattern: ArnPattern): boolean {
  return pattern.slice(0, -1).every(isPlain);
}

/** True when a variable, or the value of one, stands before the fifth colon. */
export function hasVariableInHead(pattern: ArnPattern): boolean {
  return pattern
    .slice(0, -1)
    .some((part) => part.some((piece) => piece.kind === 'variable' || piece.kind === 'value'));
}

/** @param whenUnresolved the answer when a variable of the pattern has no value */
export function arnTest(pattern: ArnPattern, whenUnresolved = false): TextTest {
  if (hasFixedHead(pattern)) return likeTest(joined(pattern), whenUnresolved);
  const tests = pattern.map((part) => likeTest(part, whenUnresolved));
  return (text, context) => {
    const parts = splitArn(text);
    return parts?.every((part, index) => tests[index]?.(part, context)) ?? false;
  };
}

/** The six parts of an ARN of a request. */
export function splitArn(text: string): readonly string[] | undefined {
  const parts = splitText(text, PART_COUNT - 1);
  return parts.length === PART_COUNT && parts[0] === 'arn' ? parts : undefined;
}

function isPlain(part: readonly TemplatePiece[]): boolean {
  return part.every((piece) => piece.kind === 'text');
}

/** A fixed head holds its five colons, so one pattern over the whole text compares the same six parts, and faster. */
function joined(pattern: ArnPattern): readonly TemplatePiece[] {
  return pattern.flatMap((part, index) =>
    index === 0 ? part : [{ kind: 'text', text: ':' } as const, ...part],
  );
}

/** Divides at the first `count` colons. */
function splitText(text: string, count: number): string[] {
  const parts: string[] = [];
  let start = 0;
  while (parts.length < count) {
    const colon = text.indexOf(':', start);
    if (colon === -1) break;
    parts.push(text.slice(start, colon));
    start = colon + 1;
  }
  parts.push(text.slice(start));
  return parts;
}
