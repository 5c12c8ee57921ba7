import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArrivedBytes } from './arrived-bytes.ts';

const SIZE = 64;

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ start: fc.nat(SIZE - 1), length: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ cut: fc.nat(SIZE) }) },
);

test('arrived bytes - the end is where the first byte is missing, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.nat(10), fc.array(step, { maxLength: 40 }), (presentBytes, steps) => {
      const arrived = new ArrivedBytes(presentBytes);
      const model = new Set(Array.from({ length: presentBytes }, (_, index) => index));
      for (const action of steps) {
        if ('cut' in action) {
          arrived.cut(action.cut);
          for (const index of [...model].filter((at) => at >= action.cut)) model.delete(index);
          continue;
        }
        arrived.add(action.start, action.start + action.length);
        for (let index = 0; index < action.length; index++) model.add(action.start + index);
      }
      let end = 0;
      while (model.has(end)) end += 1;
      assert.equal(arrived.endWithoutGap, end);
    }),
  );
});

test('arrived bytes - more gaps than are remembered count as too little, never as too much', () => {
  const arrived = new ArrivedBytes(0);
  for (let index = 1; index <= 5000; index++) arrived.add(index * 2, index * 2 + 1);
  for (let index = 0; index < 2048; index++) arrived.add(index * 2 + 1, index * 2 + 2);
  arrived.add(0, 1);
  // Byte 2050 came as number 1025 of those beyond the first gap.
  assert.equal(arrived.endWithoutGap, 2050);
});
