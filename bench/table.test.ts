import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable, median, type RowResult } from './table.ts';

const RESULT: RowResult = {
  row: 'put',
  metrics: [
    { name: 'MB/s', better: 'higher', decimals: 0 },
    { name: 'CPU s/GB', better: 'lower', decimals: 1 },
  ],
  runs: {
    Ours: [
      [300, 2],
      [100, 4],
      [200, 3],
    ],
    Theirs: [[400, 6]],
  },
  notes: { Theirs: 'gcm' },
};

test('median - is the middle value, or the mean of the middle two', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.throws(() => median([]));
});

test('table - shows medians and the ratio, and marks where the first peer wins', () => {
  assert.equal(
    formatTable([RESULT], ['Ours', 'Theirs']),
    [
      '            Ours  Theirs  Ours/Theirs',
      'put               gcm',
      '  MB/s      200   400     0.50 ×',
      '  CPU s/GB  3.0   6.0     0.50 × (better)',
    ].join('\n'),
  );
});

test('table - a single peer has no ratio', () => {
  assert.equal(
    formatTable([RESULT], ['Theirs']),
    ['            Theirs', 'put         gcm', '  MB/s      400', '  CPU s/GB  6.0'].join('\n'),
  );
});
