import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CommandLineError, parseCommandLine } from './command-line.ts';

function texts(line: string): string[] {
  return parseCommandLine(line).map(({ text }) => text);
}

test('command line - words are split at blanks, quotes and backslashes keep them together', () => {
  for (const [line, expected] of [
    ['', []],
    ['  \t ', []],
    ['md5sum a  b', ['md5sum', 'a', 'b']],
    ["md5sum 'a b'", ['md5sum', 'a b']],
    ['md5sum "a b"c', ['md5sum', 'a bc']],
    ['md5sum a\\ b', ['md5sum', 'a b']],
    ["md5sum ''", ['md5sum', '']],
    ['md5sum ""', ['md5sum', '']],
    ["'a'\\''b'", ["a'b"]],
    ['"a\\"b\\\\c\\d\\$e"', ['a"b\\c\\d$e']],
    ['a\\\nb', ['ab']],
    ["a'\n'b", ['a\nb']],
    ['a#b', ['a#b']],
    ['é\u{1f600} x', ['é\u{1f600}', 'x']],
  ] as const) {
    assert.deepEqual(texts(line), expected, line);
  }
});

test('C-5 command line - what would run, join or redirect something is refused', () => {
  for (const line of [
    'a; b',
    'a | b',
    'a && b',
    'a > b',
    'a < b',
    'a `b`',
    'a $(b)',
    '"`b`"',
    'a\nb',
    '(a)',
    'a\0b',
    "'a\0b'",
    '"a\0b"',
    'a\\\0b',
  ]) {
    assert.throws(() => parseCommandLine(line), CommandLineError, JSON.stringify(line));
  }
});

test('command line - quotes without a partner, a last backslash and an endless line are refused', () => {
  for (const line of ["a 'b", 'a "b', 'a \\', 'a "b\\', 'a'.repeat(16 * 1024 + 1)]) {
    assert.throws(() => parseCommandLine(line), CommandLineError);
  }
});

test('command line - what a shell would expand is marked, and kept as it is', () => {
  const marked = (line: string): boolean[] => parseCommandLine(line).map((word) => word.wantsExpansion);
  assert.deepEqual(
    marked('$a a*b a? [a] {a,b} ~ ~/x #x "$a"'),
    Array.from({ length: 9 }, () => true),
  );
  assert.deepEqual(
    marked("a~ '$a' \\$a \\*a '*' \"*\" a#"),
    Array.from({ length: 7 }, () => false),
  );
  assert.deepEqual(texts('echo ${ShellId}%ComSpec%'), ['echo', '${ShellId}%ComSpec%']);
});

/** rclone's way to quote for a Unix shell: a backslash before whatever is not known to be harmless. */
function quotedByRclone(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.,:/@\u0080-\uffff\n-]/g, '\\$&').replaceAll('\n', "'\n'");
}

test('command line - names quoted as rclone, or with single quotes, come out as they were', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(name, (text) => {
      assert.deepEqual(texts(`md5sum ${quotedByRclone(text)}`), ['md5sum', text]);
      assert.deepEqual(texts(`md5sum '${text.replaceAll("'", "'\\''")}'`), ['md5sum', text]);
    }),
  );
});

test('command line - whatever comes, the answer is words or one kind of error', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab \'"\\$*~#\n;\0') }), (text) => {
      try {
        for (const { text: word } of parseCommandLine(text)) assert.ok(!word.includes('\0'));
      } catch (error) {
        assert.ok(error instanceof CommandLineError);
      }
    }),
  );
});
