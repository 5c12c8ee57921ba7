import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MIB, someBytes, Uploading, writeAll } from './testing/uploading.ts';

/** As clients that write side by side do: every write within this many places of its turn. */
const MAX_DISPLACEMENT = 64;
const PIECE_BYTES = 61_000;

describe('upload out of order', () => {
  it('F-61 any order within the window - gives the same object', async () => {
    const piece = fc.record({ jitter: fc.nat(MAX_DISPLACEMENT), again: fc.boolean() });
    const parts = fc.record({
      firstPartBytes: fc.constantFrom(5 * MIB, 8 * MIB),
      partsInFlight: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 300 }), parts, async (pieces, settings) => {
        const uploading = new Uploading(settings);
        const bytes = someBytes(pieces.length * PIECE_BYTES - 7);
        const order = pieces
          .map(({ jitter }, index) => ({ index, turn: index + jitter }))
          .sort((a, b) => a.turn - b.turn);
        const handle = await uploading.open();
        for (const { index } of order) {
          const at = index * PIECE_BYTES;
          await handle.write([bytes.subarray(at, at + PIECE_BYTES)], at);
        }
        await handle.close();
        assert.deepEqual(uploading.stored(), bytes);
        assert.ok(uploading.isClean);
      }),
      { numRuns: 25 },
    );
  });

  it('F-61 overlapping writes that were not sent - the last one wins', async () => {
    const write = fc.record({ position: fc.nat(400_000), byteCount: fc.integer({ min: 1, max: 200_000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 30 }), async (writes) => {
        const uploading = new Uploading();
        const expected = someBytes(600_000);
        const handle = await uploading.open();
        await writeAll(handle, expected);
        for (const { position, byteCount } of writes) {
          const bytes = someBytes(byteCount);
          expected.set(bytes, position);
          await handle.write([bytes.subarray(0, 10), bytes.subarray(10)], position);
        }
        await handle.close();
        assert.deepEqual(uploading.stored(), expected);
      }),
      { numRuns: 50 },
    );
  });

  it('F-61 gap that is never filled - close fails and nothing is stored', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open();
    await handle.write([someBytes(10)], 0);
    await handle.write([someBytes(10)], 11);
    await assert.rejects(handle.close(), { code: 'INVALID_ARGUMENT' });
    assert.equal(uploading.store.calls.length, 0);
    assert.ok(uploading.isClean);
  });

  it('gap wider than the window - is refused', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open();
    await handle.write([someBytes(10)], 16 * MIB - 10);
    await assert.rejects(handle.write([someBytes(10)], 16 * MIB - 9), { code: 'NOT_SUPPORTED' });
    await handle.abort('failed');
    assert.ok(uploading.isClean);
  });

  it('window - may reach behind the part that is being filled', async () => {
    const uploading = new Uploading({ firstPartBytes: 5 * MIB });
    const bytes = someBytes(15 * MIB);
    const handle = await uploading.open();
    await writeAll(handle, bytes.subarray(MIB), MIB);
    assert.equal(uploading.store.calls.length, 0);
    await handle.write([bytes.subarray(0, MIB)], 0);
    await handle.close();
    assert.deepEqual(uploading.stored(), bytes);
    assert.ok(uploading.isClean);
  });

  it('many gaps - are refused, before they cost time', async () => {
    const uploading = new Uploading();
    const handle = await uploading.open();
    const writes = async (): Promise<void> => {
      for (let at = 1; at < 10_000; at += 2) await handle.write([someBytes(1)], at);
    };
    await assert.rejects(writes, { code: 'LIMIT_EXCEEDED' });
    await handle.abort('failed');
    assert.ok(uploading.isClean);
  });
});
