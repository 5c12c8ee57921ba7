import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, WireError } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

test('wire - every type reads back as written', () => {
  fc.assert(
    fc.property(
      fc.nat(0xff),
      fc.boolean(),
      fc.nat(0xffffffff),
      fc.maxSafeNat(),
      fc.uint8Array(),
      fc.string({ unit: 'grapheme' }),
      (byte, flag, word, long, bytes, text) => {
        const message = new ByteWriter(1)
          .uint8(byte)
          .boolean(flag)
          .uint32(word)
          .uint64(long)
          .string(bytes)
          .string(text)
          .finish();
        const reader = new ByteReader(message);
        assert.equal(reader.uint8(), byte);
        assert.equal(reader.boolean(), flag);
        assert.equal(reader.uint32(), word);
        assert.equal(reader.uint64(), long);
        assert.deepEqual(new Uint8Array(reader.string()), bytes);
        assert.equal(reader.text(), text);
        assert.equal(reader.remaining, 0);
      },
    ),
  );
});

test('wire - a message cut anywhere is refused, never read past its end', () => {
  const message = new ByteWriter().uint32(7).string('abc').uint64(1).finish();
  for (let length = 0; length < message.length; length++) {
    const reader = new ByteReader(message.subarray(0, length));
    assert.throws(() => {
      reader.uint32();
      reader.string();
      reader.uint64();
    }, WireError);
  }
});

test('A-27 wire - a uint64 above 2^53 - 1 is refused, not rounded', () => {
  const reader = new ByteReader(new ByteWriter().uint64(2n ** 53n).finish());
  assert.throws(() => reader.uint64(), WireError);
});

test('wire - an mpint is read without its leading zeros, zero as nothing, a negative one not at all', () => {
  const read = (digits: string): string =>
    new ByteReader(new ByteWriter().string(Buffer.from(digits, 'hex')).finish()).mpint().toString('hex');
  assert.deepEqual(['', '00', '0000', '0080', '7f', '00007fff'].map(read), ['', '', '', '80', '7f', '7fff']);
  for (const negative of ['80', 'ff00']) assert.throws(() => read(negative), WireError);
});

test('wire - mpint strips leading zeros and adds a sign byte (RFC 4251 section 5)', () => {
  const hex = (digits: string): string =>
    new ByteWriter().mpint(Buffer.from(digits, 'hex')).finish().toString('hex');
  assert.equal(hex(''), '00000000');
  assert.equal(hex('0000'), '00000000');
  assert.equal(hex('09a378f9b2e332a7'), '0000000809a378f9b2e332a7');
  assert.equal(hex('80'), '000000020080');
  assert.equal(hex('000080'), '000000020080');
});

test('wire - text that is not UTF-8 is refused, a real U+FFFD is kept', () => {
  assert.throws(
    () => new ByteReader(new ByteWriter().string(Buffer.from('ff', 'hex')).finish()).text(),
    WireError,
  );
  assert.equal(new ByteReader(new ByteWriter().string('\ufffd').finish()).text(), '\ufffd');
});

test('wire - names with control characters are refused', () => {
  assert.throws(() => new ByteReader(new ByteWriter().string('a\0b').finish()).nameList(), WireError);
  assert.deepEqual(new ByteReader(new ByteWriter().string('a,b,').finish()).nameList(), ['a', 'b']);
});
