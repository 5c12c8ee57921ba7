import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lintMappingItem } from './lint.ts';
import { ROLE } from './testing/people.ts';

const item = {
  Role: ROLE,
  HomeDirectoryDetails: [{ Entry: '/', Target: '/fs-0123456789abcdef0/${user:local-name}' }],
  PosixProfile: { Uid: 2030, Gid: 2030 },
};

test('mapping lint - an item of origin 000 has no problems', () => {
  assert.deepEqual(lintMappingItem(item), []);
});

test('mapping lint - variables that there are not are told, as is what cannot be read', () => {
  const found = (changes: object) => lintMappingItem({ ...item, ...changes }).map(({ severity }) => severity);
  assert.deepEqual(found({ HomeDirectoryDetails: [{ Entry: '/', Target: '/fs-1/${user:nmae}' }] }), [
    'error',
  ]);
  assert.deepEqual(found({ PosixProfile: { Uid: 'x', Gid: 1 } }), ['error']);
});
