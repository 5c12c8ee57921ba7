import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Check, Outcome } from './outcome.ts';
import { formatFailures, formatMatrix, formatReasons, formatTotals } from './report.ts';

function check(column: string, row: string, outcome: Outcome, variant = 'password'): Check {
  return { column, row, variant, outcome };
}

const CHECKS: readonly Check[] = [
  check('sftp', 'list', { kind: 'passed' }),
  check('sftp', 'list', { kind: 'failed', detail: 'two\nlines' }, 'rsa key'),
  check('sftp', 'put', { kind: 'passed' }),
  check('scp', 'list', { kind: 'not applicable', detail: 'scp has no listing' }),
  check('scp', 'list', { kind: 'not applicable', detail: 'scp has no listing' }, 'rsa key'),
  check('scp', 'put', { kind: 'skipped', detail: 'scp is not installed' }),
];

test('matrix - a cell with one failed variant is FAIL', () => {
  assert.equal(
    formatMatrix(CHECKS, ['list', 'put'], ['sftp', 'scp']),
    ['      sftp  scp', 'list  FAIL  n/a', 'put   ok    skip'].join('\n'),
  );
});

test('reasons - variants with the same reason share one line', () => {
  assert.equal(formatReasons(CHECKS, 'not applicable'), 'scp: list – scp has no listing');
});

test('failures - every failed variant is listed with its details indented', () => {
  assert.equal(formatFailures(CHECKS), 'sftp, list (rsa key):\n    two\n    lines');
});

test('totals - checks that do not apply are not counted', () => {
  assert.equal(formatTotals(CHECKS), '2 passed, 1 failed, 1 skipped');
});
