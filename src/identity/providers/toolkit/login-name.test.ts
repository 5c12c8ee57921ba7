import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toolkitName } from './login-name.ts';

const refused = { name: 'Denied', code: 'NAME_REFUSED' };

test('toolkit name - the provider is last behind @@ and @, and first before anything else', () => {
  assert.deepEqual(toolkitName('JDoe', '@@'), { user: 'jdoe' });
  assert.deepEqual(toolkitName('jdoe@@Corp-AD', '@@'), { user: 'jdoe', provider: 'corp-ad' });
  assert.deepEqual(toolkitName('j@example.com@@corp', '@@'), { user: 'j@example.com', provider: 'corp' });
  assert.deepEqual(toolkitName('j@@x@@corp', '@@'), { user: 'j@@x', provider: 'corp' });
  assert.deepEqual(toolkitName('jdoe@example.com', '@'), { user: 'jdoe', provider: 'example.com' });
  assert.deepEqual(toolkitName('jdoe@example.com', '@@'), { user: 'jdoe@example.com' });
  assert.deepEqual(toolkitName('corp-jdoe-x', '-'), { user: 'jdoe-x', provider: 'corp' });
  assert.deepEqual(toolkitName('corp\\jdoe', '\\'), { user: 'jdoe', provider: 'corp' });
});

test('toolkit name - empty parts and reserved names are refused', () => {
  for (const name of ['@@corp', 'jdoe@@', '$default$', '$', '$default$@@corp', '..@@corp', 'j/d@@corp', ''])
    assert.throws(() => toolkitName(name, '@@'), refused, name);
});

test('toolkit name - what comes out is one name of a path and never reserved', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('@@', '@', '-', '/'), (name, delimiter) => {
      try {
        assert.match(toolkitName(name, delimiter).user, /^\w[\w@.-]*$/);
      } catch (error) {
        assert.ok(error instanceof Error && error.name === 'Denied');
      }
    }),
  );
});
