import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATORS } from './operators.ts';
import type { WrittenContext } from './testing/context.ts';
import { allow, deny, isAllowed, outcomeOf, policyOf } from './testing/sample.ts';

const KEY = 'my:key';
const UTC_NOON = '2026-03-01T12:00:00Z';
const UTC_NOON_SECONDS = '1772366400';
const ROLE_ARN = 'arn:aws:iam::111122223333:role/path/transfer';

function holds(operator: string, values: unknown, context: WrittenContext): boolean {
  return isAllowed(policyOf(allow({ Condition: { [operator]: { [KEY]: values } } })), { context });
}

/** Operator, values of the policy, value of the request, whether it holds; of a pair, the negated one is the opposite. */
const COMPARISONS: readonly (readonly [string, unknown, string, boolean])[] = [
  ['StringEquals', 'a', 'a', true],
  ['StringEquals', 'a', 'A', false],
  ['StringEquals', ['b', 'a'], 'a', true],
  ['StringEquals', 'a*', 'ab', false],
  ['StringEquals', 'a*', 'a*', true],
  ['StringEquals', 12, '12', true],
  ['StringEquals', true, 'true', true],
  ['StringEquals', '', '', true],
  ['StringEqualsIgnoreCase', 'Straße/Ä', 'straße/ä', true],
  ['StringEqualsIgnoreCase', 'aB', 'Ab', true],
  ['StringEqualsIgnoreCase', 'a', 'b', false],
  ['StringLike', 'home/*', 'home/a/b', true],
  ['StringLike', 'home/*', 'Home/a', false],
  ['StringLike', 'home/?', 'home/ab', false],
  ['StringLike', ['x', 'home/??'], 'home/ab', true],
  ['StringLike', '*', '', true],
  ['ArnEquals', 'arn:aws:iam::*:role/path/*', ROLE_ARN, true],
  ['ArnEquals', ROLE_ARN, ROLE_ARN, true],
  ['ArnLike', 'arn:aws:iam::111122223333:role/*', ROLE_ARN, true],
  ['ArnLike', 'arn:aws:iam:*::role/path/transfer', 'arn:aws:iam:x:y:role/path/transfer', false],
  ['ArnLike', 'arn:aws:iam::*:transfer', ROLE_ARN, false],
  ['ArnLike', 'arn:*:*:*:*:*', ROLE_ARN, true],
  ['ArnLike', 'arn:*:*:*:*:*', 'role/path/transfer', false],
  ['ArnLike', 'arn:aws:iam::11112222333?:role/path/transfer', ROLE_ARN, true],
  ['ArnLike', 'arn:aws:sns:*:1:*', 'arn:aws:sns:eu:1:topic:sub', true],
  ['NumericEquals', 10, '10.0', true],
  ['NumericEquals', '1e3', '1000', true],
  ['NumericEquals', ['1', '-2.5'], '-2.5', true],
  ['NumericEquals', '0', '', false],
  ['NumericLessThan', 10, '9.99', true],
  ['NumericLessThan', 10, '10', false],
  ['NumericLessThanEquals', 10, '10', true],
  ['NumericLessThanEquals', 10, '10.5', false],
  ['NumericGreaterThan', 10, '11', true],
  ['NumericGreaterThan', 10, '10', false],
  ['NumericGreaterThan', [10, 100], '50', true],
  ['NumericGreaterThanEquals', 10, '10', true],
  ['NumericGreaterThanEquals', 10, '9', false],
  ['NumericGreaterThanEquals', 10, 'ten', false],
  ['DateEquals', UTC_NOON, '2026-03-01T13:00:00+01:00', true],
  ['DateEquals', UTC_NOON, UTC_NOON_SECONDS, true],
  ['DateEquals', Number(UTC_NOON_SECONDS), '2026-03-01T12:00Z', true],
  ['DateEquals', '2026-03', '2026-03-01', true],
  ['DateEquals', UTC_NOON, '2026', false],
  ['DateLessThan', UTC_NOON, '2026-03-01T11:59:59.999Z', true],
  ['DateLessThan', UTC_NOON, UTC_NOON, false],
  ['DateLessThanEquals', UTC_NOON, UTC_NOON, true],
  ['DateLessThanEquals', UTC_NOON, '2026-03-02', false],
  ['DateGreaterThan', UTC_NOON, '2026-03-02', true],
  ['DateGreaterThan', UTC_NOON, 'now', false],
  ['DateGreaterThanEquals', UTC_NOON, UTC_NOON, true],
  ['DateGreaterThanEquals', UTC_NOON, '2026-03-01', false],
  ['Bool', 'true', 'TRUE', true],
  ['Bool', false, 'false', true],
  ['Bool', 'true', 'false', false],
  ['Bool', 'true', '1', false],
  ['BinaryEquals', 'QUJD', 'QUJD', true],
  ['BinaryEquals', 'QUI=', 'QUJ=', true],
  ['BinaryEquals', 'QUJD', 'QUJE', false],
  ['BinaryEquals', 'QUJD', 'qujd', false],
  ['IpAddress', ['203.0.113.0/24', '2001:db8::/32'], '203.0.113.9', true],
  ['IpAddress', ['203.0.113.0/24', '2001:db8::/32'], '2001:db8::9', true],
  ['IpAddress', ['203.0.113.0/24', '2001:db8::/32'], '198.51.100.1', false],
];

const NEGATED: Readonly<Record<string, string>> = {
  StringEquals: 'StringNotEquals',
  StringEqualsIgnoreCase: 'StringNotEqualsIgnoreCase',
  StringLike: 'StringNotLike',
  ArnEquals: 'ArnNotEquals',
  ArnLike: 'ArnNotLike',
  NumericEquals: 'NumericNotEquals',
  DateEquals: 'DateNotEquals',
  IpAddress: 'NotIpAddress',
};

for (const [operator, values, requested, expected] of COMPARISONS) {
  const told = `${JSON.stringify(values)} and ${JSON.stringify(requested)}`;
  test(`condition - ${operator} of ${told} is ${expected}`, () => {
    assert.equal(holds(operator, values, { [KEY]: requested }), expected);
    assert.equal(holds(`${operator}IfExists`, values, { [KEY]: requested }), expected);
    assert.equal(holds(`ForAnyValue:${operator}`, values, { [KEY]: requested }), expected);
    assert.equal(holds(`ForAllValues:${operator}`, values, { [KEY]: requested }), expected);
  });
  const negated = NEGATED[operator];
  if (negated === undefined) continue;
  test(`condition - ${negated} of ${told} is ${!expected}`, () => {
    assert.equal(holds(negated, values, { [KEY]: requested }), !expected);
    assert.equal(holds(`${negated}IfExists`, values, { [KEY]: requested }), !expected);
  });
}

test('condition - every operator has an example', () => {
  const withExample = new Set([...COMPARISONS.map(([operator]) => operator), ...Object.values(NEGATED)]);
  assert.deepEqual(withExample, new Set(OPERATORS.keys()));
});

for (const [operator, values, expected] of [
  ['StringEquals', 'a', false],
  ['StringLike', '*', false],
  ['StringNotEquals', 'a', true],
  ['StringNotLike', '*', true],
  ['StringNotEqualsIgnoreCase', 'a', true],
  ['ArnNotEquals', ROLE_ARN, true],
  ['ArnNotLike', ROLE_ARN, true],
  ['NumericNotEquals', 1, true],
  ['DateNotEquals', UTC_NOON, true],
  ['NotIpAddress', '10.0.0.0/8', true],
  ['IpAddress', '0.0.0.0/0', false],
  ['Bool', 'false', false],
  ['StringEqualsIfExists', 'a', true],
  ['BoolIfExists', 'true', true],
  ['ForAllValues:StringEquals', 'a', true],
  ['ForAllValues:StringNotEquals', 'a', true],
  ['ForAnyValue:StringEquals', 'a', false],
  ['ForAnyValue:StringNotEquals', 'a', false],
  ['ForAnyValue:StringEqualsIfExists', 'a', false],
  ['Null', 'true', true],
  ['Null', 'false', false],
  ['Null', true, true],
  ['Null', ['true', 'false'], true],
] as const) {
  test(`condition - ${operator} of ${JSON.stringify(values)} is ${expected} without the key`, () => {
    assert.equal(holds(operator, values, {}), expected);
    assert.equal(holds(operator, values, { [KEY]: [] }), expected, 'no values are no key');
  });
}

for (const [operator, values, requested, expected] of [
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b', 'a'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
  ['ForAllValues:StringNotEquals', ['a', 'b'], ['c', 'd'], true],
  ['ForAllValues:StringNotEquals', ['a', 'b'], ['c', 'a'], false],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'a'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'd'], false],
  ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'c'], true],
  ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'b'], false],
  ['ForAnyValue:StringLike', 'x/*', ['a', 'x/1'], true],
  ['ForAllValues:StringLikeIfExists', 'x/*', ['x/', 'x/1'], true],
  ['Null', 'false', ['a', 'b'], true],
] as const) {
  test(`condition - ${operator} of ${JSON.stringify(values)} is ${expected} for ${JSON.stringify(requested)}`, () => {
    assert.equal(holds(operator, values, { [KEY]: requested }), expected);
  });
}

test('condition - several values of a request without a quantifier refuse, whatever the effect', () => {
  const context = { [KEY]: ['a', 'b'] };
  for (const operator of ['StringEquals', 'StringNotEquals', 'StringEqualsIfExists']) {
    assert.equal(holds(operator, ['a', 'b', 'c'], context), false);
    const denial = deny({ Condition: { [operator]: { [KEY]: ['x', 'y'] } } });
    assert.equal(outcomeOf(policyOf(allow(), denial), { context }), 'explicit-deny');
  }
});

test('condition - all operators and all keys have to hold, and keys have no case', () => {
  const document = policyOf(
    allow({
      Condition: {
        StringEquals: { 'S3:Prefix': 'a', 'aws:UserName': 'u' },
        NumericLessThan: { 's3:Max-Keys': 5 },
        'ForAnyValue:StringEquals': { 'aws:TagKeys': 't' },
      },
    }),
  );
  const whole = { 's3:prefix': 'a', 'aws:username': 'u', 's3:max-keys': '4', 'AWS:TagKeys': 't' };
  assert.ok(isAllowed(document, { context: whole }));
  for (const key of Object.keys(whole)) {
    assert.ok(!isAllowed(document, { context: { ...whole, [key]: '9' } }), key);
  }
});

test('condition - keys of tags may hold spaces, colons and slashes', () => {
  const condition = { StringEquals: { 's3:ExistingObjectTag/cost center: A/b': 'x' } };
  const context = { 's3:existingobjecttag/cost center: a/B': 'x' };
  assert.ok(isAllowed(policyOf(allow({ Condition: condition })), { context }));
});
