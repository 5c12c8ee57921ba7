import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketReader, Scratch } from './packet-reader.ts';
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
