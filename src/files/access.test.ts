import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../policy/index.ts';
import { AccessDenied, type AccessRequest, SessionAccess } from './access.ts';
import { FileError } from './error.ts';
import { PRINCIPAL, policyOf, ROLE, type Statement } from './testing/policy-fixture.ts';

const REQUEST: AccessRequest = { action: 's3:GetObject', resource: 'arn:aws:s3:::bucket/a' };
const NOW_MS = Date.UTC(2026, 10, 21, 12);

function access(rolePolicy: unknown, sessionPolicy?: unknown): SessionAccess {
  const made = SessionAccess.from({
    principal: PRINCIPAL,
    rolePolicy: compilePolicy(rolePolicy),
    ...(sessionPolicy === undefined ? {} : { sessionPolicy: compilePolicy(sessionPolicy) }),
    nowMs: () => NOW_MS,
  });
  return made ?? assert.fail();
}

const allow = (Condition?: NonNullable<Statement['Condition']>): unknown =>
  policyOf({
    Sid: 'Some',
    Effect: 'Allow',
    Action: 's3:*',
    Resource: '*',
    ...(Condition === undefined ? {} : { Condition }),
  });

test('access - without any policy there is nothing to ask', () => {
  assert.equal(SessionAccess.from({ principal: PRINCIPAL }), undefined);
});

test('access - a session policy alone limits a role that may do everything', () => {
  const sessionPolicy = compilePolicy(policyOf({ Effect: 'Allow', Action: 's3:PutObject', Resource: '*' }));
  const made = SessionAccess.from({ principal: PRINCIPAL, sessionPolicy });
  assert.equal(made?.allows([[REQUEST]]), false);
  assert.equal(made?.allows([[{ ...REQUEST, action: 's3:PutObject' }]]), true);
});

test('access - role and session have to allow, and the one that does not is named', () => {
  const both = access(allow(), policyOf({ Effect: 'Allow', Action: 's3:PutObject', Resource: '*' }));
  assert.throws(
    () => both.check([[REQUEST]]),
    (error) => {
      assert.ok(error instanceof FileError && error.cause instanceof AccessDenied);
      assert.equal(error.message, 'permission denied', 'the client learns nothing of policies');
      const { message, action, resource, policy, outcome, statement } = error.cause;
      assert.equal(
        message,
        's3:GetObject on arn:aws:s3:::bucket/a is denied: no statement of the session policy allows it',
      );
      assert.deepEqual(
        { action, resource, policy, outcome, statement },
        { ...REQUEST, policy: 'session', outcome: 'implicit-deny', statement: undefined },
      );
      return true;
    },
  );
  assert.deepEqual(
    both.verdicts(REQUEST).map(({ policy, outcome }) => [policy, outcome]),
    [
      ['role', 'allowed'],
      ['session', 'implicit-deny'],
    ],
  );
});

test('access - one of the ways is enough, all of the needs are needed', () => {
  const one = access(policyOf({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }));
  const put = { ...REQUEST, action: 's3:PutObject' };
  assert.equal(one.allows([[put, REQUEST]]), true);
  assert.equal(one.allows([[put], [REQUEST]]), false);
  assert.equal(one.allows([]), true);
});

const CONDITIONS: Readonly<Record<string, Record<string, string>>> = {
  IpAddress: { 'aws:SourceIp': '203.0.113.0/24' },
  Bool: {
    'aws:SecureTransport': 'true',
    'aws:ViaAWSService': 'false',
    'aws:PrincipalIsAWSService': 'false',
    'aws:MultiFactorAuthPresent': 'false',
  },
  DateEquals: { 'aws:TokenIssueTime': '2026-11-21T12:00:00Z' },
  ArnEquals: { 'aws:PrincipalArn': ROLE },
  StringEquals: {
    'aws:PrincipalType': 'AssumedRole',
    'aws:PrincipalAccount': '000000000000',
    'aws:userid': 'transfer-user:jane.0123456789abcdef@s-0123456789abcdef0',
  },
  Null: { 'aws:username': 'true', 'transfer:UserName': 'true' },
  DateLessThan: { 'aws:CurrentTime': '2026-11-21T12:00:01Z' },
  DateGreaterThan: { 'aws:CurrentTime': '2026-11-21T11:59:59Z' },
  NumericEquals: { 'aws:EpochTime': String(NOW_MS / 1000) },
};
for (const [operator, keys] of Object.entries(CONDITIONS)) {
  for (const [key, value] of Object.entries(keys)) {
    test(`access - a session has ${key}: ${operator} ${value}`, () => {
      assert.equal(access(allow({ [operator]: { [key]: value } })).allows([[REQUEST]]), true);
    });
  }
}

test('access - the keys of one request are not those of the next', () => {
  const prefixed = access(allow({ StringEquals: { 's3:prefix': 'a/' } }));
  const keys = new Map([['s3:prefix', 'a/']]);
  assert.equal(prefixed.allows([[{ ...REQUEST, keys }]]), true);
  assert.equal(prefixed.allows([[REQUEST]]), false);
});

test('access - a key of the request cannot stand in for one of the session', () => {
  const keys = new Map([['aws:sourceip', '198.51.100.1']]);
  const byAddress = access(allow({ IpAddress: { 'aws:SourceIp': '198.51.100.1' } }));
  assert.equal(byAddress.allows([[{ ...REQUEST, keys }]]), false);
});
