import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_PACKET_LENGTH, PacketReader, Scratch } from '../packet-reader.ts';
import { PacketWriter } from '../packet-writer.ts';
import { PaddingSource } from '../padding.ts';
import { usedBytes } from '../testing/memory.ts';
import { CIPHERS, MACS, needsMac, protection, rekeyBytes } from './suites.ts';

type Suite = readonly [cipher: string, mac: string | undefined];

const SUITES: readonly Suite[] = Object.keys(CIPHERS).flatMap((cipher): Suite[] =>
  needsMac(cipher) ? Object.keys(MACS).map((mac) => [cipher, mac]) : [[cipher, undefined]],
);

function keysFor([cipher, mac]: Suite, iv?: Buffer) {
  const chosen = protection(cipher, mac);
  const keys = {
    iv: iv ?? Buffer.alloc(chosen.ivBytes, 3),
    key: Buffer.alloc(chosen.keyBytes, 1),
    macKey: Buffer.alloc(chosen.macKeyBytes, 2),
  };
  return { sealer: chosen.sealer(keys), opener: chosen.opener(keys) };
}

/** Everything a writer put out, as one buffer. */
function written(suite: Suite, payloads: readonly Uint8Array[][]): Buffer {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  const writer = new PacketWriter(stream, new PaddingSource(), new Scratch());
  writer.rekey(keysFor(suite).sealer, { resetSequence: true });
  for (const parts of payloads) writer.write(parts);
  writer.flush();
  return Buffer.concat(chunks);
}

for (const suite of SUITES) {
  test(`packets - ${suite.join(' with ')}: any payload, cut anywhere, comes back`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 5000 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 }),
        (payloads, cuts) => {
          const bytes = written(
            suite,
            payloads.map((payload) => [payload.subarray(0, 9), payload.subarray(9)]),
          );
          const reader = readerOf(suite);
          const received: Buffer[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const size = cuts[turn % cuts.length] ?? 1;
            reader.push(bytes.subarray(at, at + size));
            at += size;
            for (let payload = reader.next(); payload !== undefined; payload = reader.next())
              received.push(payload);
          }
          assert.deepEqual(
            received.map((payload) => payload.toString('hex')),
            payloads.map((payload) => Buffer.from(payload).toString('hex')),
          );
          assert.equal(reader.bufferedBytes, 0);
        },
      ),
      { numRuns: 15 },
    );
  });
}

/** A reader with the suite's keys. */
function readerOf(suite: Suite): PacketReader {
  const reader = new PacketReader(new Scratch());
  reader.rekey(keysFor(suite).opener, { resetSequence: true });
  return reader;
}

/** More than the reader waits for, whatever length it reads. */
const MORE = Buffer.alloc(2 * MAX_PACKET_LENGTH);

for (const suite of SUITES) {
  test(`packets - ${suite.join(' with ')}: a bit flipped anywhere is noticed, and nothing comes out`, () => {
    const bytes = written(suite, [[Buffer.alloc(20, 'x')]]);
    const hasClearLength = keysFor(suite).opener.lengthKey === 'none';
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      const reader = readerOf(suite);
      reader.push(damaged);
      reader.push(MORE);
      const code = hasClearLength && at < 4 ? /^(MAC|PACKET)_INVALID$/ : /^MAC_INVALID$/;
      assert.throws(() => reader.next(), { code }, `byte ${at}`);
    }
  });

  test(`packets - ${suite.join(' with ')}: a packet twice, or out of order, is refused`, () => {
    const both = written(suite, [[Buffer.from('one')], [Buffer.from('two')]]);
    const first = both.subarray(0, both.length / 2);
    const replayed = readerOf(suite);
    for (const chunk of [first, first, MORE]) replayed.push(chunk);
    assert.equal(replayed.next()?.toString(), 'one');
    assert.throws(() => replayed.next(), { code: /^(MAC|PACKET)_INVALID$/ });
    const skipped = readerOf(suite);
    for (const chunk of [both.subarray(both.length / 2), MORE]) skipped.push(chunk);
    assert.throws(() => skipped.next(), { code: /^(MAC|PACKET)_INVALID$/ });
  });
}

test('rekey limit - 64 GiB for AES, 1 GiB for ChaCha20', () => {
  for (const cipher of Object.keys(CIPHERS))
    assert.equal(rekeyBytes(cipher), cipher.startsWith('aes') ? 2 ** 36 : 2 ** 30, cipher);
});

test('aes-gcm - the invocation counter wraps over all eight bytes and leaves the fixed part alone', () => {
  const iv = Buffer.from('0a0b0c0dfffffffffffffffe', 'hex');
  const { sealer, opener } = keysFor(['aes128-gcm@openssh.com', undefined], iv);
  const length = Buffer.from([0, 0, 0, 16]);
  for (const counter of ['fffffffffffffffe', 'ffffffffffffffff', '0000000000000000', '0000000000000001']) {
    const plain = Buffer.alloc(16, counter);
    const sealed = Buffer.concat(sealer.seal(0, Buffer.concat([length, plain])));
    const nonce = Buffer.from(`0a0b0c0d${counter}`, 'hex');
    const expected = createCipheriv('aes-128-gcm', Buffer.alloc(16, 1), nonce).setAAD(length);
    assert.deepEqual(sealed.subarray(4, 20), expected.update(plain), counter);
    expected.final();
    assert.deepEqual(sealed.subarray(20), expected.getAuthTag(), counter);
    assert.deepEqual(opener.open(0, sealed), plain);
  }
  assert.equal(iv.toString('hex'), '0a0b0c0dfffffffffffffffe', 'the derived value itself is not changed');
});

test('cipher - the keys of an idle connection pin nothing of the common buffer pool', async () => {
  const count = 500;
  const before = await usedBytes();
  const kept = Array.from({ length: count }, () => {
    const keys = keysFor(['aes128-gcm@openssh.com', undefined]);
    // What a handshake takes from the pool in passing.
    Buffer.allocUnsafe(Buffer.poolSize / 4).fill(0);
    return keys;
  });
  const cost = (await usedBytes()) - before;
  assert.equal(kept.length, count);
  assert.ok(cost < count * 4096, `${cost} bytes are held`);
});
