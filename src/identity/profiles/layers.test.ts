import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpRange } from '../../policy/ip-range.ts';
import type { UserRecord } from '../records/record.ts';
import { EMPTY_RECORD, layRecords } from './layers.ts';
import { commonNetworks } from './networks.ts';
import { ROLE } from './testing/people.ts';

const lay = (...records: readonly Partial<UserRecord>[]) =>
  layRecords(
    records.map((record, index) => ({ name: `layer ${index}`, record: { ...EMPTY_RECORD, ...record } })),
  );

test('layers - nothing at all is a record that says nothing', () => {
  assert.deepEqual(lay().record, EMPTY_RECORD);
});

test('layers - the more personal one wins for each member', () => {
  const profile = { uid: 1, gid: 1, secondaryGids: [] };
  const { record } = lay(
    { session: { role: ROLE, policy: '{}', posixProfile: profile } },
    { session: { role: `${ROLE}-own` } },
  );
  assert.deepEqual(record.session, { role: `${ROLE}-own`, policy: '{}', posixProfile: profile });
});

test('layers - a home is inherited as a whole', () => {
  const { record } = lay(
    {
      session: { home: { type: 'LOGICAL', directory: '/in', details: [{ Entry: '/in', Target: '/b/in' }] } },
    },
    { session: { home: { type: 'PATH', directory: '/b/jdoe' } } },
  );
  assert.deepEqual(record.session.home, { type: 'PATH', directory: '/b/jdoe' });
});

test('layers - conditions hold together, whichever layer is the more personal', () => {
  const strict: Partial<UserRecord> = {
    enabled: false,
    validFromMs: 20,
    validToMs: 30,
    protocols: ['SFTP'],
    serverIds: ['a'],
    sourceNetworks: ['10.1.0.0/16'],
  };
  const open: Partial<UserRecord> = {
    validFromMs: 10,
    validToMs: 40,
    protocols: ['FTP', 'SFTP'],
    serverIds: ['a', 'b'],
    sourceNetworks: ['10.0.0.0/8', '2001:db8::/32'],
  };
  for (const { record } of [
    lay(strict, open),
    lay(open, strict),
    lay({}, strict, open),
    lay(strict, {}, open),
  ]) {
    assert.deepEqual(record, { ...EMPTY_RECORD, ...strict });
  }
});

test('layers - conditions that exclude each other let nobody in', () => {
  const { record } = lay(
    { protocols: ['SFTP'], sourceNetworks: ['10.0.0.0/8'] },
    { protocols: ['FTP'], sourceNetworks: ['192.0.2.0/24'] },
  );
  assert.deepEqual([record.protocols, record.sourceNetworks], [[], []]);
});

test('layers - keys of all layers are good', () => {
  const { record } = lay({ publicKeys: [{ line: 'a' }] }, {}, { publicKeys: [{ line: 'b' }] });
  assert.deepEqual(record.publicKeys, [{ line: 'a' }, { line: 'b' }]);
});

test('layers - each member is told with where it is from', () => {
  const { origins } = lay(
    { session: { role: ROLE, policy: '{}' }, publicKeys: [{ line: 'a' }] },
    { session: { role: ROLE }, publicKeys: [{ line: 'b' }] },
  );
  assert.deepEqual(Object.fromEntries(origins), {
    Role: ['layer 1'],
    Policy: ['layer 0'],
    PublicKeys: ['layer 0', 'layer 1'],
  });
});

test('networks - an address is in what two lists have in common exactly if it is in both', () => {
  const octet = fc.constantFrom(0, 1, 10, 128);
  const address = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));
  const network = fc
    .tuple(
      fc.constantFrom('10.0.0.0', '10.1.0.0', '0.0.0.0', '128.10.0.1', '::', '2001:db8::'),
      fc.constantFrom(0, 8, 9, 16, 32),
    )
    .map(([base, bits]) => `${base}/${bits}`);
  const isIn = (list: readonly string[], ip: string) =>
    list.some((text) => IpRange.parse(text)?.contains(ip));
  fc.assert(
    fc.property(fc.array(network), fc.array(network), address, (left, right, ip) => {
      assert.equal(isIn(commonNetworks(left, right), ip), isIn(left, ip) && isIn(right, ip));
    }),
  );
});

test('networks - an IPv4-mapped network is the IPv4 one, and what cannot be read is nothing', () => {
  assert.deepEqual(commonNetworks(['::ffff:10.1.0.0/112'], ['10.0.0.0/8']), ['::ffff:10.1.0.0/112']);
  assert.deepEqual(commonNetworks(['10.0.0.0/8'], ['everywhere']), []);
  assert.deepEqual(commonNetworks(['10.0.0.1'], ['10.0.0.0/8']), ['10.0.0.1']);
});
