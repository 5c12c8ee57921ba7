import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roleSessionName } from './role-session-name.ts';

test('role session name - is as AWS Transfer names it, in the letters and the length of STS', () => {
  assert.equal(roleSessionName('jane', '0123456789abcdef', 's-1'), 'jane.0123456789abcdef@s-1');
  assert.equal(roleSessionName('jürgen/x', 'a', 's-1'), 'j_rgen_x.a@s-1');
  assert.equal(roleSessionName('u'.repeat(60), '0123456789abcdef', 's-1').length, 64);
});
