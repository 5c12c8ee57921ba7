import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownSources } from './known-sources.ts';

const HOME = '192.0.2.1';
const ELSEWHERE = '198.51.100.1';

test('known sources - an address is the user’s own after a login from there, and only theirs', () => {
  const sources = new KnownSources(10, () => 0);
  assert.equal(sources.countedAs('jdoe', HOME), 'jdoe');
  sources.remember('jdoe', HOME);
  assert.equal(sources.countedAs('jdoe', HOME), `jdoe ${HOME}`);
  assert.equal(sources.countedAs('jdoe', ELSEWHERE), 'jdoe');
  assert.equal(sources.countedAs('msmith', HOME), 'msmith');
});

test('known sources - a month without a login forgets it', () => {
  let nowMs = 0;
  const sources = new KnownSources(10, () => nowMs);
  sources.remember('jdoe', HOME);
  nowMs = 30 * 24 * 60 * 60_000 - 1;
  assert.equal(sources.countedAs('jdoe', HOME), `jdoe ${HOME}`);
  nowMs += 1;
  assert.equal(sources.countedAs('jdoe', HOME), 'jdoe');
});

test('known sources - the one used longest ago makes room', () => {
  const sources = new KnownSources(2, () => 0);
  for (const account of ['a', 'b', 'a', 'c']) sources.remember(account, HOME);
  assert.deepEqual(
    ['a', 'b', 'c'].map((account) => sources.countedAs(account, HOME) !== account),
    [true, false, true],
  );
});
