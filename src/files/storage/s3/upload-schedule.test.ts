import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CHUNK_BYTES, UploadMemory } from './upload-memory.ts';
import {
  copiedPartBytes,
  MAX_OBJECT_BYTES,
  MAX_PARTS,
  MIN_PART_BYTES,
  PartSchedule,
} from './upload-schedule.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

function sumOf(size: (index: number) => number): number {
  return Array.from({ length: MAX_PARTS }, (_, index) => size(index)).reduce((sum, each) => sum + each, 0);
}

describe('part schedule', () => {
  const schedule = new PartSchedule({ firstPartBytes: 8 * MIB, maxPartBytes: Number.POSITIVE_INFINITY });

  it('least parts - hold an object of 5 TB in 10,000, none as large as 5 GiB', () => {
    assert.ok(sumOf((index) => schedule.least(index)) >= MAX_OBJECT_BYTES);
    assert.ok(schedule.usual(MAX_PARTS - 1) < 5 * GIB);
  });

  it('parts - the memory for uploads limits the object as docs/storage.md says: 64 MiB to 260 GiB, 4096 MiB hold 5 TB', () => {
    const largest = (memoryBytes: number): number => {
      const { maxClaimBytes } = new UploadMemory({ maxBytes: memoryBytes });
      const limited = new PartSchedule({ firstPartBytes: 8 * MIB, maxPartBytes: maxClaimBytes });
      return sumOf((index) => limited.least(index));
    };
    assert.ok(largest(64 * MIB) > 260 * GIB && largest(64 * MIB) < 270 * GIB);
    assert.ok(largest(4096 * MIB) >= MAX_OBJECT_BYTES);
  });

  it('parts - are never below what S3 takes, never shrink, and are whole chunks', () => {
    let before = MIN_PART_BYTES;
    for (let index = 0; index < MAX_PARTS; index++) {
      const least = schedule.least(index);
      assert.ok(least >= before && least <= schedule.usual(index) && least % CHUNK_BYTES === 0);
      before = least;
    }
  });

  it('first parts - have the configured size for more than 5 GiB', () => {
    const growing = Array.from({ length: MAX_PARTS }, (_, index) => index).find(
      (index) => schedule.usual(index) > 8 * MIB,
    );
    assert.ok((growing ?? 0) * 8 * MIB > 5 * GIB);
  });

  it('little memory - bounds the parts, and the object at hundreds of GiB', () => {
    const bounded = new PartSchedule({ firstPartBytes: 8 * MIB, maxPartBytes: 48 * MIB });
    assert.equal(bounded.usual(MAX_PARTS - 1), 48 * MIB);
    assert.ok(sumOf((index) => bounded.usual(index)) > 360 * GIB);
  });

  it('copied parts - are equal, so that none is too small', () => {
    for (const totalBytes of [MIN_PART_BYTES, GIB, GIB + 1, 5 * GIB + 1, MAX_OBJECT_BYTES]) {
      const partBytes = copiedPartBytes(totalBytes);
      const lastBytes = totalBytes - partBytes * (Math.ceil(totalBytes / partBytes) - 1);
      assert.ok(partBytes <= GIB && lastBytes >= MIN_PART_BYTES);
    }
  });
});
