import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNetwork, Networks } from './networks.ts';

test('networks - addresses and networks of both families hold their own', () => {
  const networks = new Networks(['192.0.2.0/24', '203.0.113.9', '2001:db8::/32', '10.0.0.77/8']);
  for (const inside of ['192.0.2.1', '203.0.113.9', '2001:db8:1::1', '2001:0DB8::0001', '10.255.0.1'])
    assert.ok(networks.includes(inside), inside);
  for (const outside of ['192.0.3.1', '203.0.113.8', '2001:db9::1', '11.0.0.1'])
    assert.ok(!networks.includes(outside), outside);
});

test('networks - IPv4 written as IPv6 is IPv4, in clients and in lists', () => {
  for (const list of ['192.0.2.0/24', '::ffff:192.0.2.0/120', '::ffff:c000:200/120']) {
    const networks = new Networks([list]);
    for (const client of ['192.0.2.7', '::ffff:192.0.2.7', '::ffff:c000:207', '0:0:0:0:0:FFFF:C000:0207'])
      assert.ok(networks.includes(client), `${list} ${client}`);
    assert.ok(!networks.includes('::ffff:192.0.3.7'));
  }
});

test('networks - a prefix of no bits holds its whole family, and only that', () => {
  assert.ok(new Networks(['0.0.0.0/0']).includes('198.51.100.1'));
  assert.ok(!new Networks(['0.0.0.0/0']).includes('2001:db8::1'));
  assert.ok(new Networks(['::/0']).includes('2001:db8::1'));
  assert.ok(!new Networks(['::/0']).includes('198.51.100.1'));
  assert.ok(!new Networks(['::/0']).includes('::ffff:198.51.100.1'));
});

test('networks - the zone of a link-local client does not matter', () => {
  assert.ok(new Networks(['fe80::/10']).includes('fe80::1%eth0'));
});

test('networks - an empty list and what is no address hold nobody', () => {
  assert.ok(!new Networks([]).includes('192.0.2.1'));
  for (const text of ['', 'host', '192.0.2', '192.0.2.1 ', '1.2.3.4.5', '0x7f.1'])
    assert.ok(!new Networks(['0.0.0.0/0', '::/0']).includes(text), text);
});

test('networks - malformed networks are told', () => {
  for (const text of [
    '',
    'any',
    '192.0.2.0/33',
    '192.0.2.0/',
    '192.0.2.0/-1',
    '2001:db8::/129',
    '192.0.2.0/24/1',
    'fe80::1%eth0',
    '300.1.1.1',
    '1.2.3.4/ 8',
  ]) {
    assert.ok(!isNetwork(text), text);
    assert.throws(() => new Networks([text]), TypeError);
  }
});
