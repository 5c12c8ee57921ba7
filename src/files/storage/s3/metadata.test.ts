import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodedMetadata, encodedMetadata } from './metadata.ts';

test('metadata - any text comes back as it was, and travels as plain ASCII', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      const { name = '' } = encodedMetadata({ name: value });
      assert.match(name, /^[\x20-\x7e]*$/);
      assert.equal(decodedMetadata({ name }).name, value);
    }),
  );
});

test('metadata - plain text is sent as it is', () => {
  assert.deepEqual(encodedMetadata({ a: 'jane@s-1', b: '' }), { a: 'jane@s-1', b: '' });
});

test('metadata - what S3 encoded by itself is read, in either way', () => {
  const written = {
    a: '=?UTF-8?Q?f=C3=BCr_J=2E?=',
    b: '=?utf-8?b?w7w=?= =?UTF-8?B?w7Y=?=',
    c: 'plain =? text',
  };
  assert.deepEqual(decodedMetadata(written), { a: 'für J.', b: 'üö', c: 'plain =? text' });
});
