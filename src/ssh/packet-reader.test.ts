import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protection } from './cipher/suites.ts';
import { MAX_PACKET_LENGTH, PacketReader, Scratch } from './packet-reader.ts';
import { usedBytes } from './testing/memory.ts';

test('reader - a packet that comes byte by byte costs its size, not an object for each byte', async () => {
  const reader = new PacketReader(new Scratch());
  const byteCount = 200_000;
  const before = await usedBytes();
  for (let count = 0; count < byteCount; count++) reader.push(Buffer.alloc(1));
  const cost = (await usedBytes()) - before;
  assert.equal(reader.bufferedBytes, byteCount);
  assert.ok(cost < 10 * byteCount, `${cost} bytes are held`);
});

/** An encrypt-and-MAC packet, damaged at one byte, and a reader for it. */
function encryptAndMac(payloadBytes: number, damagedAt: number) {
  const chosen = protection('aes128-ctr', 'hmac-sha2-256');
  const keys = { iv: Buffer.alloc(16, 3), key: Buffer.alloc(16, 1), macKey: Buffer.alloc(32, 2) };
  const packetLength = 1 + payloadBytes + 11;
  const packet = Buffer.alloc(4 + packetLength);
  packet.writeUInt32BE(packetLength);
  packet[4] = 11;
  const bytes = Buffer.concat(chosen.sealer(keys).seal(0, packet));
  bytes[damagedAt] = (bytes[damagedAt] ?? 0) ^ 0x40;
  const reader = new PacketReader(new Scratch());
  reader.rekey(chosen.opener(keys), { resetSequence: true });
  return { bytes, reader };
}

test('encrypt-and-MAC - wherever a packet is damaged and however long it is, the refusal comes at the same byte', () => {
  const stepBytes = 16;
  const refusedAt = new Set<number>();
  for (const [payloadBytes, damagedAt] of [
    [16, 0],
    [16, 1],
    [16, 2],
    [16, 3],
    [16, 20],
    [16, 50],
    [16_000, 3],
    [16_000, 9_000],
    [34_000, 34_020],
  ] as const) {
    const { bytes, reader } = encryptAndMac(payloadBytes, damagedAt);
    const sent = Buffer.concat([bytes, Buffer.alloc(2 * MAX_PACKET_LENGTH)]);
    let at = 0;
    assert.throws(
      () => {
        for (; at < sent.length; at += stepBytes) {
          reader.push(sent.subarray(at, at + stepBytes));
          assert.equal(reader.next(), undefined);
        }
      },
      { code: 'MAC_INVALID', message: 'a packet is corrupt' },
    );
    refusedAt.add(at);
  }
  assert.equal(refusedAt.size, 1, `refused at ${[...refusedAt].join(', ')}`);
});

test('encrypt-and-MAC - what is read before the refusal is dropped, not kept', () => {
  const { bytes, reader } = encryptAndMac(16, 0);
  reader.push(bytes);
  assert.equal(reader.next(), undefined);
  for (let count = 0; count < 200; count++) {
    reader.push(Buffer.alloc(1000));
    assert.equal(reader.next(), undefined);
    assert.equal(reader.bufferedBytes, 0);
  }
});
