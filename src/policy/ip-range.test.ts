import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpRange } from './ip-range.ts';

for (const [range, address, expected] of [
  ['203.0.113.7', '203.0.113.7', true],
  ['203.0.113.7', '203.0.113.8', false],
  ['203.0.113.0/24', '203.0.113.255', true],
  ['203.0.113.0/24', '203.0.114.0', false],
  ['203.0.113.77/24', '203.0.113.1', true],
  ['10.0.0.0/9', '10.127.255.255', true],
  ['10.0.0.0/9', '10.128.0.0', false],
  ['0.0.0.0/0', '255.255.255.255', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['::/0', '2001:db8::1', true],
  ['::/0', '203.0.113.7', false],
  ['2001:db8::/32', '2001:DB8:ffff::1', true],
  ['2001:db8::/33', '2001:db8:8000::1', false],
  ['2001:db8::1', '2001:0db8:0:0:0:0:0:1', true],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:7', false],
  ['203.0.113.0/24', '::ffff:203.0.113.9', true],
  ['203.0.113.0/24', '::ffff:cb00:7109', true],
  ['::ffff:203.0.113.0/120', '203.0.113.9', true],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['203.0.113.0/24', 'not an address', false],
  ['203.0.113.0/24', '', false],
] as const) {
  test(`ip range - ${range} ${expected ? 'holds' : 'does not hold'} ${JSON.stringify(address)}`, () => {
    assert.equal(IpRange.parse(range)?.contains(address), expected);
  });
}

for (const text of [
  '',
  '*',
  '203.0.113',
  '203.0.113.256',
  '0203.0.113.1',
  '203.0.113.0/33',
  '203.0.113.0/',
  '203.0.113.0/024',
  '203.0.113.0/-1',
  '203.0.113.0/24/8',
  '2001:db8::/129',
  '2001::db8::1',
  'fe80::1%eth0',
  'example.com',
]) {
  test(`ip range - ${JSON.stringify(text)} is none`, () => assert.equal(IpRange.parse(text), undefined));
}
