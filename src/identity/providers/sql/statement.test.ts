import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseStatement, valuesOf } from './statement.ts';

const ALLOWED = ['userName', 'serverId'];

describe('statement', () => {
  it('statement - names become places, the same name the same place', () => {
    const statement = parseStatement('a = :userName AND b = :serverId OR c = :userName', '$', ALLOWED);
    assert.equal(statement.text, 'a = $1 AND b = $2 OR c = $1');
    assert.deepEqual(valuesOf(statement, { serverId: 's', userName: 'u' }), ['u', 's']);
    assert.equal(parseStatement(':userName', '?', ALLOWED).text, '?1');
  });

  it('statement - texts, names, casts and comments are left alone', () => {
    const text = `SELECT ':x' AS ":y", a::text -- :z\n/* :w */ FROM t WHERE 'it''s :v' = :userName::text`;
    assert.equal(parseStatement(text, '$', ALLOWED).text, text.replace(':userName', '$1'));
  });

  it('statement - an unknown parameter is a fault of the configuration', () => {
    assert.throws(() => parseStatement('a = :password', '$', ALLOWED), { code: 'CONFIGURATION_INVALID' });
  });
});
