import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainAddress } from './sftp-endpoint.ts';

test('source address - an IPv4 client of a dual-stack socket is shown as IPv4, all others as they are', () => {
  assert.equal(plainAddress('::ffff:203.0.113.9'), '203.0.113.9');
  assert.equal(plainAddress('203.0.113.9'), '203.0.113.9');
  assert.equal(plainAddress('2001:db8::ffff:1'), '2001:db8::ffff:1');
  assert.equal(plainAddress(undefined), undefined);
});
