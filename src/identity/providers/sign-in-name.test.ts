import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signInNameOf } from './sign-in-name.ts';

const DOMAIN = 'example.com';

for (const [rule, name, expected] of [
  ['if-missing', 'jdoe', 'jdoe@example.com'],
  ['if-missing', 'jdoe@other.org', 'jdoe@other.org'],
  ['if-missing', 'jdoe@EXAMPLE.com', 'jdoe@EXAMPLE.com'],
  ['always', 'jdoe', 'jdoe@example.com'],
  ['always', 'jdoe@other.org', 'jdoe@other.org@example.com'],
  ['always', 'jdoe@Example.com', 'jdoe@Example.com'],
  ['never', 'jdoe', 'jdoe'],
] as const) {
  test(`sign-in name - ${name} by the rule ${rule} becomes ${expected}`, () => {
    assert.equal(signInNameOf(name, { signInDomain: DOMAIN, signInDomainRule: rule }), expected);
  });
}

test('sign-in name - without a domain the name stays', () => {
  assert.equal(signInNameOf('jdoe', { signInDomain: undefined, signInDomainRule: 'always' }), 'jdoe');
});
