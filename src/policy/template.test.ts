import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compilePolicy } from './compile.ts';
import { expandPolicyText } from './expand.ts';
import type { WrittenContext } from './testing/context.ts';
import { allow, CURRENT, isAllowed, outcomeOf, policyOf, refusal } from './testing/sample.ts';

const NASTY = fc.string({
  unit: fc.constantFrom('*', '?', '$', '{', '}', 'a', '/', ':', '"', '\\', "'", ',', ' ', 'é'),
});
const HOME = 'arn:aws:s3:::bucket/';

function reads(pattern: string, resource: string, context: WrittenContext): boolean {
  return isAllowed(policyOf(allow({ Resource: `${HOME}${pattern}` })), {
    resource: `${HOME}${resource}`,
    context,
  });
}

test('variables - policy variables in resources take the value of the request, literally', () => {
  assert.ok(reads('${aws:username}/*', 'alice/a', { 'aws:username': 'alice' }));
  assert.ok(reads('${AWS:UserName}/*', 'alice/a', { 'aws:username': 'alice' }));
  assert.ok(!reads('${aws:username}/*', 'bob/a', { 'aws:username': 'alice' }));
  assert.ok(!reads('${aws:username}/*', 'bob/a', { 'aws:username': '*' }));
  assert.ok(reads('${aws:username}/*', '${a:b}*/a', { 'aws:username': '${a:b}*', 'a:b': 'x' }));
});

test('variables - a default stands in for a missing key only, and is literal', () => {
  assert.ok(reads("${aws:username, 'no}body*'}/*", 'no}body*/a', {}));
  assert.ok(!reads("${aws:username, 'no*'}/*", 'nobody/a', {}));
  assert.ok(reads("${aws:username,'x'}/*", 'alice/a', { 'aws:username': 'alice' }));
  assert.ok(!reads("${aws:username, 'x'}/*", 'x/a', { 'aws:username': 'alice' }));
});

test('variables - a missing key, and one with several values, is like nothing', () => {
  for (const context of [{}, { 'aws:username': ['a', 'b'] }]) {
    for (const resource of ['/a', 'a/a', 'undefined/a', '${aws:username}/a']) {
      assert.ok(!reads('${aws:username}/*', resource, context));
    }
  }
});

test('variables - NotResource with a missing key refuses: it denies, and does not allow', () => {
  const statement = { Action: '*', NotResource: `${HOME}\${aws:username}/*` };
  assert.equal(outcomeOf(policyOf({ Effect: 'Allow', ...statement })), 'implicit-deny');
  assert.equal(outcomeOf(policyOf(allow(), { Effect: 'Deny', ...statement })), 'explicit-deny');
});

test('variables - in conditions a missing key is like nothing, so negated operators hold', () => {
  const context = { 's3:prefix': 'a' };
  for (const [operator, expected] of [
    ['StringEquals', false],
    ['StringEqualsIgnoreCase', false],
    ['StringLike', false],
    ['StringNotEquals', true],
    ['StringNotLike', true],
  ] as const) {
    const document = policyOf(allow({ Condition: { [operator]: { 's3:prefix': '${aws:username}' } } }));
    assert.equal(isAllowed(document, { context }), expected, operator);
    assert.equal(isAllowed(document, { context: { ...context, 'aws:username': 'a' } }), !expected, operator);
  }
});

test('variables - a whole ARN may come from one variable in ARN conditions', () => {
  const document = policyOf(allow({ Condition: { ArnEquals: { 'aws:SourceArn': '${aws:PrincipalArn}' } } }));
  const arn = 'arn:aws:iam::1:role/a';
  assert.ok(isAllowed(document, { context: { 'aws:SourceArn': arn, 'aws:PrincipalArn': arn } }));
  assert.ok(
    !isAllowed(document, { context: { 'aws:SourceArn': arn, 'aws:PrincipalArn': 'arn:aws:iam::1:role/*' } }),
  );
  assert.ok(!isAllowed(document, { context: { 'aws:SourceArn': arn } }));
  assert.ok(!isAllowed(document, { context: { 'aws:SourceArn': 'x', 'aws:PrincipalArn': 'x' } }));
});

test('variables - parts of ARN conditions may come from variables, and their colons divide nothing', () => {
  const document = policyOf(
    allow({ Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:iam::${aws:PrincipalAccount}:role/*' } } }),
  );
  const context = { 'aws:SourceArn': 'arn:aws:iam::1:role/a' };
  assert.ok(isAllowed(document, { context: { ...context, 'aws:PrincipalAccount': '1' } }));
  assert.ok(!isAllowed(document, { context: { ...context, 'aws:PrincipalAccount': '2' } }));
  const shifted = { 'aws:SourceArn': 'arn:aws:iam::1:x:role/a', 'aws:PrincipalAccount': '1:x' };
  assert.ok(!isAllowed(document, { context: shifted }));
});

test('variables - ${*}, ${?} and ${$} are the characters themselves', () => {
  assert.ok(reads('${*}${?}${$}{x}', '*?${x}', {}));
  assert.ok(!reads('${*}', 'a', {}));
  assert.ok(reads('a$b', 'a$b', {}));
  const document = policyOf(allow({ Condition: { StringEquals: { 's3:prefix': '${*}${?}${$}' } } }));
  assert.ok(isAllowed(document, { context: { 's3:prefix': '*?$' } }));
});

test('transfer variables - whatever a value holds, it stands for itself only', () => {
  fc.assert(
    fc.property(NASTY, NASTY, (value, other) => {
      const document = policyOf(
        allow({
          Resource: `${HOME}\${transfer:UserName}/*`,
          Condition: { StringLike: { 's3:prefix': '${transfer:HomeFolder}' } },
        }),
      );
      const options = { variables: { 'transfer:UserName': value, 'transfer:HomeFolder': value } };
      const asked = { options, resource: `${HOME}${value}/x`, context: { 's3:prefix': value } };
      assert.ok(isAllowed(document, asked));
      if (other === value) return;
      assert.ok(!isAllowed(document, { ...asked, context: { 's3:prefix': other } }));
      if (other.startsWith(`${value}/`)) return;
      assert.ok(!isAllowed(document, { ...asked, resource: `${HOME}${other}` }));
    }),
    { numRuns: 2_000 },
  );
});

test('transfer variables - the text for AWS decides the same, whatever the values hold', () => {
  const texts = [
    '${transfer:UserName}/*',
    'a$${transfer:UserName}',
    '${*}?',
    "${a:b, 'x'}*",
    '$*${transfer:HomeFolder}$',
  ];
  const variables = fc.record({ 'transfer:UserName': NASTY, 'transfer:HomeFolder': NASTY });
  fc.assert(
    fc.property(
      fc.subarray(texts, { minLength: 1 }),
      variables,
      NASTY,
      NASTY,
      (patterns, values, key, prefix) => {
        const text = JSON.stringify(
          policyOf(
            allow({ Resource: patterns.map((pattern) => `${HOME}${pattern}`) }),
            allow({ Condition: { StringNotLike: { 's3:prefix': patterns } } }),
          ),
        );
        const expanded = expandPolicyText(text, values);
        const context = { 's3:prefix': prefix, 'a:b': 'y' };
        const candidates = [key, `${values['transfer:UserName']}/x`, `a$${values['transfer:UserName']}`];
        for (const resource of candidates.map((candidate) => `${HOME}${candidate}`)) {
          const asked = { resource, context };
          assert.equal(
            outcomeOf(expanded, asked),
            outcomeOf(text, { ...asked, options: { variables: values } }),
          );
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test('expand - values are escaped, other variables and wildcards stay as they are', () => {
  const text = JSON.stringify(
    policyOf(
      allow({
        Resource: [
          'arn:aws:s3:::${transfer:HomeBucket}/${aws:username}/*?',
          "arn:aws:s3:::b/${a:b, 'c'}${*}",
        ],
        Condition: {
          NumericLessThan: { 's3:max-keys': 10 },
          StringLike: { 's3:prefix': ['${TRANSFER:username}/*'] },
        },
      }),
    ),
  );
  const expanded = expandPolicyText(text, {
    'transfer:HomeBucket': 'bucket',
    'transfer:UserName': 'a*?${x}"',
  });
  assert.deepEqual(
    JSON.parse(expanded),
    policyOf(
      allow({
        Resource: ['arn:aws:s3:::bucket/${aws:username}/*?', "arn:aws:s3:::b/${a:b, 'c'}${*}"],
        Condition: {
          NumericLessThan: { 's3:max-keys': 10 },
          StringLike: { 's3:prefix': ['a${*}${?}${$}{x}"/*'] },
        },
      }),
    ),
  );
});

test('expand - variables that are written with JSON escapes are found', () => {
  const text = `{"Version":"${CURRENT}","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::\\u0024{transfer:UserName}"}}`;
  assert.match(expandPolicyText(text, { 'transfer:UserName': 'alice' }), /"arn:aws:s3:::alice"/);
});

test('expand - the old version cannot hold a wildcard literally', () => {
  const text = JSON.stringify({ Statement: allow({ Resource: 'arn:aws:s3:::${transfer:HomeBucket}' }) });
  assert.match(expandPolicyText(text, { 'transfer:HomeBucket': 'a$' }), /arn:aws:s3:::a\$"/);
  for (const value of ['a*', 'a?']) {
    assert.throws(
      () => expandPolicyText(text, { 'transfer:HomeBucket': value }),
      refusal('VALUE_NOT_EXPRESSIBLE', 'Statement.Resource', '2012-10-17'),
    );
  }
});

test('expand - refuses whatever does not compile', () => {
  const text = JSON.stringify(policyOf(allow({ Resource: 'arn:aws:s3:::${transfer:HomeBucket}' })));
  assert.throws(() => expandPolicyText(text, {}), refusal('VARIABLE_UNAVAILABLE', 'HomeBucket'));
  assert.throws(() => expandPolicyText('{}', {}), refusal('MISSING_ELEMENT'));
  assert.throws(() => compilePolicy(text), refusal('VARIABLE_UNAVAILABLE', 'HomeBucket'));
});
