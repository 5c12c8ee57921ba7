import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Denied, IdentityFault } from '../decision.ts';
import { AwsService } from './aws-service.ts';

const STAYS = new AbortController().signal;

function named(name: string): Error {
  return Object.assign(new Error('a text that may quote anything'), { name });
}

function bench() {
  const clock = { nowMs: 0 };
  const service = new AwsService('Cognito', () => clock.nowMs);
  const codeOf = async (answer: Error | 'yes', signal = STAYS) => {
    try {
      const work = async () => (answer instanceof Error ? Promise.reject(answer) : answer);
      return await service.call(work, signal, (error, name) =>
        error instanceof Error && error.name === 'NotAuthorizedException'
          ? new Denied('BAD_CREDENTIALS')
          : awsFaultOf(error, name),
      );
    } catch (error) {
      assert.ok(error instanceof Denied || error instanceof IdentityFault);
      assert.doesNotMatch(error.message, /quote anything/);
      return error.code;
    }
  };
  return { clock, codeOf };
}

function awsFaultOf(error: unknown, name: string): IdentityFault {
  return new IdentityFault('UPSTREAM_FAILED', `${name}: ${error instanceof Error ? error.name : ''}.`);
}

test('aws service - a storm of its errors suspends it, and one call after the pause brings it back', async () => {
  const { clock, codeOf } = bench();
  for (let i = 0; i < 5; i += 1)
    assert.equal(await codeOf(named('InternalErrorException')), 'UPSTREAM_FAILED');
  assert.equal(await codeOf('yes'), 'UPSTREAM_SUSPENDED');
  clock.nowMs += 10_000;
  assert.equal(await codeOf(named('InternalErrorException')), 'UPSTREAM_FAILED');
  assert.equal(await codeOf('yes'), 'UPSTREAM_SUSPENDED');
  clock.nowMs += 10_000;
  assert.equal(await codeOf('yes'), 'yes');
  assert.equal(await codeOf('yes'), 'yes');
});

test('aws service - wrong passwords do not suspend it', async () => {
  const { codeOf } = bench();
  for (let i = 0; i < 20; i += 1)
    assert.equal(await codeOf(named('NotAuthorizedException')), 'BAD_CREDENTIALS');
  assert.equal(await codeOf('yes'), 'yes');
});

test('aws service - a login that was given up has timed out, whatever the SDK throws, and counts for nothing', async () => {
  const { codeOf } = bench();
  for (let i = 0; i < 9; i += 1)
    assert.equal(await codeOf(named('AbortError'), AbortSignal.abort()), 'UPSTREAM_TIMED_OUT');
  assert.equal(await codeOf('yes'), 'yes');
});
