import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, type RowResult } from './result.ts';
import { formatAbsences, formatMarkdown, formatTable, type TableFrame } from './table.ts';

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
  absent: { Others: 'not installed' },
};
const FRAME: TableFrame = {
  peers: ['Ours', 'Others', 'Theirs'],
  measured: 'Ours',
  measure: 'Theirs',
  goals: [{ row: 'put', metric: 'CPU s/GB', against: 'Theirs', bound: { atMost: 0.8 } }],
};

test('median - is the middle value, or the mean of the middle two', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.throws(() => median([]));
});

test('table - shows medians, the ratio against the measure, and the goal', () => {
  assert.equal(
    formatTable([RESULT], FRAME),
    [
      '            Ours  Others  Theirs  Ours/Theirs  goal',
      'put                       gcm',
      '  MB/s      200   -       400     0.50 ×',
      '  CPU s/GB  3.0   -       6.0     0.50 ×       ≤ 0.8 × Theirs met',
    ].join('\n'),
  );
});

test('table - without the measure there is no ratio, and the goal is not measured', () => {
  assert.equal(
    formatTable([{ ...RESULT, runs: { Ours: [[1, 2]] } }], { ...FRAME, peers: ['Ours'] }),
    [
      '            Ours  Ours/Theirs  goal',
      'put',
      '  MB/s      1     -',
      '  CPU s/GB  2.0   -            ≤ 0.8 × Theirs not measured',
    ].join('\n'),
  );
});

test('table - as Markdown the row is named once, notes follow', () => {
  assert.equal(
    formatMarkdown([RESULT], FRAME),
    [
      '| row |  | Ours | Others | Theirs | Ours/Theirs | goal |',
      '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
      '| put | MB/s | 200 | - | 400 | 0.50 × |  |',
      '|  | CPU s/GB | 3.0 | - | 6.0 | 0.50 × | ≤ 0.8 × Theirs met |',
      '',
      '- put, Theirs: gcm',
    ].join('\n'),
  );
});

test('table - says why a peer is missing in a row', () => {
  assert.equal(formatAbsences([RESULT]), 'put: Others is absent: not installed');
});
