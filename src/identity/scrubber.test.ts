import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Scrubber } from './scrubber.ts';

const secretText = fc
  .string({ minLength: 4, maxLength: 40, unit: 'binary' })
  .filter((text) => text.isWellFormed());

test('scrub - no printed form of the secret survives', () => {
  fc.assert(
    fc.property(secretText, (secret) => {
      const scrubbed = new Scrubber([secret]).scrub(
        ['«', secret, JSON.stringify(secret), inspect(secret), encodeURIComponent(secret), '»'].join(
          '\u0001\u0002',
        ),
      );
      assert.ok(!scrubbed.includes(JSON.stringify(secret)) && !scrubbed.includes(inspect(secret)));
      assert.equal(scrubbed.split('\u0001\u0002')[1], '[password]');
    }),
  );
});

test('scrub - a secret is text, not a pattern', () => {
  assert.equal(new Scrubber(['a.*b$&']).scrub('aXXb a.*b$& c'), 'aXXb [password] c');
});

test('scrub - text with a very short secret is withheld as a whole', () => {
  const scrubber = new Scrubber(['abc']);
  assert.match(scrubber.scrub('go abc on'), /^\[withheld: /);
  assert.equal(scrubber.scrub('nothing here'), 'nothing here');
});

test('scrub - without secrets the text stays', () => {
  assert.equal(new Scrubber([]).scrub('as it is'), 'as it is');
});

test('excerpt - leaves no beginning of a secret at the cut', () => {
  const secret = 'correct-horse-battery';
  const scrubber = new Scrubber([secret]);
  for (let offset = 0; offset < 60; offset += 1) {
    const excerpt = scrubber.excerpt(`${'.'.repeat(offset)}${secret.repeat(5)}${'-'.repeat(200)}`, 50);
    assert.equal(/corre/.test(excerpt), false, excerpt);
    assert.ok(excerpt.length <= 51, excerpt);
  }
});

test('excerpt - short text is given whole', () => {
  assert.equal(new Scrubber(['secret']).excerpt('my secret', 50), 'my [password]');
});
