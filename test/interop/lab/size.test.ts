import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSize, parseSize } from './size.ts';

test('size - units are powers of 1024', () => {
  assert.equal(parseSize('1G'), 1_073_741_824);
  assert.equal(parseSize('64M'), 67_108_864);
  assert.equal(parseSize('17'), 17);
});

test('size - anything else is refused', () => {
  for (const text of ['', 'G', '1T', '-1', '1.5G', ' 1G']) assert.throws(() => parseSize(text), /is no size/);
});

test('size - is shown in the largest unit that fits', () => {
  assert.equal(formatSize(1_073_741_824), '1 GiB');
  assert.equal(formatSize(1_610_612_736), '1.5 GiB');
  assert.equal(formatSize(512), '512 B');
});
