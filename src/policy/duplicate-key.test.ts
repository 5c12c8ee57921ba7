import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { duplicateKey } from './duplicate-key.ts';

for (const [text, path] of [
  ['{"a":1,"a":2}', 'a'],
  ['{"a":1,"\\u0061":2}', 'a'],
  [
    '{"Statement":[{"Effect":"Deny"},{"Condition":{},"Effect":"Deny","Condition":{}}]}',
    'Statement.Condition',
  ],
  ['{"a":{"b":{"c":1,"d":[1,"c"],"c":{}}}}', 'a.b.c'],
] as const) {
  test(`duplicate key - ${path} is found in ${text}`, () => assert.equal(duplicateKey(text), path));
}

test('duplicate key - no JSON that was written from a value has one', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      assert.equal(duplicateKey(text), undefined);
    }),
  );
});

test('duplicate key - values, and names of other objects, are no second use', () => {
  assert.equal(
    duplicateKey('{"a":"a","b":["a","a",{"a":"a"}],"c":{"a":"{\\"a\\":1,\\"a\\":2}"}}'),
    undefined,
  );
});
