import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualPath } from '../files/virtual-path.ts';
import type { Grant } from '../identity/index.ts';
import { compilePolicy } from '../policy/index.ts';
import { sessionLimits } from './session-limits.ts';

const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
const HOME_DIRECTORY = ['$', '{transfer:HomeDirectory}'].join('');
const GRANT: Grant = {
  userName: 'jane',
  role: ROLE,
  home: { type: 'PATH', directory: virtualPath('/bucket/home/jane') },
  publicKeys: [],
};
const document = (Resource: string) => ({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource },
});
const SESSION = { ...GRANT, policy: JSON.stringify(document(`arn:aws:s3:::${HOME_DIRECTORY}/*`)) };
const RESOURCE = 'arn:aws:s3:::bucket/home/jane/a';

function limits(grant: Grant, rolePolicy?: unknown) {
  const role = rolePolicy === undefined ? {} : { policy: compilePolicy(rolePolicy) };
  return sessionLimits({
    grant,
    settings: {
      serverId: 's-0123456789abcdef0',
      domain: 'S3',
      roles: new Map([[ROLE, role]]),
      fileSystems: new Map(),
      accessPoints: new Map(),
    },
    sourceIp: '203.0.113.9',
    sessionId: '0123456789abcdef',
  });
}

test('limits - without policies there is no guard', () => {
  assert.deepEqual(limits(GRANT), { outcome: 'ready' });
});

test('limits - the session policy is about the home of the user, and goes to storages with its variables replaced', () => {
  const limited = limits(SESSION);
  assert.ok(limited.outcome === 'ready' && limited.guard !== undefined);
  assert.ok(limited.guard.access.allows([[{ action: 's3:GetObject', resource: RESOURCE }]]));
  assert.ok(
    !limited.guard.access.allows([[{ action: 's3:GetObject', resource: RESOURCE.replace('jane', 'bob') }]]),
  );
  assert.deepEqual(JSON.parse(limited.sessionPolicy ?? ''), document('arn:aws:s3:::bucket/home/jane/*'));
});

test('limits - a role policy alone gives a guard, and no session policy to hand on', () => {
  const limited = limits(GRANT, document('arn:aws:s3:::other/*'));
  assert.ok(limited.outcome === 'ready' && limited.guard !== undefined);
  assert.equal(limited.sessionPolicy, undefined);
  assert.ok(!limited.guard.access.allows([[{ action: 's3:GetObject', resource: RESOURCE }]]));
});

for (const [what, grant] of Object.entries({
  'an unknown element': { ...GRANT, policy: '{"Version":"2012-10-17","Statement":{"Efect":"Allow"}}' },
  'an unknown condition operator': {
    ...GRANT,
    policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Action: 's3:*',
        Resource: '*',
        Condition: { StringAlmost: { 's3:prefix': 'a' } },
      },
    }),
  },
  'a home variable in a LOGICAL home': {
    ...SESSION,
    home: {
      type: 'LOGICAL',
      directory: virtualPath('/'),
      mappings: [{ entry: virtualPath('/'), target: virtualPath('/bucket/jane'), type: 'DIRECTORY' }],
    },
  },
} satisfies Record<string, Grant>)) {
  test(`limits - ${what} in a session policy refuses the login and says where`, () => {
    const refusal = limits(grant);
    assert.ok(refusal.outcome === 'refused');
    assert.equal(refusal.code, 'SESSION_POLICY_UNUSABLE');
    assert.match(refusal.reason, /^session policy: Statement/);
  });
}
