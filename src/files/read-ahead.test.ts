import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES, BlockPool } from './block-pool.ts';
import type { FileSlice } from './file-system.ts';
import { MAX_BLOCKS_AHEAD, ReadAhead } from './read-ahead.ts';

/** A file in a buffer that counts what is asked of it and answers after a turn of the event loop. */
class FakeFile {
  contents: Buffer;
  calls = 0;
  bytesAsked = 0;
  failure: Error | undefined;

  constructor(byteCount: number) {
    this.contents = Buffer.alloc(byteCount);
    for (let at = 0; at < byteCount; at++) this.contents[at] = (at * 31 + (at >> 8)) & 0xff;
  }

  readonly readInto = async (buffer: Uint8Array, position: number): Promise<number> => {
    this.calls += 1;
    this.bytesAsked += buffer.length;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.failure !== undefined) throw this.failure;
    const bytes = this.contents.subarray(position, position + buffer.length);
    buffer.set(bytes);
    return bytes.length;
  };

  expected(position: number, byteCount: number): Buffer {
    return this.contents.subarray(position, position + byteCount);
  }
}

function setUp(byteCount: number, maxBlocks = 64) {
  const file = new FakeFile(byteCount);
  const pool = new BlockPool({ maxBlocks });
  const clock = { nowMs: 0 };
  const reader = new ReadAhead({ readInto: file.readInto, pool, nowMs: () => clock.nowMs });
  return { file, pool, reader, clock };
}

function take(slice: FileSlice): Buffer {
  const bytes = Buffer.concat(slice.views);
  assert.equal(bytes.length, slice.byteCount);
  slice.release();
  return bytes;
}

/** Lets reads that nobody awaits finish. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('read-ahead - any reads in any order and overlap give exactly the bytes of the file', async () => {
  const request = fc.record({
    jump: fc.boolean(),
    position: fc.nat(1_200_000),
    byteCount: fc.oneof(
      fc.constantFrom(1, 30_000, 32_768, 261_120, 262_144),
      fc.integer({ min: 1, max: 300_000 }),
    ),
    waits: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { maxLength: 40 }),
      fc.nat(1_200_000),
      fc.nat(8),
      async (requests, size, max) => {
        const { file, pool, reader } = setUp(size, max);
        const pending: Promise<void>[] = [];
        let next = 0;
        for (const { jump, position, byteCount, waits } of requests) {
          const at = jump ? position : next;
          next = at + byteCount;
          const check = reader
            .read(at, byteCount)
            .then((slice) => assert.ok(take(slice).equals(file.expected(at, byteCount))));
          pending.push(check);
          if (waits) await check;
        }
        await Promise.all(pending);
        reader.invalidate();
        await settle();
        assert.equal(pool.usedBlocks, 0);
      },
    ),
    { numRuns: 60 },
  );
});

test('read-ahead - 64 pipelined reads are answered from a few large ones', async () => {
  const { file, reader } = setUp(64 * 32_768);
  const slices = await Promise.all(
    Array.from({ length: 64 }, (_, index) => reader.read(index * 32_768, 32_768)),
  );
  assert.ok(Buffer.concat(slices.map(take)).equals(file.contents));
  assert.ok(file.calls <= 1 + 8 + MAX_BLOCKS_AHEAD, `${file.calls} calls`);
});

test('read-ahead - a client that asks one at a time finds its bytes already there', async () => {
  const { file, reader } = setUp(4 * BLOCK_BYTES);
  for (let at = 0; at < 2 * BLOCK_BYTES; at += 32_768) take(await reader.read(at, 32_768));
  await settle();
  const calls = file.calls;
  const slice = await reader.read(2 * BLOCK_BYTES, 32_768);
  assert.ok(take(slice).equals(file.expected(2 * BLOCK_BYTES, 32_768)));
  assert.ok(file.calls <= calls + 1);
  assert.ok(file.calls <= 1 + 4 + MAX_BLOCKS_AHEAD);
});

test('read-ahead - random reads ask for nothing more than they need', async () => {
  const { file, reader } = setUp(2_000_000);
  let asked = 0;
  for (let step = 0; step < 50; step++) {
    const position = (step * 700_001) % 1_900_000;
    asked += 4096;
    assert.ok(take(await reader.read(position + 1, 4096)).equals(file.expected(position + 1, 4096)));
  }
  assert.equal(file.bytesAsked, asked);
});

test('read-ahead - the first read alone causes no further reading', async () => {
  const { file, reader } = setUp(2_000_000);
  take(await reader.read(0, 32_768));
  assert.equal(file.bytesAsked, 32_768);
});

test('F-62 read-ahead - what lies ahead is bounded however long the file', async () => {
  const { pool, reader } = setUp(8_000_000);
  let mostBlocks = 0;
  for (let at = 0; at < 4_000_000; at += 32_768) {
    take(await reader.read(at, 32_768));
    mostBlocks = Math.max(mostBlocks, pool.usedBlocks);
  }
  assert.ok(mostBlocks <= 2 + MAX_BLOCKS_AHEAD, `${mostBlocks} blocks`);
});

test('F-62 read-ahead - an exhausted pool slows reading down and breaks nothing', async () => {
  const { file, reader } = setUp(500_000, 0);
  for (let at = 0; at < 500_000; at += 32_768) {
    assert.ok(take(await reader.read(at, 32_768)).equals(file.expected(at, 32_768)));
  }
});

test('read-ahead - a lent slice keeps its bytes until it is released', async () => {
  const { file, pool, reader } = setUp(BLOCK_BYTES);
  take(await reader.read(0, 1000));
  const lent = await reader.read(1000, 1000);
  reader.invalidate();
  await settle();
  assert.equal(pool.usedBlocks, 1);
  assert.ok(Buffer.concat(lent.views).equals(file.expected(1000, 1000)));
  lent.release();
  lent.release();
  assert.equal(pool.usedBlocks, 0);
});

test('read-ahead - after a change nothing old is lent', async () => {
  const { file, reader } = setUp(BLOCK_BYTES);
  take(await reader.read(0, 1000));
  take(await reader.read(1000, 1000));
  file.contents.fill(7);
  reader.invalidate();
  assert.deepEqual(take(await reader.read(2000, 1000)), Buffer.alloc(1000, 7));
});

test('read-ahead - a file that grows is seen to grow, one that shrinks ends where it ends', async () => {
  const { file, reader } = setUp(100_000);
  for (let at = 0; at < 90_000; at += 30_000) take(await reader.read(at, 30_000));
  assert.equal(take(await reader.read(90_000, 30_000)).length, 10_000);
  assert.equal(take(await reader.read(100_000, 30_000)).length, 0);
  file.contents = Buffer.alloc(300_000, 1);
  assert.equal(take(await reader.read(100_000, 30_000)).length, 30_000);
  assert.equal(take(await reader.read(130_000, 30_000)).length, 30_000);
  file.contents = Buffer.alloc(10_000, 2);
  reader.invalidate();
  assert.equal(take(await reader.read(160_000, 30_000)).length, 0);
  assert.equal(take(await reader.read(0, 30_000)).length, 10_000);
});

test('read-ahead - blocks that lay too long are read again', async () => {
  const { file, reader, clock } = setUp(BLOCK_BYTES);
  take(await reader.read(0, 1000));
  take(await reader.read(1000, 1000));
  await settle();
  file.contents.fill(9);
  clock.nowMs = 60_000;
  assert.deepEqual(take(await reader.read(2000, 1000)), Buffer.alloc(1000, 9));
});

test('read-ahead - a failure ahead is met by the read that needs it, and gone when the file works again', async () => {
  const { file, pool, reader } = setUp(4 * BLOCK_BYTES);
  take(await reader.read(0, 32_768));
  file.failure = new Error('broken disk');
  await assert.rejects(reader.read(32_768, 32_768), /broken disk/);
  file.failure = undefined;
  assert.ok(take(await reader.read(65_536, 32_768)).equals(file.expected(65_536, 32_768)));
  reader.invalidate();
  await settle();
  assert.equal(pool.usedBlocks, 0);
});
