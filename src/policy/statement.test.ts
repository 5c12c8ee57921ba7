import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allow, deny, isAllowed, outcomeOf, policyOf } from './testing/sample.ts';

for (const [pattern, action, expected] of [
  ['s3:GetObject', 's3:GetObject', true],
  ['S3:getobject', 's3:GetObject', true],
  ['s3:GetObject', 'S3:GETOBJECT', true],
  ['s3:Get*', 's3:GetObjectVersion', true],
  ['s3:Get?bject', 's3:GetObject', true],
  ['s3:*Object*', 's3:PutObjectAcl', true],
  ['s3:*', 's3:PutObject', true],
  ['s3:*', 's3-object-lambda:PutObject', false],
  ['s3:GetObject', 's3:GetObjectVersion', false],
  ['*', 'elasticfilesystem:ClientMount', true],
  ['*:*', 'elasticfilesystem:ClientMount', true],
  [['s3:GetObject', 's3:Put*'], 's3:PutObject', true],
  [['s3:GetObject', 's3:Put*'], 's3:DeleteObject', false],
] as const) {
  const told = `Action ${JSON.stringify(pattern)}`;
  test(`statement - ${told} ${expected ? 'is about' : 'is not about'} ${action}, and NotAction the opposite`, () => {
    assert.equal(isAllowed(policyOf(allow({ Action: pattern })), { action }), expected);
    const negated = { Effect: 'Allow', NotAction: pattern, Resource: '*' };
    assert.equal(isAllowed(policyOf(negated), { action }), !expected);
  });
}

for (const [pattern, resource, expected] of [
  ['*', 'arn:aws:s3:::bucket/a', true],
  ['arn:aws:s3:::bucket/*', 'arn:aws:s3:::bucket/a/b/c', true],
  ['arn:aws:s3:::bucket/*', 'arn:aws:s3:::bucket/', true],
  ['arn:aws:s3:::bucket/*', 'arn:aws:s3:::bucket', false],
  ['arn:aws:s3:::bucket*', 'arn:aws:s3:::bucket2/a', true],
  ['arn:aws:s3:::bucket/*', 'arn:aws:s3:::Bucket/a', false],
  ['arn:aws:s3:::*/secret', 'arn:aws:s3:::bucket/a/secret', true],
  ['arn:aws:s3:::bucket/a:b', 'arn:aws:s3:::bucket/a:b', true],
  ['arn:aws:s3:::bucket/*', 'arn:aws:s3:::bucket/a:b\nc', true],
  ['arn:aws*:s3:::bucket/a', 'arn:aws-cn:s3:::bucket/a', true],
  ['arn:*:s3:*:*:bucket/?', 'arn:aws:s3:::bucket/a', true],
  ['arn:*:bucket/a:::x', 'arn:aws:s3:::bucket/a:::x', false],
  ['arn:aws:s3:*:*:bucket/a', 'arn:aws:s3:bucket/a', false],
  ['arn:aws:s3:*::bucket/a', 'arn:aws:s3:x:y:bucket/a', false],
  ['arn:aws:s?:::bucket/a', 'arn:aws:s3:::bucket/a', true],
  [['arn:aws:s3:::a/*', 'arn:aws:s3:::b/*'], 'arn:aws:s3:::b/x', true],
  [['arn:aws:s3:::a/*', 'arn:aws:s3:::b/*'], 'arn:aws:s3:::c/x', false],
] as const) {
  const told = `Resource ${JSON.stringify(pattern)}`;
  test(`statement - ${told} ${expected ? 'is about' : 'is not about'} ${JSON.stringify(resource)}, and NotResource the opposite`, () => {
    assert.equal(isAllowed(policyOf(allow({ Resource: pattern })), { resource }), expected);
    const negated = { Effect: 'Allow', Action: '*', NotResource: pattern };
    assert.equal(isAllowed(policyOf(negated), { resource }), !expected);
  });
}

test('statement - an explicit denial wins over any number of permissions, wherever it stands', () => {
  assert.equal(outcomeOf(policyOf(allow(), deny(), allow())), 'explicit-deny');
  assert.equal(outcomeOf(policyOf(deny(), allow())), 'explicit-deny');
  assert.equal(outcomeOf(policyOf(allow(), deny({ Action: 's3:PutObject' }))), 'allowed');
  assert.equal(outcomeOf(policyOf(deny({ Action: 's3:PutObject' }))), 'implicit-deny');
});
