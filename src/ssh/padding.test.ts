import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Scratch } from './packet-reader.ts';
import { PacketWriter } from './packet-writer.ts';
import { PaddingSource } from './padding.ts';

test('P-4 padding - is drawn ahead: many takes come out of one pool', () => {
  const source = new PaddingSource();
  const pools = new Set(Array.from({ length: 1000 }, () => source.take(8).buffer));
  assert.equal(pools.size, 1);
});

test('P-4 padding - is random, also behind the end of a pool', () => {
  const source = new PaddingSource();
  const seen = new Set(Array.from({ length: 5000 }, () => source.take(16).toString('hex')));
  assert.equal(seen.size, 5000);
});

test('P-4 padding - is as short as the block size allows, and never under four bytes', async () => {
  const stream = new PassThrough();
  const writer = new PacketWriter(stream, new PaddingSource(), new Scratch());
  for (let byteCount = 1; byteCount <= 64; byteCount++) writer.write([Buffer.alloc(byteCount)]);
  await nextTurn();
  const bytes: Buffer = stream.read();
  const paddings: number[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) paddings.push(bytes[at + 4] ?? 0);
  assert.equal(paddings.length, 64);
  assert.deepEqual([Math.min(...paddings), Math.max(...paddings)], [4, 11]);
});
