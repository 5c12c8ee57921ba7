import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { writeAll } from './write-all.ts';

test('write - short writes continue where they stopped until every byte is stored', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 25 })),
      fc.nat(100),
      async (views, amounts, position) => {
        const stored = Buffer.alloc(400);
        const expected = Buffer.concat(views);
        await writeAll(
          async (rest, at) => {
            assert.ok(at !== null);
            const bytes = Buffer.concat(rest).subarray(0, Number(amounts.next().value));
            stored.set(bytes, at);
            return bytes.length;
          },
          views,
          position,
        );
        assert.deepEqual(stored.subarray(position, position + expected.length), expected);
      },
    ),
  );
});

test('write - a failure after a short write is reported', async () => {
  let calls = 0;
  const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  const write = async (): Promise<number> => {
    calls += 1;
    if (calls === 2) throw full;
    return 1;
  };
  await assert.rejects(writeAll(write, [Buffer.alloc(2)], 0), full);
});

test('write - a system that takes nothing does not keep us busy for ever', async () => {
  await assert.rejects(
    writeAll(async () => 0, [Buffer.alloc(2)], null),
    { code: 'IO_ERROR' },
  );
});
