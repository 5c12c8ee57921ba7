import assert from 'node:assert/strict';
import test from 'node:test';
import { guidText, sidInDomainOf, sidText } from './sid.ts';
import { sidBytes } from './testing/bench.ts';

test('SID - the binary form becomes the text that everybody knows', () => {
  for (const sid of ['S-1-5-32-545', 'S-1-5-21-3623811015-3361044348-30300820-1013', 'S-1-1-0'])
    assert.equal(sidText(sidBytes(sid)), sid);
});

test('SID - bytes of another length or revision are none', () => {
  assert.equal(sidText(Buffer.alloc(0)), undefined);
  assert.equal(sidText(sidBytes('S-1-5-32-545').subarray(0, 12)), undefined);
  assert.equal(sidText(Buffer.concat([sidBytes('S-1-5-32-545'), Buffer.alloc(1)])), undefined);
  assert.equal(sidText(Buffer.from([2, 0, 0, 0, 0, 0, 0, 5])), undefined);
});

test('SID - the primary group is in the domain of the user', () => {
  assert.equal(sidInDomainOf('S-1-5-21-1-2-3-1105', '513'), 'S-1-5-21-1-2-3-513');
  assert.equal(sidInDomainOf('S-1-5-21-1-2-3-1105', '513)(x=*'), undefined);
});

test('GUID - the first three parts are little endian', () => {
  const bytes = Buffer.from('33221100554477668899aabbccddeeff', 'hex');
  assert.equal(guidText(bytes), '00112233-4455-6677-8899-aabbccddeeff');
});
