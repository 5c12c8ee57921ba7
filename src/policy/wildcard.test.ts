import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileWildcard, type WildcardPiece } from './wildcard.ts';

const STAR: WildcardPiece = { kind: 'any-text' };
const HOLE: WildcardPiece = { kind: 'any-character' };

function pattern(text: string): WildcardPiece[] {
  return [...text].map((character) => (character === '*' ? STAR : character === '?' ? HOLE : character));
}

/** The definition itself, by trying everything. */
function naive(pieces: readonly WildcardPiece[], text: string): boolean {
  const [first, ...others] = pieces;
  if (first === undefined) return text === '';
  if (typeof first === 'string') return text.startsWith(first) && naive(others, text.slice(first.length));
  if (first.kind === 'any-character') return text !== '' && naive(others, text.slice(1));
  return Array.from({ length: text.length + 1 }).some((_, skipped) => naive(others, text.slice(skipped)));
}

test('wildcard - matches exactly what trying every possibility matches', () => {
  const piece = fc.oneof(
    fc.constant(STAR),
    fc.constant(HOLE),
    fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 2 }),
  );
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 9 });
  let matched = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 7 }), text, (pieces, subject) => {
      const expected = naive(pieces, subject);
      matched += Number(expected);
      assert.equal(compileWildcard(pieces)(subject), expected);
    }),
    { numRuns: 5_000 },
  );
  assert.ok(matched > 100, `only ${matched} of the examples matched`);
});

for (const [shape, text, expected] of [
  ['', '', true],
  ['', 'a', false],
  ['abc', 'abc', true],
  ['abc', 'abcd', false],
  ['abc*', 'abc', true],
  ['*', '', true],
  ['**', 'a/b:c\n', true],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['*.exe', 'setup.exe', true],
  ['*/', 'a/b/', true],
  ['*/', 'a/b', false],
  ['?', '', false],
  ['?', '\n', true],
  ['a?c', 'a/c', true],
  ['*a?', 'aaab', true],
  ['*b*b*', 'abab', true],
  ['*b*b*b*', 'abab', false],
] as const) {
  test(`wildcard - ${JSON.stringify(shape)} ${expected ? 'matches' : 'does not match'} ${JSON.stringify(text)}`, () => {
    assert.equal(compileWildcard(pattern(shape))(text), expected);
  });
}

test('wildcard - patterns that blow up backtracking matchers stay fast', () => {
  const evil = compileWildcard(pattern(`${'*a'.repeat(500)}*b`));
  const evilHoles = compileWildcard(pattern(`${'*a?'.repeat(300)}*b`));
  const stars = compileWildcard(pattern(`${'*'.repeat(2_000)}b`));
  const subject = 'a'.repeat(4_096);
  const startedMs = performance.now();
  assert.deepEqual([evil(subject), evilHoles(subject), stars(subject)], [false, false, false]);
  assert.ok(performance.now() - startedMs < 5_000, 'the matcher backtracks');
});
