import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PASSWORD } from '../testing/provider-bench.ts';
import { ERROR_CLASSES, refusalOf } from './error-classes.ts';
import { EntraBench } from './testing/bench.ts';

for (const { meaning, numbers } of ERROR_CLASSES) {
  const code = 'denial' in meaning ? meaning.denial : meaning.fault;
  test(`entra - ${numbers.map((number) => `AADSTS${number}`).join(', ')} is ${code}`, async () => {
    await using bench = await EntraBench.start();
    for (const number of numbers)
      await bench.assertRefused(bench.password(PASSWORD, { userName: `aadsts${number}` }), code);
  });
}

test('entra - every number stands for one class only', () => {
  const numbers = ERROR_CLASSES.flatMap((each) => each.numbers);
  assert.equal(new Set(numbers).size, numbers.length);
});

const answerWith = (json: unknown, status = 400) => ({ status, json, text: '', headers: new Headers() });

test('entra - an unknown number leaves the word to OAuth’s error', () => {
  const code = (json: unknown, status?: number) => refusalOf(answerWith(json, status)).code;
  assert.equal(code({ error: 'invalid_grant', error_codes: [1234567] }), 'BAD_CREDENTIALS');
  assert.equal(code({ error: 'interaction_required' }), 'MFA_REQUIRED');
  assert.equal(code({ error: 'invalid_client' }, 401), 'CONFIGURATION_INVALID');
  assert.equal(code({ error: 'temporarily_unavailable' }), 'UPSTREAM_FAILED');
  assert.equal(code('<html>', 403), 'UPSTREAM_ANSWER_INVALID');
  assert.equal(code({ error: 'invalid_grant' }, 429), 'THROTTLED');
});

test('entra - the number may stand in the description alone, or come after others', () => {
  const described = {
    error: 'invalid_grant',
    error_description: 'AADSTS50057: The user account is disabled.',
  };
  assert.equal(refusalOf(answerWith(described)).code, 'ACCOUNT_DISABLED');
  const listed = { error: 'invalid_grant', error_codes: [1, 50055] };
  assert.equal(refusalOf(answerWith(listed)).code, 'PASSWORD_EXPIRED');
});

test('entra - descriptions are never repeated', () => {
  const text = 'AADSTS50126: canary-5d0e for jdoe@contoso.example';
  const refusal = refusalOf(answerWith({ error: 'canary-5d0e', error_description: text }));
  assert.ok(!refusal.message.includes('canary'));
  assert.ok(!refusal.message.includes('jdoe'));
});

test('entra - any answer that is no success is a refusal', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.jsonValue(),
      fc.integer({ min: 201, max: 499 }),
      (error, codes, status) => {
        const refusal = refusalOf(
          answerWith({ error, error_codes: codes, error_description: error }, status),
        );
        assert.ok(refusal instanceof Error);
      },
    ),
  );
});
