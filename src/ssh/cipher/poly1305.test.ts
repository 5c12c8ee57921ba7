import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poly1305 } from './poly1305.ts';

/** RFC 8439, section 2.5.2 and the carries and reductions of appendix A.3 (vectors 7 to 11). */
const VECTORS: readonly (readonly [what: string, key: string, message: string, tag: string])[] = [
  [
    'a text',
    '85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b',
    Buffer.from('Cryptographic Forum Research Group').toString('hex'),
    'a8061dc1305136c6c22b8baf0c0127a9',
  ],
  ['2^130 - 5 is reduced', `02${'00'.repeat(31)}`, 'ff'.repeat(16), `03${'00'.repeat(15)}`],
  [
    'the sum with s overflows',
    `02${'00'.repeat(15)}${'ff'.repeat(16)}`,
    `02${'00'.repeat(15)}`,
    `03${'00'.repeat(15)}`,
  ],
  [
    'data comes to the modulus',
    `01${'00'.repeat(31)}`,
    `${'ff'.repeat(16)}f0${'ff'.repeat(15)}11${'00'.repeat(15)}`,
    `05${'00'.repeat(15)}`,
  ],
  [
    'the result is zero',
    `01${'00'.repeat(31)}`,
    `${'ff'.repeat(16)}fb${'fe'.repeat(15)}${'01'.repeat(16)}`,
    '00'.repeat(16),
  ],
  ['the result is near to 2^128', `02${'00'.repeat(31)}`, `fd${'ff'.repeat(15)}`, `fa${'ff'.repeat(15)}`],
];

for (const [what, key, message, tag] of VECTORS) {
  test(`poly1305 - published vector: ${what}`, () => {
    const bytes = Buffer.from(message, 'hex');
    assert.equal(poly1305(Buffer.from(key, 'hex'), [bytes]).toString('hex'), tag);
    const parts = [bytes.subarray(0, 4), bytes.subarray(4)];
    assert.equal(poly1305(Buffer.from(key, 'hex'), parts).toString('hex'), tag);
  });
}
