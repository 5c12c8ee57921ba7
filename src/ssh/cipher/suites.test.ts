import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacketReader, Scratch } from '../packet-reader.ts';
import { PacketWriter } from '../packet-writer.ts';
import { PaddingSource } from '../padding.ts';
import { usedBytes } from '../testing/memory.ts';
import { protection } from './suites.ts';

const SUITES: readonly Suite[] = [
  ['aes128-gcm@openssh.com', undefined],
  ['aes256-gcm@openssh.com', undefined],
  ['aes128-ctr', 'hmac-sha2-256-etm@openssh.com'],
  ['aes256-ctr', 'hmac-sha2-512-etm@openssh.com'],
  ['aes192-ctr', 'hmac-sha2-256'],
  ['aes128-ctr', 'hmac-sha2-512'],
];

type Suite = readonly [cipher: string, mac: string | undefined];

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
  const writer = new PacketWriter(stream, new PaddingSource());
  writer.rekey(keysFor(suite).sealer, { resetSequence: true });
  for (const parts of payloads) writer.write(parts);
  stream.uncork();
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
          const reader = new PacketReader(new Scratch());
          reader.rekey(keysFor(suite).opener, { resetSequence: true });
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
      { numRuns: 50 },
    );
  });
}

test('aes-gcm - the invocation counter wraps over all eight bytes and leaves the fixed part alone', () => {
  const iv = Buffer.from('0a0b0c0dfffffffffffffffe', 'hex');
  const { sealer, opener } = keysFor(['aes128-gcm@openssh.com', undefined], iv);
  for (let packet = 0; packet < 4; packet++) {
    const length = Buffer.from([0, 0, 0, 16]);
    const sealed = Buffer.concat(sealer.seal(0, length, [Buffer.alloc(16, packet)]));
    assert.ok(opener.open(0, sealed).equals(Buffer.alloc(16, packet)));
  }
  assert.ok(
    iv.equals(Buffer.from('0a0b0c0dfffffffffffffffe', 'hex')),
    'the derived value itself is not changed',
  );
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
