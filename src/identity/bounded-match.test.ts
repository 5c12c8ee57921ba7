import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedMatch } from './bounded-match.ts';

/** Doubles its time with every letter. */
const EXPONENTIAL = /^(?:([a-z]+\.?)+)$/v;

test('bounded match - says what the pattern says', () => {
  const match = new BoundedMatch();
  assert.equal(match.test(EXPONENTIAL, 'jane.doe', 'pattern'), true);
  assert.equal(match.test(EXPONENTIAL, 'jane-doe', 'pattern'), false);
  assert.equal(match.test(/^(?:j)/u, 'jane-doe', 'pattern'), true);
});

test('bounded match - a pattern that takes too long is a fault, and the next text is tried again', () => {
  const match = new BoundedMatch();
  const beganAtMs = performance.now();
  assert.throws(() => match.test(EXPONENTIAL, `${'a'.repeat(60)}-`, 'rule 7'), {
    code: 'CONFIGURATION_INVALID',
    message: /rule 7/,
  });
  assert.ok(performance.now() - beganAtMs < 2000);
  assert.equal(match.test(EXPONENTIAL, 'jane.doe', 'rule 7'), true);
});
