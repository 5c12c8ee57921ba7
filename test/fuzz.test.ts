import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chunked, cuts, mutated, mutations } from './fuzz/mutation.ts';
import { stateMachine } from './fuzz/state-machine.ts';
import { FuzzFailure, fuzzer } from './fuzz/target.ts';
import { FUZZERS } from './fuzz/targets.ts';

/** For each target; `npm run fuzz` looks for longer. */
const TIME_LIMIT_MS = 1000;
const RUNS = 2000;

for (const { name, fuzz } of FUZZERS.filter((each) => each.name !== stateMachine.name)) {
  test(`fuzz - ${name} keeps its promises`, async () => {
    assert.ok((await fuzz({ runs: RUNS, timeLimitMs: TIME_LIMIT_MS })).runs > 0);
  });
}

test('A-22 fuzz - no walk through the states reaches channels or files without a login, or logs in twice', async () => {
  assert.ok((await fuzzer(stateMachine).fuzz({ runs: RUNS, timeLimitMs: 2 * TIME_LIMIT_MS })).runs > 0);
});

test('fuzz - a broken promise is told with its seed and the smallest case, ready to paste', async () => {
  const broken = fuzzer({
    name: 'ten-fold',
    input: fc.record({ count: fc.nat(100) }),
    check: ({ count }) => assert.ok(count < 10, 'too many'),
  });
  await assert.rejects(broken.fuzz({ runs: 500, seed: 7 }), (error) => {
    assert.ok(error instanceof FuzzFailure);
    assert.match(error.message, /npm run fuzz -- ten-fold --seed 7\n/);
    assert.ok(error.message.includes('too many'));
    assert.ok(error.message.includes('await tenFold.check({"count":10});'));
    return true;
  });
});

test('fuzz - pieces make the whole again, and damage is the same every time', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), cuts, mutations, (given, places, changes) => {
      const bytes = Buffer.from(given);
      assert.ok(Buffer.concat(chunked(bytes, places)).equals(bytes));
      assert.ok(mutated(bytes, changes).equals(mutated(bytes, changes)));
      if (changes.length === 0) assert.equal(mutated(bytes, changes), bytes);
    }),
  );
});
