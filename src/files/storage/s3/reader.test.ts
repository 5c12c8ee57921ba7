import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { BLOCK_BYTES, BlockPool } from '../../block-pool.ts';
import { FileError } from '../../error.ts';
import type { FileHandle } from '../../file-system.ts';
import type { ByteRange } from './object-store.ts';
import { ObjectReader } from './reader.ts';
import { headOf, partialStore } from './testing/partial-store.ts';

const MIB = 1024 * 1024;
const READ_BYTES = 32 * 1024;

/** An object whose every byte follows from its position, sent in pieces that fit nothing. */
class FakeObject {
  readonly sizeBytes: number;
  readonly ranges: ByteRange[] = [];
  /** GETs that were ended by their signal or by `return`. */
  ended = 0;
  inFlight = 0;
  maxInFlight = 0;
  failure: FileError | undefined;
  /** Bodies stop here and wait. */
  stallsAt = Number.POSITIVE_INFINITY;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  readonly store = partialStore({
    get: async (_key, range, options, signal) => {
      assert.equal(options.ifMatch, '"etag"');
      this.ranges.push(range);
      if (this.failure !== undefined) throw this.failure;
      this.inFlight += 1;
      this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
      return this.#body(range, signal);
    },
  });

  bytes(position: number, byteCount: number): Buffer {
    const bytes = Buffer.alloc(byteCount);
    for (let at = 0; at < byteCount; at++) bytes[at] = ((position + at) * 31 + ((position + at) >> 8)) & 0xff;
    return bytes;
  }

  async *#body({ position, byteCount }: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const end = position + byteCount;
    try {
      for (let at = position; at < end; ) {
        await turn();
        if (signal.aborted) throw new FileError('ABORTED');
        if (at >= this.stallsAt) continue;
        const pieceBytes = Math.min(60_001, end - at);
        yield this.bytes(at, pieceBytes);
        at += pieceBytes;
      }
    } finally {
      this.inFlight -= 1;
      if (signal.aborted) this.ended += 1;
    }
  }
}

function setUp(sizeBytes: number, maxBlocks = 256) {
  const object = new FakeObject(sizeBytes);
  const pool = new BlockPool({ maxBlocks });
  const session = new AbortController();
  const { store } = object;
  const reader = new ObjectReader({ store, head: headOf('k', sizeBytes), pool, signal: session.signal });
  return { object, pool, reader, session };
}

/** Reads and compares; what is lent is given back. */
async function check(reader: FileHandle, object: FakeObject, position: number, byteCount: number) {
  const slice = await reader.read(position, byteCount);
  const wanted = Math.max(0, Math.min(byteCount, object.sizeBytes - position));
  assert.equal(slice.byteCount, wanted);
  assert.ok(Buffer.concat(slice.views).equals(object.bytes(position, wanted)));
  slice.release();
}

async function readAll(reader: FileHandle, object: FakeObject, requestsInFlight: number): Promise<void> {
  const waiting: Promise<void>[] = [];
  for (let position = 0; position < object.sizeBytes; position += READ_BYTES) {
    waiting.push(check(reader, object, position, READ_BYTES));
    if (waiting.length >= requestsInFlight) await waiting.shift();
  }
  await Promise.all(waiting);
}

test('s3 reader - a small object is one GET, and reads at its end are empty', async () => {
  const { object, reader, pool } = setUp(100_000);
  await readAll(reader, object, 4);
  await check(reader, object, 99_999, 10);
  await check(reader, object, 100_000, 10);
  await check(reader, object, 2 ** 50, 10);
  assert.deepEqual(object.ranges[0], { position: 0, byteCount: 100_000 });
  await reader.close();
  assert.equal(pool.usedBlocks, 0);
});

test('s3 reader - every read is exactly what was asked for, whatever the blocks', async () => {
  const { object, reader, pool } = setUp(3 * MIB + 17);
  const reads = fc.array(
    fc.record({ position: fc.nat(3 * MIB + 40), byteCount: fc.integer({ min: 1, max: 700_000 }) }),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(reads, async (ranges) => {
      await Promise.all(ranges.map(({ position, byteCount }) => check(reader, object, position, byteCount)));
    }),
    { numRuns: 15 },
  );
  await reader.close();
  await turn();
  assert.equal(pool.usedBlocks, 0);
});

test('s3 reader - who reads in order gets large ranges, several at a time, and each byte once', async () => {
  const { object, reader, pool } = setUp(48 * MIB);
  await readAll(reader, object, 64);
  const asked = object.ranges.reduce((sum, { byteCount }) => sum + byteCount, 0);
  assert.equal(asked, object.sizeBytes);
  assert.ok(object.maxInFlight >= 3, `${object.maxInFlight} in flight`);
  assert.ok(object.ranges.length < 30, `${object.ranges.length} GETs`);
  assert.ok(object.ranges.every(({ byteCount }) => byteCount <= 8 * MIB));
  await reader.close();
  assert.equal(pool.usedBlocks, 0);
});

test('s3 reader - a reader that never has to wait keeps a small window', async () => {
  const { object, reader, pool } = setUp(64 * MIB);
  let most = 0;
  for (let position = 0; position < object.sizeBytes; position += READ_BYTES) {
    await check(reader, object, position, READ_BYTES);
    most = Math.max(most, pool.usedBlocks);
    while (object.inFlight > 0) await turn();
  }
  assert.ok(most * BLOCK_BYTES <= 5 * MIB, `${most} blocks`);
  await reader.close();
});

test('s3 reader - a random reader is given just the ranges it asks for', async () => {
  const { object, reader } = setUp(64 * MIB);
  const positions = [50, 3, 40, 11, 27].map((mebibyte) => mebibyte * MIB + 5);
  for (const position of positions) await check(reader, object, position, 4096);
  assert.deepEqual(
    object.ranges,
    positions.map((position) => ({ position, byteCount: 4096 })),
  );
  await reader.close();
});

test('s3 reader - a look at the head of a large object does not fetch much more', async () => {
  const { object, reader } = setUp(64 * MIB);
  await check(reader, object, 0, 512);
  assert.deepEqual(object.ranges, [{ position: 0, byteCount: BLOCK_BYTES }]);
  await reader.close();
});

test('s3 reader - a resumed download reads ahead from where it begins', async () => {
  const { object, reader } = setUp(16 * MIB);
  for (let position = 5 * MIB; position < 12 * MIB; position += READ_BYTES)
    await check(reader, object, position, READ_BYTES);
  assert.ok(object.ranges.length < 25, `${object.ranges.length} GETs`);
  await reader.close();
});

test('s3 reader - requests that overtake each other stay on the stream', async () => {
  const { object, reader } = setUp(8 * MIB);
  const positions: number[] = [];
  for (let position = 0; position < object.sizeBytes; position += 8 * READ_BYTES) {
    for (const turned of [0, 2, 1, 3, 7, 4, 6, 5]) positions.push(position + turned * READ_BYTES);
  }
  const waiting: Promise<void>[] = [];
  for (const position of positions) {
    waiting.push(check(reader, object, position, READ_BYTES));
    if (waiting.length >= 16) await waiting.shift();
  }
  await Promise.all(waiting);
  const asked = object.ranges.reduce((sum, { byteCount }) => sum + byteCount, 0);
  assert.equal(asked, object.sizeBytes);
  await reader.close();
});

test('F-62 s3 reader - the pool bounds all readers together, and without it reads are still answered', async () => {
  const { object, reader, pool } = setUp(4 * MIB, 3);
  await readAll(reader, object, 64);
  assert.ok(pool.usedBlocks <= 3);
  await reader.close();
  await turn();
  assert.equal(pool.usedBlocks, 0);
  const { object: other, reader: poor } = setUp(MIB, 0);
  await readAll(poor, other, 4);
  await poor.close();
});

test('s3 reader - a nearly empty pool makes windows small', async () => {
  const { object, reader, pool } = setUp(32 * MIB, 40);
  await readAll(reader, object, 64);
  assert.ok(pool.usedBlocks <= 40);
  const asked = object.ranges.reduce((sum, { byteCount }) => sum + byteCount, 0);
  assert.equal(asked, object.sizeBytes);
  await reader.close();
});

test('s3 reader - close ends what is under way at once', async () => {
  const { object, reader, pool } = setUp(64 * MIB);
  await readInFront(reader, object);
  assert.ok(object.inFlight > 0);
  await reader.close();
  assert.equal(pool.usedBlocks, 0);
  for (let turns = 0; turns < 10; turns++) await turn();
  assert.equal(object.inFlight, 0);
  assert.ok(object.ended > 0);
  await assert.rejects(reader.read(0, 1), { code: 'INVALID_HANDLE' });
});

test('s3 reader - the end of the session ends reads that wait', async () => {
  const { object, reader, session } = setUp(MIB);
  object.stallsAt = 0;
  const read = reader.read(0, READ_BYTES);
  await turn();
  session.abort();
  await assert.rejects(read, { code: 'ABORTED' });
  assert.equal(await reader.abort(), 'kept');
});

test('s3 reader - a failed range fails the reads that wait for it, and the next read asks again', async () => {
  const { object, reader, pool } = setUp(2 * MIB);
  object.failure = new FileError('IO_ERROR');
  await assert.rejects(reader.read(0, READ_BYTES), { code: 'IO_ERROR' });
  object.failure = undefined;
  await check(reader, object, 0, READ_BYTES);
  await check(reader, object, READ_BYTES, READ_BYTES);
  await reader.close();
  await turn();
  assert.equal(pool.usedBlocks, 0);
});

test('s3 reader - a reader that pauses gives its blocks back, and goes on afterwards', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { object, reader, pool } = setUp(16 * MIB);
  const next = await readInFront(reader, object);
  assert.ok(pool.usedBlocks > 0);
  context.mock.timers.tick(10_001);
  await turn();
  assert.equal(pool.usedBlocks, 0);
  await check(reader, object, next, READ_BYTES);
  await check(reader, object, next + READ_BYTES, READ_BYTES);
  await reader.close();
});

test('s3 reader - what is lent stays as it is until it is released', async () => {
  const { object, reader, pool } = setUp(4 * MIB);
  const lent = await reader.read(0, READ_BYTES);
  for (let position = READ_BYTES; position < object.sizeBytes; position += READ_BYTES)
    await check(reader, object, position, READ_BYTES);
  await reader.close();
  assert.equal(pool.usedBlocks, 1);
  assert.ok(Buffer.concat(lent.views).equals(object.bytes(0, READ_BYTES)));
  lent.release();
  lent.release();
  assert.equal(pool.usedBlocks, 0);
});

test('s3 reader - a handle for reading changes nothing', async () => {
  const { reader } = setUp(10);
  assert.equal((await reader.stat()).sizeBytes, 10);
  await assert.rejects(reader.write(), { code: 'INVALID_HANDLE' });
  await assert.rejects(reader.setAttributes(), { code: 'NOT_SUPPORTED' });
  await reader.sync();
  await reader.close();
});

/** Reads the first MiB; says where it ends. */
async function readInFront(reader: FileHandle, object: FakeObject): Promise<number> {
  for (let position = 0; position < MIB; position += READ_BYTES)
    await check(reader, object, position, READ_BYTES);
  return MIB;
}
