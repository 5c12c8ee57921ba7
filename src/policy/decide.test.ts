import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from './compile.ts';
import { decide, type NamedPolicy, verdicts } from './decide.ts';
import { contextOf } from './testing/context.ts';
import { benchDecisions } from './testing/decision-bench.ts';
import { allow, deny, policyOf } from './testing/sample.ts';

const REQUEST = { action: 's3:GetObject', resource: 'arn:aws:s3:::bucket/a', context: contextOf() };

function named(name: string, ...statements: Parameters<typeof policyOf>): NamedPolicy {
  return { name, policy: compilePolicy(policyOf(...statements)) };
}

const ALLOWS = named(
  'allows',
  allow({ Action: 's3:PutObject' }),
  allow({ Sid: 'Second' }),
  allow({ Sid: 'Third' }),
);
const DENIES = named('denies', allow(), deny());
const SILENT = named('silent', allow({ Action: 's3:PutObject' }));

test('decide - no policies allow nothing', () => {
  assert.deepEqual(decide([], REQUEST), { outcome: 'implicit-deny' });
  assert.deepEqual(verdicts([], REQUEST), []);
});

test('decide - a permission names the first statement that allows, of the last policy', () => {
  const statement = { policy: 'allows', index: 1, sid: 'Second' };
  assert.deepEqual(decide([named('other', allow()), ALLOWS], REQUEST), {
    outcome: 'allowed',
    decidedBy: { policy: 'allows', outcome: 'allowed', statement },
  });
});

test('decide - the first policy that does not allow is named without a statement', () => {
  assert.deepEqual(decide([ALLOWS, SILENT, named('silent too', deny({ Action: 's3:PutObject' }))], REQUEST), {
    outcome: 'implicit-deny',
    decidedBy: { policy: 'silent', outcome: 'implicit-deny' },
  });
});

test('decide - an explicit denial wins over a policy that is silent before it', () => {
  assert.deepEqual(decide([SILENT, ALLOWS, DENIES], REQUEST), {
    outcome: 'explicit-deny',
    decidedBy: { policy: 'denies', outcome: 'explicit-deny', statement: { policy: 'denies', index: 1 } },
  });
});

test('verdicts - every policy speaks for itself, in order', () => {
  assert.deepEqual(
    verdicts([SILENT, DENIES, ALLOWS], REQUEST).map(({ policy, outcome }) => [policy, outcome]),
    [
      ['silent', 'implicit-deny'],
      ['denies', 'explicit-deny'],
      ['allows', 'allowed'],
    ],
  );
});

test('decide - the benchmark decides as it says', () => {
  assert.ok(benchDecisions(1_000).microsecondsPerDecision > 0);
});
