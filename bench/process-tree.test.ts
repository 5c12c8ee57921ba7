import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ProcessStat,
  parsePeakBytes,
  parseProportionalBytes,
  parseStat,
  selectTree,
} from './process-tree.ts';

const NUMBERS = '4 4 0 -1 4194560 10 20 0 0 150 50 30 20 20 0 7 0 1000 200000 300';

test('process stat - own and reaped CPU time are added up', () => {
  assert.deepEqual(parseStat(`42 (sshd) S 7 ${NUMBERS}`), { processId: 42, parentId: 7, cpuSeconds: 2.5 });
});

test('process stat - a name with spaces and parentheses does not shift the fields', () => {
  assert.equal(parseStat(`42 (a) b) (c) S 7 ${NUMBERS}`).parentId, 7);
});

test('process stat - anything else is refused', () => {
  for (const text of ['', '42', '42 (sshd)', 'x (sshd) S 7 1']) assert.throws(() => parseStat(text));
});

test('process status - the peak is read in bytes, 0 for a kernel thread', () => {
  assert.equal(parsePeakBytes('VmPeak:\t  900 kB\nVmHWM:\t   123 kB\nVmRSS:\t 50 kB\n'), 125_952);
  assert.equal(parsePeakBytes('Name:\tkthreadd\n'), 0);
});

test('process maps - the proportional size is read in bytes, 0 for a process that has gone', () => {
  const text =
    '5581-7ffc ---p 00000000 00:00 0    [rollup]\nRss:   4012 kB\nPss:   2000 kB\nPss_Dirty:  900 kB\n';
  assert.equal(parseProportionalBytes(text), 2_048_000);
  assert.equal(parseProportionalBytes(''), 0);
});

test('process tree - holds children and grandchildren of the root, and nobody else', () => {
  const stat = (processId: number, parentId: number): ProcessStat => ({ processId, parentId, cpuSeconds: 0 });
  const stats = [stat(1, 0), stat(10, 1), stat(11, 10), stat(12, 11), stat(20, 1)];
  const ids = selectTree(stats, 10).map(({ processId }) => processId);
  assert.deepEqual(ids.sort(), [10, 11, 12]);
  assert.deepEqual(selectTree(stats, 99), []);
});
