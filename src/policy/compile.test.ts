import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CompileOptions, compilePolicy } from './compile.ts';
import type { PolicyErrorCode } from './error.ts';
import { allow, CURRENT, deny, isAllowed, outcomeOf, policyOf, refusal } from './testing/sample.ts';

interface Refused {
  readonly what: string;
  readonly document: unknown;
  readonly code: PolicyErrorCode;
  /** What the message has to name. */
  readonly names: readonly string[];
  readonly options?: CompileOptions;
}

function condition(block: unknown): unknown {
  return policyOf(allow(), allow({ Condition: block }));
}

const REFUSED: readonly Refused[] = [
  { what: 'text that is not JSON', document: '{"Version":', code: 'NOT_JSON', names: ['not JSON'] },
  { what: 'an empty text', document: '', code: 'NOT_JSON', names: ['not JSON'] },
  { what: 'a list', document: '[]', code: 'WRONG_TYPE', names: ['The policy', 'a list'] },
  { what: 'null', document: null, code: 'WRONG_TYPE', names: ['null'] },
  {
    what: 'a text without end',
    document: `{"Id":"${'x'.repeat(70_000)}"}`,
    code: 'TOO_LARGE',
    names: ['65536'],
  },
  {
    what: 'a condition block that is there twice',
    document:
      '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"a:b":"c"},"StringEquals":{"a:d":"e"}}}}',
    code: 'DUPLICATE_KEY',
    names: ['Statement.Condition.StringEquals'],
  },
  {
    what: 'an unknown element',
    document: { ...Object(policyOf(allow())), Statment: [] },
    code: 'UNKNOWN_ELEMENT',
    names: ['Statment', 'Statement'],
  },
  {
    what: 'an element in small letters',
    document: { version: CURRENT, Statement: [allow()] },
    code: 'UNKNOWN_ELEMENT',
    names: ['version', 'Version'],
  },
  {
    what: 'an unknown element of a statement',
    document: policyOf(allow(), allow({ Conditions: {} })),
    code: 'UNKNOWN_ELEMENT',
    names: ['Statement[1].Conditions'],
  },
  {
    what: 'Principal',
    document: policyOf(allow({ Principal: '*' })),
    code: 'UNKNOWN_ELEMENT',
    names: ['Statement[0].Principal', 'take it out'],
  },
  {
    what: 'NotPrincipal',
    document: policyOf(allow({ NotPrincipal: '*' })),
    code: 'UNKNOWN_ELEMENT',
    names: ['Statement[0].NotPrincipal'],
  },
  {
    what: 'a __proto__ element',
    document: '{"Statement":{"__proto__":{},"Effect":"Allow"}}',
    code: 'UNKNOWN_ELEMENT',
    names: ['__proto__'],
  },
  {
    what: 'another version',
    document: { Version: '2012-10-18', Statement: allow() },
    code: 'UNKNOWN_VERSION',
    names: ['2012-10-18', '2012-10-17'],
  },
  {
    what: 'a version that is a number',
    document: { Version: 2012, Statement: allow() },
    code: 'WRONG_TYPE',
    names: ['Version'],
  },
  {
    what: 'an Id that is a number',
    document: { Id: 1, Statement: allow() },
    code: 'WRONG_TYPE',
    names: ['Id'],
  },
  { what: 'no Statement', document: { Version: CURRENT }, code: 'MISSING_ELEMENT', names: ['Statement'] },
  {
    what: 'an empty list of statements',
    document: policyOf(),
    code: 'WRONG_TYPE',
    names: ['Statement', 'empty'],
  },
  {
    what: 'a statement that is a text',
    document: { Statement: ['Allow'] },
    code: 'WRONG_TYPE',
    names: ['Statement[0]'],
  },
  {
    what: 'no Effect',
    document: { Statement: { Action: '*', Resource: '*' } },
    code: 'MISSING_ELEMENT',
    names: ['Effect'],
  },
  {
    what: 'an effect in small letters',
    document: policyOf(allow({ Effect: 'allow' })),
    code: 'INVALID_EFFECT',
    names: ['Statement[0].Effect', '"Allow"'],
  },
  {
    what: 'no Action',
    document: policyOf({ Effect: 'Allow', Resource: '*' }),
    code: 'MISSING_ELEMENT',
    names: ['Statement[0]', 'Action or NotAction'],
  },
  {
    what: 'no Resource',
    document: policyOf({ Effect: 'Allow', Action: '*' }),
    code: 'MISSING_ELEMENT',
    names: ['Resource or NotResource'],
  },
  {
    what: 'Action beside NotAction',
    document: policyOf(allow({ NotAction: 's3:Put*' })),
    code: 'CONFLICTING_ELEMENTS',
    names: ['Statement[0]', 'NotAction'],
  },
  {
    what: 'Resource beside NotResource',
    document: policyOf(allow({ NotResource: '*' })),
    code: 'CONFLICTING_ELEMENTS',
    names: ['NotResource'],
  },
  {
    what: 'a Sid with a space',
    document: policyOf(allow({ Sid: 'my statement' })),
    code: 'INVALID_SID',
    names: ['Statement[0].Sid'],
  },
  {
    what: 'a Sid that is there twice',
    document: policyOf(allow({ Sid: 'A' }), deny({ Sid: 'A' })),
    code: 'DUPLICATE_SID',
    names: ['Statement[1].Sid'],
  },
  {
    what: 'an action without service',
    document: policyOf(allow({ Action: ['s3:PutObject', 'GetObject'] })),
    code: 'INVALID_ACTION',
    names: ['Statement[0].Action[1]', 's3:GetObject'],
  },
  {
    what: 'an action without name',
    document: policyOf(allow({ Action: 's3:' })),
    code: 'INVALID_ACTION',
    names: ['Statement[0].Action'],
  },
  {
    what: 'a wildcard in the service',
    document: policyOf(allow({ Action: 's*:GetObject' })),
    code: 'INVALID_ACTION',
    names: ['s*:GetObject'],
  },
  {
    what: 'a variable in an action',
    document: policyOf(allow({ Action: 's3:${aws:username}' })),
    code: 'INVALID_ACTION',
    names: ['Action'],
  },
  {
    what: 'an empty list of actions',
    document: policyOf(allow({ Action: [] })),
    code: 'WRONG_TYPE',
    names: ['Statement[0].Action', 'empty'],
  },
  {
    what: 'an action that is a number',
    document: policyOf(allow({ Action: [1] })),
    code: 'WRONG_TYPE',
    names: ['Statement[0].Action[0]'],
  },
  {
    what: 'an empty list of resources',
    document: policyOf(allow({ Resource: [] })),
    code: 'WRONG_TYPE',
    names: ['Resource'],
  },
  {
    what: 'a list in a list',
    document: policyOf(allow({ Resource: [['*']] })),
    code: 'WRONG_TYPE',
    names: ['Resource[0]'],
  },
  ...[
    'bucket/*',
    '',
    'arn:aws:s3',
    'arn:aws:s3:bucket/*',
    'arn:aws:s3:::',
    'arn::s3:::bucket',
    'arn:aws::::bucket',
    'ARN:aws:s3:::bucket',
    '*:aws:s3:::bucket',
    '**',
  ].map(
    (resource): Refused => ({
      what: `the resource ${JSON.stringify(resource)}`,
      document: policyOf(allow({ Resource: resource })),
      code: 'INVALID_RESOURCE',
      names: ['Statement[0].Resource', 'arn:aws:s3:::bucket'],
    }),
  ),
  {
    what: 'a variable before the fifth colon',
    document: policyOf(allow({ Resource: 'arn:aws:s3:${aws:RequestedRegion}::bucket' })),
    code: 'INVALID_RESOURCE',
    names: ['fifth colon'],
  },
  {
    what: 'a value before the fifth colon',
    document: policyOf(allow({ Resource: 'arn:aws:s3:${transfer:UserName}::bucket' })),
    code: 'INVALID_RESOURCE',
    names: ['fifth colon'],
    options: { variables: { 'transfer:UserName': 'a' } },
  },
  {
    what: 'a whole ARN from a value',
    document: policyOf(allow({ Resource: '${transfer:UserName}' })),
    code: 'INVALID_RESOURCE',
    names: ['Resource'],
    options: { variables: { 'transfer:UserName': 'arn:aws:s3:::bucket' } },
  },
  {
    what: 'a variable that is not closed',
    document: policyOf(allow({ Resource: 'arn:aws:s3:::bucket/${aws:username' })),
    code: 'INVALID_VARIABLE',
    names: ['Statement[0].Resource', '}'],
  },
  {
    what: 'a variable without service',
    document: policyOf(allow({ Resource: 'arn:aws:s3:::bucket/${username}' })),
    code: 'INVALID_VARIABLE',
    names: ['${username}'],
  },
  {
    what: 'an empty variable',
    document: policyOf(allow({ Resource: 'arn:aws:s3:::bucket/${}' })),
    code: 'INVALID_VARIABLE',
    names: ['${}'],
  },
  {
    what: 'a nested variable',
    document: policyOf(allow({ Resource: 'arn:aws:s3:::bucket/${aws:PrincipalTag/${transfer:UserName}}' })),
    code: 'INVALID_VARIABLE',
    names: ['nested'],
  },
  {
    what: 'a default without quotes',
    document: policyOf(allow({ Resource: 'arn:aws:s3:::bucket/${aws:username, x}' })),
    code: 'INVALID_VARIABLE',
    names: ['default'],
  },
  {
    what: 'a default of a transfer variable',
    document: policyOf(allow({ Resource: "arn:aws:s3:::bucket/${transfer:UserName, 'x'}" })),
    code: 'INVALID_VARIABLE',
    names: ['default'],
    options: { variables: { 'transfer:UserName': 'a' } },
  },
  {
    what: 'a transfer variable that does not exist',
    document: policyOf(allow({ Resource: 'arn:aws:s3:::bucket/${transfer:Home}' })),
    code: 'UNKNOWN_VARIABLE',
    names: ['transfer:Home', 'transfer:HomeFolder'],
    options: { variables: {} },
  },
  {
    what: 'a transfer variable in the policy of a role',
    document: policyOf(allow({ Resource: 'arn:aws:s3:::bucket/${transfer:UserName}' })),
    code: 'VARIABLE_UNAVAILABLE',
    names: ['role'],
  },
  {
    what: 'a home variable of a LOGICAL home',
    document: policyOf(allow({ Resource: 'arn:aws:s3:::${transfer:HomeBucket}' })),
    code: 'VARIABLE_UNAVAILABLE',
    names: ['PATH'],
    options: { variables: { 'transfer:UserName': 'a' } },
  },
  {
    what: 'a variable of the old version that is of Transfer',
    document: {
      Version: '2008-10-17',
      Statement: allow({ Resource: 'arn:aws:s3:::${transfer:HomeBucket}' }),
    },
    code: 'VARIABLE_UNAVAILABLE',
    names: ['HomeBucket'],
  },
  {
    what: 'a value for a variable that does not exist',
    document: policyOf(allow()),
    code: 'UNKNOWN_VARIABLE',
    names: ['UserName'],
    options: { variables: { UserName: 'a' } },
  },
  {
    what: 'a condition that is a list',
    document: condition([]),
    code: 'WRONG_TYPE',
    names: ['Statement[1].Condition'],
  },
  {
    what: 'an empty condition',
    document: condition({}),
    code: 'WRONG_TYPE',
    names: ['Statement[1].Condition', 'empty'],
  },
  {
    what: 'an empty operator',
    document: condition({ StringLike: {} }),
    code: 'WRONG_TYPE',
    names: ['Statement[1].Condition.StringLike', 'empty'],
  },
  {
    what: 'an empty list of values',
    document: condition({ StringLike: { 's3:prefix': [] } }),
    code: 'WRONG_TYPE',
    names: ['Statement[1].Condition.StringLike.s3:prefix', 'empty'],
  },
  {
    what: 'null as a value',
    document: condition({ StringLike: { 's3:prefix': null } }),
    code: 'WRONG_TYPE',
    names: ['null'],
  },
  {
    what: 'a number JSON cannot hold',
    document: condition({ NumericEquals: { 's3:max-keys': 9_007_199_254_740_993_000 } }),
    code: 'INVALID_CONDITION_VALUE',
    names: ['as a string'],
  },
  {
    what: 'an unknown operator',
    document: condition({ StringMatches: { 'a:b': 'c' } }),
    code: 'UNKNOWN_OPERATOR',
    names: ['Statement[1].Condition.StringMatches', 'StringLike'],
  },
  {
    what: 'an operator in small letters',
    document: condition({ stringlike: { 'a:b': 'c' } }),
    code: 'UNKNOWN_OPERATOR',
    names: ['write StringLike'],
  },
  {
    what: 'an unknown prefix',
    document: condition({ 'ForSomeValues:StringLike': { 'a:b': 'c' } }),
    code: 'UNKNOWN_OPERATOR',
    names: ['ForSomeValues:StringLike'],
  },
  {
    what: 'Null with IfExists',
    document: condition({ NullIfExists: { 'a:b': 'true' } }),
    code: 'UNKNOWN_OPERATOR',
    names: ['Null'],
  },
  {
    what: 'Null with a prefix',
    document: condition({ 'ForAllValues:Null': { 'a:b': 'true' } }),
    code: 'UNKNOWN_OPERATOR',
    names: ['Null'],
  },
  {
    what: 'Null of something else',
    document: condition({ Null: { 'a:b': 'yes' } }),
    code: 'INVALID_CONDITION_VALUE',
    names: ['true'],
  },
  {
    what: 'a condition key without service',
    document: condition({ StringLike: { prefix: 'c' } }),
    code: 'INVALID_CONDITION_KEY',
    names: ['"prefix"', 'service:key'],
  },
  {
    what: 'a condition key with a variable',
    document: condition({ StringLike: { 'aws:PrincipalTag/${aws:username}': 'c' } }),
    code: 'INVALID_CONDITION_KEY',
    names: ['variable'],
  },
  ...[
    ['NumericLessThan', 'ten'],
    ['NumericEquals', ''],
    ['NumericEquals', '0x10'],
    ['NumericEquals', '${s3:max-keys}'],
    ['NumericEquals', '1e999'],
    ['DateLessThan', 'tomorrow'],
    ['DateEquals', '2026'],
    ['DateEquals', '2026-13-01'],
    ['DateEquals', '2026-01-01T00:00:00'],
    ['Bool', 'yes'],
    ['Bool', '${aws:SecureTransport}'],
    ['BinaryEquals', 'not base64'],
    ['BinaryEquals', 'QQ='],
    ['IpAddress', '10.0.0.0/40'],
    ['NotIpAddress', 'example.com'],
    ['IpAddress', '*'],
    ['ArnEquals', 'role/x'],
    ['ArnLike', '*'],
    ['ArnNotLike', 'x${aws:PrincipalArn}'],
  ].map(
    ([operator = '', value = '']): Refused => ({
      what: `${operator} of ${JSON.stringify(value)}`,
      document: condition({ [operator]: { 'a:b': [value] } }),
      code: 'INVALID_CONDITION_VALUE',
      names: [`Statement[1].Condition.${operator}.a:b[0]`, 'write'],
    }),
  ),
];

for (const { what, document, code, names, options } of REFUSED) {
  test(`compile - ${what} is ${code}`, () => {
    assert.throws(() => compilePolicy(document, options), refusal(code, ...names));
    if (typeof document === 'string') return;
    assert.throws(() => compilePolicy(JSON.stringify(document), options), refusal(code, ...names));
  });
}

test('compile - the name of the policy begins the message', () => {
  assert.throws(() => compilePolicy({}, { name: 'session' }), /^PolicyError: session: Statement is missing$/);
});

test('compile - Id, an empty Sid, a single statement and both versions are taken', () => {
  assert.ok(isAllowed({ Version: '2008-10-17', Id: 'My policy', Statement: allow({ Sid: '' }) }));
  assert.ok(isAllowed({ Version: CURRENT, Statement: [allow({ Sid: '' }), allow({ Sid: '' })] }));
});

test('compile - a document without Version is of the old version, where variables are characters', () => {
  const statement = allow({ Resource: 'arn:aws:s3:::bucket/${aws:username}/${x' });
  const asked = { context: { 'aws:username': 'alice' } };
  for (const document of [{ Statement: statement }, { Version: '2008-10-17', Statement: statement }]) {
    assert.ok(isAllowed(document, { ...asked, resource: 'arn:aws:s3:::bucket/${aws:username}/${x' }));
    assert.ok(!isAllowed(document, { ...asked, resource: 'arn:aws:s3:::bucket/alice/${x' }));
  }
});

test('compile - wildcards work in the old version, and transfer variables too', () => {
  const document = { Statement: allow({ Resource: 'arn:aws:s3:::bucket/${transfer:UserName}/${*}' }) };
  const options = { variables: { 'transfer:UserName': 'a*' } };
  assert.ok(isAllowed(document, { options, resource: 'arn:aws:s3:::bucket/a*/${x}' }));
  assert.ok(!isAllowed(document, { options, resource: 'arn:aws:s3:::bucket/ab/${x}' }));
});

test('compile - a compiled policy does not follow later changes of the document', () => {
  const statement = { Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['*'] };
  const document = { Version: CURRENT, Statement: [statement] };
  const before = outcomeOf(document);
  const compiled = compilePolicy(document);
  statement.Action.push('s3:PutObject');
  document.Statement.pop();
  assert.equal(before, 'allowed');
  assert.equal(compiled.allowances.length, 1);
  assert.equal(compiled.allowances[0]?.appliesTo('s3:putobject', 'arn:aws:s3:::b/f', new Map()), false);
});
