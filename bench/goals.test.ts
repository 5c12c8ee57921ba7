import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatJudgement, type Goal, judge } from './goals.ts';
import type { RowResult } from './result.ts';
import { SUITES } from './suites.ts';

const RESULT: RowResult = {
  row: 'put, 1 stream, aes',
  metrics: [
    { name: 'MB/s', better: 'higher', decimals: 0 },
    { name: 'CPU', better: 'lower', decimals: 1 },
  ],
  runs: { Ours: [[240, 0.5]], OpenSSH: [[200, 1]] },
  notes: {},
  absent: {},
};
const SPEED: Goal = { row: 'put', metric: 'MB/s', against: 'OpenSSH', bound: { atLeast: 1.2 } };
const COST: Goal = { row: 'put', metric: 'CPU', bound: { atMost: 0.4 } };

function judged(goals: readonly Goal[], metricIndex: number): readonly string[] {
  return judge(goals, RESULT, metricIndex, 'Ours').map(formatJudgement);
}

test('goal - a ratio that equals the bound meets it', () => {
  assert.deepEqual(judged([SPEED], 0), ['≥ 1.2 × met']);
});

test('goal - without a peer the figure itself is judged', () => {
  assert.deepEqual(judged([COST], 1), ['≤ 0.4 missed']);
});

test('goal - is not measured where the peer is missing', () => {
  assert.deepEqual(judged([{ ...SPEED, against: 'rclone' }], 0), ['≥ 1.2 × rclone not measured']);
});

test('goal - says nothing about other rows and metrics', () => {
  assert.deepEqual(judged([{ ...SPEED, row: 'get' }, COST], 0), []);
});

test('goal - every goal has a row, a metric and a peer in its suite', () => {
  for (const [name, suite] of Object.entries(SUITES)) {
    for (const goal of suite.goals) {
      const rows = suite.rows.filter((row) => row.name.startsWith(goal.row));
      assert.ok(rows.length > 0, `${name}: ${goal.row}`);
      for (const row of rows)
        assert.ok(
          row.metrics.some((metric) => metric.name === goal.metric),
          row.name,
        );
      assert.ok(goal.against === undefined || suite.peers.some((peer) => peer.name === goal.against));
    }
  }
});
