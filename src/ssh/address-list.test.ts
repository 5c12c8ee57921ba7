import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressList, AddressListError } from './address-list.ts';

test('address list - IPv4 and IPv6, alone and as networks', () => {
  const list = AddressList.parse('10.0.0.0/8,192.0.2.1,2001:db8::/32,::1');
  for (const address of ['10.255.0.1', '192.0.2.1', '2001:db8:1::1', '::1'])
    assert.ok(list.includes(address), address);
  for (const address of ['11.0.0.1', '192.0.2.2', '2001:db9::1', '::2'])
    assert.ok(!list.includes(address), address);
});

test('address list - an IPv4 client of a dual-stack socket is that IPv4 client', () => {
  const list = AddressList.parse('192.0.2.0/24');
  assert.ok(list.includes('::ffff:192.0.2.9'));
  assert.ok(!list.includes('::ffff:198.51.100.9'));
});

test('address list - a zone does not matter', () => {
  assert.ok(AddressList.parse('fe80::/10').includes('fe80::1%eth0'));
});

test('address list - an empty list, and a client without an address, match nothing', () => {
  assert.ok(!AddressList.parse('').includes('192.0.2.1'));
  assert.ok(!AddressList.parse('0.0.0.0/0,::/0').includes('unknown'));
  assert.ok(!AddressList.parse('0.0.0.0/0,::/0').includes(''));
});

test('address list - everything of one version is not everything of the other', () => {
  assert.ok(!AddressList.parse('0.0.0.0/0').includes('::1'));
  assert.ok(!AddressList.parse('::/0').includes('192.0.2.1'));
});

for (const text of [
  '10.0.0.0/33',
  '::/129',
  'host',
  '10.0.0.0/8,',
  ',',
  '10.0.0',
  '10.0.0.1/',
  ' 10.0.0.1',
  '!10.0.0.1',
  '10.0.0.*',
  '::ffff:10.0.0.1',
  '::FFFF:a00:1',
  '0:0:0:0:0:ffff:10.0.0.0/104',
]) {
  test(`address list - ${JSON.stringify(text)} is refused, not skipped`, () => {
    assert.throws(() => AddressList.parse(text), AddressListError);
  });
}

test('address list - what is excepted is out, also inside of a network that is in', () => {
  const list = AddressList.parsePatterns('10.0.0.0/8,!10.1.0.0/16');
  assert.ok(list.includes('10.2.0.1'));
  assert.ok(!list.includes('10.1.0.1'));
});

test('address list - arbitrary text gives a list or AddressListError and nothing else', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:./,!]{0,40}$/)), (text) => {
      try {
        AddressList.parsePatterns(text).includes('192.0.2.1');
      } catch (error) {
        assert.ok(error instanceof AddressListError);
      }
    }),
  );
});
