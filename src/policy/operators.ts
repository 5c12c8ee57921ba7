/** The condition operators: how one value of a policy is compared with one value of a request. */

import { arnTest, parseArnPattern, splitArn } from './arn.ts';
import { readBase64, readDate, readNumber, readTruth } from './condition-values.ts';
import { IpRange } from './ip-range.ts';
import { constantText, resolvedText, type TemplatePiece } from './template.ts';
import { equalsIgnoreCaseTest, equalsTest, likeTest, type TextTest } from './text-test.ts';

export interface Operator {
  /** A negated operator holds when none of its values matches, also when the request does not have the key. */
  readonly isNegated: boolean;
  /** The comparison without negation; undefined for a value that the operator cannot read. */
  compile(value: readonly TemplatePiece[]): TextTest | undefined;
  /** How values are written, for messages. */
  readonly expects: string;
}

/** The operators by name, without `Null`, prefixes and `IfExists`. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ...pair('StringEquals', 'StringNotEquals', 'a text', equalsTest),
  ...pair('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', 'a text', equalsIgnoreCaseTest),
  ...pair('StringLike', 'StringNotLike', 'a text', (value) => likeTest(value)),
  // AWS documents Equals and Like of ARNs as the same.
  ...pair('ArnEquals', 'ArnNotEquals', 'an ARN of six parts, or one variable that is an ARN', compileArn),
  ...pair('ArnLike', 'ArnNotLike', 'an ARN of six parts, or one variable that is an ARN', compileArn),
  ...ordered('Numeric', 'a number', readNumber),
  ...ordered('Date', 'a date such as 2026-01-31T00:00:00Z, or epoch seconds', readDate),
  ...pair('IpAddress', 'NotIpAddress', 'an IP address or a CIDR range', compileIpRange),
  ...single('Bool', 'true or false', (value) => compileSame(value, readTruth)),
  ...single('BinaryEquals', 'base64', (value) => compileSame(value, readBase64)),
]);

type Compile = Operator['compile'];
type Named = readonly [string, Operator];

function single(name: string, expects: string, compile: Compile): Named[] {
  return [[name, { isNegated: false, expects, compile }]];
}

function pair(name: string, negatedName: string, expects: string, compile: Compile): Named[] {
  return [...single(name, expects, compile), [negatedName, { isNegated: true, expects, compile }]];
}

function ordered(family: string, expects: string, read: (text: string) => number | undefined): Named[] {
  const by =
    (holds: (requested: number, limit: number) => boolean): Compile =>
    (value) =>
      compileOrdered(value, read, holds);
  return [
    ...pair(
      `${family}Equals`,
      `${family}NotEquals`,
      expects,
      by((requested, limit) => requested === limit),
    ),
    ...single(
      `${family}LessThan`,
      expects,
      by((requested, limit) => requested < limit),
    ),
    ...single(
      `${family}LessThanEquals`,
      expects,
      by((requested, limit) => requested <= limit),
    ),
    ...single(
      `${family}GreaterThan`,
      expects,
      by((requested, limit) => requested > limit),
    ),
    ...single(
      `${family}GreaterThanEquals`,
      expects,
      by((requested, limit) => requested >= limit),
    ),
  ];
}

/** A value of the request that cannot be read is like no value of the policy. */
function compileOrdered(
  value: readonly TemplatePiece[],
  read: (text: string) => number | undefined,
  holds: (requested: number, limit: number) => boolean,
): TextTest | undefined {
  const limit = readConstant(value, read);
  if (limit === undefined) return undefined;
  return (text) => {
    const requested = read(text);
    return requested !== undefined && holds(requested, limit);
  };
}

function compileSame(
  value: readonly TemplatePiece[],
  read: (text: string) => string | undefined,
): TextTest | undefined {
  const expected = readConstant(value, read);
  return expected === undefined ? undefined : (text) => read(text) === expected;
}

function compileIpRange(value: readonly TemplatePiece[]): TextTest | undefined {
  const range = readConstant(value, IpRange.parse);
  return range && ((text) => range.contains(text));
}

/** AWS has no policy variables in these values. */
function readConstant<T>(
  value: readonly TemplatePiece[],
  read: (text: string) => T | undefined,
): T | undefined {
  const text = constantText(value);
  return text === undefined ? undefined : read(text);
}

function compileArn(value: readonly TemplatePiece[]): TextTest | undefined {
  const pattern = parseArnPattern(value);
  if (pattern !== undefined) return arnTest(pattern);
  const [only, ...others] = value;
  if (only?.kind !== 'variable' || others.length > 0) return undefined;
  return (text, context) => splitArn(text) !== undefined && text === resolvedText(value, context);
}
