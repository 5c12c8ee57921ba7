import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { EqualityFilter, FilterParser } from 'ldapts';
import { comparableName, firstValue } from './distinguished-name.ts';
import { escapeDnValue, escapeFilterValue, fillTemplate } from './escape.ts';

test('ldap escaping - whatever is filled into a filter stays the value of one comparison', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (value) => {
      fc.pre(value.isWellFormed());
      const filter = FilterParser.parseString(
        fillTemplate('(uid={username})', { username: value }, escapeFilterValue),
      );
      assert.ok(filter instanceof EqualityFilter);
      assert.equal(filter.value, value);
    }),
  );
});

test('ldap escaping - whatever is filled into a distinguished name stays one value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
      const dn = `uid=${escapeDnValue(value)},ou=people,dc=example`;
      assert.equal(firstValue(dn), value);
      assert.ok(comparableName(dn).endsWith(',ou="people",dc="example"'));
    }),
  );
});

test('ldap escaping - the characters of the RFCs are written in hexadecimal', () => {
  assert.equal(escapeFilterValue('*)(uid=\\\0'), '\\2a\\29\\28uid=\\5c\\00');
  assert.equal(
    escapeDnValue(' a,b+c "d" <e>;f=g#h\\ '),
    '\\20a\\2cb\\2bc \\22d\\22 \\3ce\\3e\\3bf\\3dg\\23h\\5c\\20',
  );
});

test('ldap escaping - a value that looks like a place is not filled again', () => {
  const values = { username: '{dn}', dn: 'x' };
  assert.equal(fillTemplate('(uid={username})', values, escapeFilterValue), '(uid={dn})');
});

test('distinguished names - case, spaces and the way of escaping make no difference', () => {
  assert.equal(comparableName('CN=Sales\\, EU, OU=Groups'), comparableName('cn=sales\\2c eu,ou=groups'));
  assert.notEqual(comparableName('CN=Sales\\, OU=Groups'), comparableName('CN=Sales, OU=Groups'));
  assert.equal(firstValue('CN=M\\c3\\bcller\\, A,OU=x'), 'Müller, A');
  assert.equal(firstValue('CN=back\\\\,OU=x'), 'back\\');
});

test('distinguished names - two that differ in any letter are never the same', () => {
  for (const letter of ['\uf770', '\u{1d429}', '\u0000', '?'])
    assert.notEqual(comparableName(`CN=sft${letter},DC=x`), comparableName('CN=sftp,DC=x'), letter);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
      fc.pre(one.isWellFormed() && other.isWellFormed() && one.toLowerCase() !== other.toLowerCase());
      const nameOf = (value: string) => comparableName(`CN=${escapeDnValue(value)},DC=x`);
      assert.notEqual(nameOf(one), nameOf(other));
    }),
  );
});
