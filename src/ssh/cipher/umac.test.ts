import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  blockWithL1Hash,
  l1Hash,
  l1KeyWords,
  l2Key,
  P64,
  polynomial,
  umac128ByDefinition,
} from '../testing/umac-definition.ts';
import { Umac } from './umac.ts';

const key = Buffer.from('abcdefghijklmnop');
const nonce = Buffer.from('bcdefghi');

/** RFC 4418, appendix; it has no tags of 128 bits, but their first 96: the last 32 bits are those of nettle and OpenSSH. */
const VECTORS: readonly (readonly [unit: string, count: number, umac64: string, umac128: string])[] = [
  ['', 0, '6e155fad26900be1', '32fedb100c79ad58f07ff7643cc60465'],
  ['a', 3, '44b5cb542f220104', '185e4fe905cba7bd85e4c2dc3d117d8d'],
  ['a', 2 ** 10, '26bf2f5d60118bd9', '7a54abe04af82d60fb298c3cbd195bcb'],
  ['a', 2 ** 15, '27f8ef643b0d118d', '7b136bd911e4b734286ef2be501f2c3c'],
  ['a', 2 ** 20, 'a4477e87e9f55853', 'f8acfa3ac31cfeea047f7b115b03bef5'],
  ['abc', 1, 'd4d7b9f6bd4fbfcf', '883c3d4b97a61976ffcf232308cba5a5'],
  ['abc', 500, 'd4cf26ddefd5c01a', '8824a260c53c66a36c9260a62cb83aa1'],
];

for (const [unit, count, umac64, umac128] of VECTORS) {
  test(`umac - '${unit}' times ${count} has the published tags`, () => {
    const message = [Buffer.from(unit.repeat(count))];
    assert.equal(new Umac(key, 8).tag(nonce, message).toString('hex'), umac64);
    assert.equal(new Umac(key, 16).tag(nonce, message).toString('hex'), umac128);
  });
}

test('umac - the tag does not depend on how the message is cut, nor on the messages before', () => {
  const used = new Umac(key, 16);
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 5 }), (parts) => {
      const whole = new Umac(key, 16).tag(nonce, [Buffer.concat(parts)]);
      assert.ok(used.tag(nonce, parts).equals(whole));
    }),
    { numRuns: 50 },
  );
});

test('umac - agrees with the definition in big integers', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 5000 }),
    fc.array(fc.constantFrom(0x00, 0x7f, 0x80, 0xff), { maxLength: 5000 }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), bytes, (anyKey, message) => {
      const plain = Buffer.from(message);
      const tag = new Umac(anyKey, 16).tag(nonce, [plain]);
      assert.deepEqual(tag, umac128ByDefinition(anyKey, nonce, plain));
    }),
    { numRuns: 40 },
  );
});

for (const value of [
  2n ** 64n - 2n ** 32n - 1n,
  2n ** 64n - 2n ** 32n,
  2n ** 64n - 2n ** 32n + 58n,
  2n ** 64n - 1n,
]) {
  test(`umac - NH gives ${value.toString(16)}, on the edge of what the polynomial takes as it is`, () => {
    const block = blockWithL1Hash(l1KeyWords(key, 0), value);
    assert.equal(l1Hash(l1KeyWords(key, 0), block), value);
    for (const message of [block, Buffer.concat([block, block, Buffer.from('end')])]) {
      assert.deepEqual(new Umac(key, 16).tag(nonce, [message]), umac128ByDefinition(key, nonce, message));
    }
  });
}

for (const sum of [P64 - 1n, P64, P64 + 58n]) {
  test(`umac - the polynomial comes to ${sum.toString(16)}, around its modulus`, () => {
    const start = Buffer.alloc(1024, 'x');
    const keyWords = l1KeyWords(key, 0);
    const soFar = polynomial(l2Key(key, 0), [l1Hash(keyWords, start)]);
    const last = sum - ((l2Key(key, 0) * soFar) % P64);
    const message = Buffer.concat([start, blockWithL1Hash(keyWords, last)]);
    assert.deepEqual(new Umac(key, 16).tag(nonce, [message]), umac128ByDefinition(key, nonce, message));
  });
}

test('umac - a message that would need another polynomial is refused', () => {
  assert.throws(() => new Umac(key, 8).tag(nonce, [Buffer.alloc(2 ** 24 + 1)]), RangeError);
});
