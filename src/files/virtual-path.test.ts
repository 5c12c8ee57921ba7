import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  baseName,
  isWithin,
  MAX_NAME_BYTES,
  MAX_PATH_BYTES,
  parentPath,
  pathSegments,
  ROOT,
  rebase,
  virtualPath,
} from './virtual-path.ts';

const name = fc.oneof(
  fc.constantFrom(
    '.',
    '..',
    '',
    'a',
    'share',
    'share2',
    '...',
    ' ',
    '\\',
    '~',
    '%2e%2e',
    '\u00e9',
    'e\u0301',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('\0')),
);
const input = fc.array(name, { maxLength: 12 }).map((names) => names.join('/'));
const canonical = input.map((text) => virtualPath(text));

test('virtual path - a canonical path stays as it is', () => {
  fc.assert(fc.property(canonical, (path) => assert.equal(virtualPath(path), path)));
});

test('F-40 virtual path - the result is absolute and without empty, dot or dot-dot names', () => {
  fc.assert(
    fc.property(input, canonical, (text, base) => {
      const path = virtualPath(text, base);
      assert.ok(path.startsWith('/'));
      assert.ok(path === '/' || !path.endsWith('/'));
      for (const segment of pathSegments(path)) assert.ok(!['', '.', '..'].includes(segment));
    }),
  );
});

test('F-43 virtual path - dot-dot never climbs above the root', () => {
  fc.assert(
    fc.property(canonical, fc.integer({ min: 0, max: 20 }), (base, extra) => {
      const up = '../'.repeat(pathSegments(base).length + extra);
      assert.equal(virtualPath(`${up}etc/passwd`, base), '/etc/passwd');
    }),
  );
});

test('virtual path - bytes and text of the same name give the same path', () => {
  fc.assert(fc.property(input, (text) => assert.equal(virtualPath(Buffer.from(text)), virtualPath(text))));
});

test('virtual path - parent and base name make the path again', () => {
  fc.assert(
    fc.property(canonical, (path) => assert.equal(virtualPath(baseName(path), parentPath(path)), path)),
  );
});

test('F-41 virtual path - a prefix counts only in whole names', () => {
  fc.assert(
    fc.property(canonical, canonical, (path, ancestor) => {
      const names = pathSegments(path);
      const expected = pathSegments(ancestor).every((segment, index) => names[index] === segment);
      assert.equal(isWithin(path, ancestor), expected);
    }),
  );
  assert.equal(isWithin(virtualPath('/share2'), virtualPath('/share')), false);
  assert.equal(isWithin(virtualPath('/share/2'), virtualPath('/share')), true);
});

test('virtual path - rebasing there and back gives the same path', () => {
  fc.assert(
    fc.property(canonical, canonical, canonical, (tail, from, to) => {
      const path = rebase(tail, ROOT, from);
      assert.equal(rebase(path, from, to), rebase(tail, ROOT, to));
      assert.equal(rebase(rebase(path, from, to), to, from), path);
    }),
  );
});

test('virtual path - nothing is unescaped and no Unicode form is changed', () => {
  for (const text of [
    '/%2e%2e/a',
    '/a\\..\\b',
    '/~/a',
    '/trailing. ',
    '/caf\u00e9',
    '/cafe\u0301',
    '/\ufeffa',
  ]) {
    assert.equal(virtualPath(text), text);
    assert.equal(virtualPath(Buffer.from(text)), text);
  }
});

test('virtual path - NUL, lone surrogates and invalid UTF-8 are refused', () => {
  assert.throws(() => virtualPath('/a\0b'), { code: 'INVALID_PATH' });
  assert.throws(() => virtualPath(Buffer.from('/a\0b')), { code: 'INVALID_PATH' });
  assert.throws(() => virtualPath('/a\ud800'), { code: 'INVALID_PATH' });
  for (const hex of ['2fff', '2fc080', '2fc0af', '2feda080', '2fe28', '2ff8888080']) {
    assert.throws(() => virtualPath(Buffer.from(hex, 'hex')), { code: 'INVALID_PATH' }, hex);
  }
});

test('virtual path - a path of 4,095 bytes is the longest', () => {
  const longest = Array.from({ length: 17 }, (_, index) => `/${'a'.repeat(index < 16 ? 254 : 14)}`).join('');
  assert.equal(longest.length, MAX_PATH_BYTES);
  assert.equal(virtualPath(longest), longest);
  assert.throws(() => virtualPath(`${longest}a`), { code: 'NAME_TOO_LONG' });
  assert.equal(virtualPath(`${longest}${'/.'.repeat(9)}`), longest);
});

test('virtual path - a name of 255 bytes is the longest, counted in UTF-8', () => {
  assert.equal(baseName(virtualPath('a'.repeat(MAX_NAME_BYTES))).length, MAX_NAME_BYTES);
  assert.throws(() => virtualPath('a'.repeat(MAX_NAME_BYTES + 1)), { code: 'NAME_TOO_LONG' });
  assert.equal(virtualPath(`${'\u00e9'.repeat(127)}a`), `/${'\u00e9'.repeat(127)}a`);
  assert.throws(() => virtualPath('\u00e9'.repeat(128)), { code: 'NAME_TOO_LONG' });
});
