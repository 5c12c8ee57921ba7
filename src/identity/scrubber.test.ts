import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Scrubber } from './scrubber.ts';

const secretText = fc
  .string({ minLength: 4, maxLength: 40, unit: 'binary' })
  .filter((text) => text.isWellFormed() && !/[\r\n]/.test(text));
const SECRET = `canary é "'\\+/?&<x>~!*`;

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

const event = JSON.stringify({ username: 'alice', password: SECRET });
for (const [what, printed] of Object.entries({
  'JSON within JSON': JSON.stringify({ body: event }),
  'JSON within JSON within JSON': JSON.stringify([JSON.stringify({ body: event })]),
  'JSON of Python': '"canary \\u00e9 \\"\'\\\\+/?&<x>~!*"',
  'a value of Python': `{'password': 'canary é "\\'\\\\+/?&<x>~!*'}`,
  'a form': new URLSearchParams({ password: SECRET }).toString(),
  'a URL of Python': 'canary%20%C3%A9%20%22%27%5C%2B/%3F%26%3Cx%3E~%21%2A',
  'a Basic header': `Basic ${Buffer.from(`alice:${SECRET}`).toString('base64')}`,
  'an event in base64': Buffer.from(event).toString('base64'),
  'a token in base64url': Buffer.from(`${event}.`).toString('base64url'),
})) {
  test(`scrub - the secret is found in ${what}`, () => {
    const scrubbed = new Scrubber([SECRET]).scrub(printed);
    assert.match(scrubbed, /\[password\]/);
    assert.ok(!scrubbed.includes('canary') && !Buffer.from(scrubbed, 'base64').includes('canary'), scrubbed);
    assert.ok(scrubbed.length < printed.length, 'it is gone');
  });
}

test('scrub - each line of a secret of several lines is one, because output comes line by line', () => {
  const scrubber = new Scrubber(['first line\r\nsecond line']);
  assert.equal(scrubber.scrub('was first line'), 'was [password]');
  assert.equal(scrubber.scrub('second line, it was'), '[password], it was');
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
