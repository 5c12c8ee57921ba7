/** Policies and requests of S3 as fast-check makes them, for comparing evaluators (tests only). */

import fc from 'fast-check';
import type { WrittenContext } from './context.ts';

/*
 * What is left out, because the other evaluator (@cloud-copilot/iam-simulate 0.1.173) differs there for a known reason:
 *
 * - Line ends in object names: its wildcards do not match them. Ours do, or a Deny could be walked around.
 * - Capitals in partition, service, region and account of a resource: it compares them without case.
 * - Wildcards in region or account before a resource whose first folder has a wildcard or variable: it takes that folder
 *   literally ("product segment"), a rule for other services.
 * - Incomplete ARNs: it fills them up with wildcards, we refuse to compile them.
 * - Variables without a value in NotResource and negated operators: its statement never applies, not even a Deny. We
 *   follow AWS ("policy variables with no value"), where negated operators hold; and NotResource refuses.
 * - `${*}`, `${?}` and `${$}` in operators without wildcards: it compares the four characters themselves.
 *   AWS documents them for every text that takes variables.
 * - Variables whose value is empty: it takes them for missing.
 * - Variables in policies of version 2008-10-17: it replaces them, AWS does not.
 * - A key with several values under an operator without quantifier: its statement never applies, ours refuses (so a Deny
 *   applies). It also counts a single value of a list key as several.
 * - `0.0.0.0/0` holds nothing there, because its mask is `-1 << 32`, which JavaScript takes for `-1 << 0`.
 * - IpAddress: it compares single addresses of IPv6 as texts, and NotIpAddress of one address of IPv4 is false for all
 *   clients of IPv6. So addresses are written canonically, and negation is of ranges only.
 * - Dates: it reads epoch seconds as milliseconds. Numbers: it cuts `1e3` and `12abc` to their first digits.
 * - Values of a request that cannot be read (a number that is none): its negated operators are false, ours true.
 * - BinaryEquals: it compares texts, and S3 has no key of that kind.
 */

const BUCKET = 'bucket';
const BUCKET_ACTIONS = ['s3:ListBucket', 's3:GetBucketLocation', 's3:ListBucketMultipartUploads'];
const OBJECT_ACTIONS = [
  's3:GetObject',
  's3:PutObject',
  's3:DeleteObject',
  's3:GetObjectVersion',
  's3:DeleteObjectVersion',
  's3:GetObjectTagging',
  's3:PutObjectTagging',
  's3:GetObjectAcl',
  's3:AbortMultipartUpload',
];
const ACTION_PATTERNS = [
  '*',
  's3:*',
  's3:Get*',
  's3:*Object',
  's3:?etObject',
  's3:*Version',
  's3:getobject',
  's3:List*',
  'elasticfilesystem:*',
];

const USER = 'alice';
/** Sometimes there, so that variables of it are sometimes without a value. */
const MAYBE_KEY = 'aws:userid';
const ESCAPES = ['${*}', '${?}', '${$}'];
/** Never without a value. */
const SURE_VARIABLES = ['${aws:username}', `\${${MAYBE_KEY}, 'nobody'}`, ...ESCAPES];
const VARIABLES = [...SURE_VARIABLES, `\${${MAYBE_KEY}}`, '${aws:PrincipalTag/team}'];

const objectName = fc
  .array(fc.constantFrom('a', 'b', USER, 'nobody', 'x.y', '/', '*', '?', '$', '+', '(', 'é', '😀'), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => parts.join(''));

/** Few letters, so that patterns and texts meet often. */
function textPattern(variables: readonly string[]): fc.Arbitrary<string> {
  const part = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'x.y', '/', '+', '(', 'é', USER) },
    { weight: 3, arbitrary: fc.constantFrom('*', '?') },
    { weight: 1, arbitrary: fc.constantFrom(...variables) },
  );
  return fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
}

function oneOrMore<T>(item: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> {
  return fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }));
}

const action = oneOrMore(
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom('*', 's3:*') },
    { weight: 3, arbitrary: fc.constantFrom(...ACTION_PATTERNS, ...BUCKET_ACTIONS, ...OBJECT_ACTIONS) },
  ),
);

function resource(variables: readonly string[]): fc.Arbitrary<string | string[]> {
  const pattern = textPattern(variables);
  return oneOrMore(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('*', `arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`) },
      { weight: 4, arbitrary: pattern.map((text) => `arn:aws:s3:::${BUCKET}/${text}`) },
      { weight: 1, arbitrary: pattern.map((text) => `arn:aws:s3:::${text}`) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(
            fc.constantFrom('aws', 'aw?', '*', 'aws-cn'),
            fc.constantFrom('', '*'),
            fc.constantFrom('', '*', '1'),
            pattern,
          )
          .map(
            ([partition, region, account, text]) =>
              `arn:${partition}:s3:${region}:${account}:${BUCKET}/${text}`,
          ),
      },
    ),
  );
}

/** The kinds of operators with the keys they are used on. */
interface Family {
  readonly operators: readonly string[];
  readonly negatedOperators: readonly string[];
  readonly keys: readonly string[];
  value(variables: readonly string[]): fc.Arbitrary<unknown>;
}

const roleArn = fc.constantFrom(
  'arn:aws:iam::111122223333:role/a',
  'arn:aws:iam::444455556666:role/a/b',
  `arn:aws-cn:iam::111122223333:role/${USER}`,
);
const arnPattern = fc.oneof(
  roleArn,
  fc.constantFrom(
    'arn:aws:iam::*:role/*',
    'arn:*:iam::111122223333:role/?',
    'arn:aws:*:*:111122223333:*',
    'arn:aws*:iam::1111*:role/${aws:username}',
  ),
);
const wholeNumber = fc.integer({ min: -2, max: 3 });
const number = fc.oneof(wholeNumber.map(String), fc.constantFrom('0.5', '-1.5', '2.0'));
const date = fc.constantFrom(
  '2026-01-01',
  '2026-01-01T00:00:00Z',
  '2026-01-01T01:00:00+01:00',
  '2026-06-01T12:30:00Z',
  '2025-12',
);
const address = fc.constantFrom(
  '203.0.113.9',
  '203.0.113.200',
  '10.1.2.3',
  '2001:db8::1',
  '2001:db8:1::1',
  '::1',
);
const range = fc.constantFrom(
  '203.0.113.0/24',
  '203.0.113.0/25',
  '10.0.0.0/8',
  '0.0.0.0/1',
  '203.0.113.9/32',
  '2001:db8::/32',
  '2001:db8::/48',
  '::/0',
);

const STRING_KEYS = ['s3:prefix', 's3:delimiter', 'aws:PrincipalTag/team', MAYBE_KEY, 'aws:username'];

function stringValue(variables: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(textPattern(variables), fc.constantFrom('', 'A', USER));
}

const FAMILIES: readonly Family[] = [
  {
    operators: ['StringEquals', 'StringEqualsIgnoreCase'],
    negatedOperators: ['StringNotEquals', 'StringNotEqualsIgnoreCase'],
    keys: STRING_KEYS,
    value: (variables) => stringValue(variables.filter((variable) => !ESCAPES.includes(variable))),
  },
  {
    operators: ['StringLike'],
    negatedOperators: ['StringNotLike'],
    keys: STRING_KEYS,
    value: stringValue,
  },
  {
    operators: ['ArnEquals', 'ArnLike'],
    negatedOperators: ['ArnNotEquals', 'ArnNotLike'],
    keys: ['aws:PrincipalArn'],
    value: () => arnPattern,
  },
  {
    operators: [
      'NumericEquals',
      'NumericLessThan',
      'NumericLessThanEquals',
      'NumericGreaterThan',
      'NumericGreaterThanEquals',
    ],
    negatedOperators: ['NumericNotEquals'],
    keys: ['s3:max-keys', 'aws:MultiFactorAuthAge'],
    value: () => fc.oneof(number, wholeNumber),
  },
  {
    operators: [
      'DateEquals',
      'DateLessThan',
      'DateLessThanEquals',
      'DateGreaterThan',
      'DateGreaterThanEquals',
    ],
    negatedOperators: ['DateNotEquals'],
    keys: ['aws:CurrentTime'],
    value: () => date,
  },
  {
    operators: ['IpAddress'],
    negatedOperators: [],
    keys: ['aws:SourceIp'],
    value: () => fc.oneof(address, range),
  },
  { operators: [], negatedOperators: ['NotIpAddress'], keys: ['aws:SourceIp'], value: () => range },
  {
    operators: ['Bool'],
    negatedOperators: [],
    keys: ['aws:SecureTransport'],
    value: () => fc.constantFrom('true', 'false', 'True', true, false),
  },
];

function familyConditions(family: Family): fc.Arbitrary<[string, unknown]>[] {
  const of = (
    operators: readonly string[],
    variables: readonly string[],
  ): fc.Arbitrary<[string, unknown]> => {
    const name = fc
      .tuple(
        fc.constantFrom('', '', '', 'ForAllValues:', 'ForAnyValue:'),
        fc.constantFrom(...operators),
        fc.constantFrom('', '', 'IfExists'),
      )
      .map((parts) => parts.join(''));
    return fc.tuple(name, keyed(fc.constantFrom(...family.keys), oneOrMore(family.value(variables))));
  };
  return [
    ...(family.operators.length === 0 ? [] : [of(family.operators, VARIABLES)]),
    ...(family.negatedOperators.length === 0 ? [] : [of(family.negatedOperators, SURE_VARIABLES)]),
  ];
}

function keyed(
  key: fc.Arbitrary<string>,
  value: fc.Arbitrary<unknown>,
): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  return fc.dictionary(key, value, { minKeys: 1, maxKeys: 2, noNullPrototype: true });
}

const setCondition: fc.Arbitrary<[string, unknown]> = fc.tuple(
  fc.constantFrom(
    'ForAllValues:StringEquals',
    'ForAnyValue:StringLike',
    'ForAllValues:StringNotLike',
    'ForAnyValue:StringNotEquals',
  ),
  keyed(fc.constant('aws:TagKeys'), oneOrMore(fc.constantFrom('a', 'b', '*', '?'))),
);
const nullCondition: fc.Arbitrary<[string, unknown]> = fc.tuple(
  fc.constant('Null'),
  keyed(fc.constantFrom(...STRING_KEYS, 'aws:TagKeys'), fc.constantFrom('true', 'false', true, false)),
);
const condition = fc
  .array(fc.oneof(setCondition, nullCondition, ...FAMILIES.flatMap(familyConditions)), {
    minLength: 1,
    maxLength: 3,
  })
  .map((entries) => Object.fromEntries(entries));

const statement = fc
  .record({
    effect: fc.constantFrom('Allow', 'Deny'),
    action: fc.oneof(
      { weight: 4, arbitrary: action.map((Action) => ({ Action })) },
      { weight: 1, arbitrary: action.map((NotAction) => ({ NotAction })) },
    ),
    resource: fc.oneof(
      { weight: 4, arbitrary: resource(VARIABLES).map((Resource) => ({ Resource })) },
      { weight: 1, arbitrary: resource(SURE_VARIABLES).map((NotResource) => ({ NotResource })) },
    ),
    condition: fc.option(
      condition.map((Condition) => ({ Condition })),
      { nil: {}, freq: 2 },
    ),
  })
  .map(({ effect, ...elements }) => ({
    Effect: effect,
    ...elements.action,
    ...elements.resource,
    ...elements.condition,
  }));

export interface GeneratedPolicy {
  readonly Version: string;
  readonly Statement: unknown;
}

/** Three statements on average, which allow often enough to be interesting. */
export const generatedPolicy: fc.Arbitrary<GeneratedPolicy> = fc.record({
  Version: fc.constant('2012-10-17'),
  Statement: fc.oneof(statement, fc.array(statement, { minLength: 1, maxLength: 5 })),
});

export interface GeneratedRequest {
  readonly action: string;
  readonly resource: string;
  readonly context: WrittenContext;
}

const context: fc.Arbitrary<WrittenContext> = fc
  .record(
    {
      's3:prefix': fc.oneof(objectName, fc.constant('')),
      's3:delimiter': fc.constantFrom('/', 'a'),
      's3:max-keys': number,
      'aws:PrincipalTag/team': fc.constantFrom('a', 'b', 'A'),
      [MAYBE_KEY]: fc.constantFrom('a', '*', USER),
      'aws:PrincipalArn': roleArn,
      'aws:MultiFactorAuthAge': number,
      'aws:CurrentTime': date,
      'aws:SourceIp': address,
      'aws:SecureTransport': fc.constantFrom('true', 'false'),
      'aws:TagKeys': fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  .map((keys) => ({ ...keys, 'aws:username': USER }));

/** No `*` in the name: the other evaluator would take the request for a question about many objects. */
const requestedName = objectName.map((name) => name.replaceAll('*', '$'));

export const generatedRequest: fc.Arbitrary<GeneratedRequest> = fc.oneof(
  fc.record({
    action: fc.constantFrom(...BUCKET_ACTIONS),
    resource: fc.constant(`arn:aws:s3:::${BUCKET}`),
    context,
  }),
  fc.record({
    action: fc.constantFrom(...OBJECT_ACTIONS),
    resource: requestedName.map((name) => `arn:aws:s3:::${BUCKET}/${name}`),
    context,
  }),
);
