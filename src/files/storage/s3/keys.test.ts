import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ROOT, virtualPath } from '../../virtual-path.ts';
import { isName, Keys, MAX_KEY_BYTES } from './keys.ts';

test('keys - a path is its key, below the root of the view and without the first slash', () => {
  const bucket = new Keys(ROOT);
  assert.equal(bucket.file(virtualPath('/a/b')), 'a/b');
  assert.equal(bucket.directory(virtualPath('/a/b')), 'a/b/');
  assert.equal(bucket.file(ROOT), '');
  assert.equal(bucket.directory(ROOT), '');
  const home = new Keys(virtualPath('/home/jane'));
  assert.equal(home.file(ROOT), 'home/jane');
  assert.equal(home.directory(ROOT), 'home/jane/');
  assert.equal(home.file(virtualPath('/x')), 'home/jane/x');
});

test('keys - 1024 bytes are a key, one more is refused, and a directory needs room for its slash', () => {
  const keys = new Keys(ROOT);
  const names = ['é'.repeat(127), 'a'.repeat(254), 'b'.repeat(254), 'c'.repeat(254)];
  const longest = virtualPath(`/${names.join('/')}${'/x'}/y`);
  assert.equal(Buffer.byteLength(keys.file(longest)), MAX_KEY_BYTES - 1);
  assert.equal(Buffer.byteLength(keys.directory(longest)), MAX_KEY_BYTES);
  const exact = virtualPath(`${longest}y`);
  assert.equal(Buffer.byteLength(keys.file(exact)), MAX_KEY_BYTES);
  assert.throws(() => keys.directory(exact), { code: 'NAME_TOO_LONG' });
  assert.throws(() => keys.file(virtualPath(`${exact}y`)), { code: 'NAME_TOO_LONG' });
});

test('keys - names that no path can spell are told from strange ones', () => {
  for (const name of ['', '.', '..', 'a/b', 'a\0', 'x'.repeat(256), 'é'.repeat(128), '\ud800'])
    assert.equal(isName(name), false, JSON.stringify(name));
  for (const name of [
    '...',
    ' ',
    'a ',
    '-rf',
    '~',
    '%2e',
    '\\',
    'a\nb',
    '\u001b[0m',
    'é',
    'e\u0301',
    '🙂',
    'x'.repeat(255),
  ])
    assert.equal(isName(name), true, JSON.stringify(name));
});

test('keys - what a view makes of any path stays below its root, and is the path again', () => {
  const root = virtualPath('/home/jane');
  const keys = new Keys(root);
  const segment = fc.oneof(
    fc.constantFrom('..', '.', '', '%2e%2e', '\\', ' '),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
      const text = segments.join('/').replaceAll('\0', '');
      fc.pre(text.isWellFormed());
      const path = virtualPath(`/${text}`);
      const key = keys.file(path);
      assert.ok(path === ROOT ? key === 'home/jane' : key.startsWith('home/jane/'));
      assert.equal(virtualPath(key.slice('home/jane'.length) || '/'), path);
      if (path === ROOT) return;
      assert.ok(key.slice('home/jane/'.length).split('/').every(isName));
    }),
  );
});
