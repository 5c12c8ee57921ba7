import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAuthorityKey, parseAuthorizedKey } from './authorized-key.ts';
import { parseKeyOptions } from './key-options.ts';
import { PublicKeyError } from './public-key.ts';
import { ED25519_AUTHORITY } from './testing/openssh-certificates.ts';
import { SoftSecurityKey } from './testing/security-key.ts';

const LINE = `${ED25519_AUTHORITY} a comment, with "quotes"`;

test('authorized key - a line without options says nothing about the use of the key', () => {
  const { key, ...rest } = parseAuthorizedKey(LINE);
  assert.equal(key.type, 'ssh-ed25519');
  assert.deepEqual(rest, { isAuthority: false, isVerificationRequired: false, isTouchOptional: false });
});

test('authorized key - an authority with principals', () => {
  const parsed = parseAuthorizedKey(`cert-authority,principals="alice,sftp:partner" ${LINE}`);
  assert.equal(parsed.isAuthority, true);
  assert.deepEqual(parsed.principals, ['alice', 'sftp:partner']);
});

test('authorized key - a security key with its two options, names in any case', () => {
  const { blob, type } = new SoftSecurityKey('sk-ssh-ed25519@openssh.com');
  const parsed = parseAuthorizedKey(`Verify-Required,NO-TOUCH-REQUIRED ${type} ${blob.toString('base64')}`);
  assert.equal(parsed.key.application, 'ssh:');
  assert.equal(parsed.isVerificationRequired, true);
  assert.equal(parsed.isTouchOptional, true);
});

test('authorized key - restrict and its like are obeyed by doing nothing', () => {
  assert.equal(parseAuthorizedKey(`restrict,no-pty,no-port-forwarding ${LINE}`).isAuthority, false);
});

test('authorized key - from takes addresses, networks and what is excepted', () => {
  const { sourceAddresses } = parseAuthorizedKey(`from="192.0.2.0/24,!192.0.2.9,2001:db8::1" ${LINE}`);
  assert.equal(sourceAddresses?.includes('192.0.2.8'), true);
  assert.equal(sourceAddresses?.includes('::ffff:192.0.2.8'), true);
  assert.equal(sourceAddresses?.includes('192.0.2.9'), false);
  assert.equal(sourceAddresses?.includes('2001:db8::1'), true);
  assert.equal(sourceAddresses?.includes('2001:db8::2'), false);
});

for (const [text, isoTime] of [
  ['20261120Z', '2026-11-20T00:00:00.000Z'],
  ['202611201530Z', '2026-11-20T15:30:00.000Z'],
  ['20261120153045Z', '2026-11-20T15:30:45.000Z'],
] as const) {
  test(`authorized key - expiry-time ${text}`, () => {
    const { expiresAtMs = 0 } = parseAuthorizedKey(`expiry-time="${text}" ${LINE}`);
    assert.equal(new Date(expiresAtMs).toISOString(), isoTime);
  });
}

test("authorized key - expiry-time without Z is in the server's time zone", () => {
  const { expiresAtMs } = parseAuthorizedKey(`expiry-time="202611201530" ${LINE}`);
  assert.equal(expiresAtMs, new Date(2026, 10, 20, 15, 30).getTime());
});

const refused: readonly [string, string, RegExp][] = [
  ['command', `command="internal-sftp" ${LINE}`, /option command is not obeyed/],
  ['environment', `environment="A=b" ${LINE}`, /option environment is not obeyed/],
  ['an unknown option behind a known one', `restrict,permitopen="a:1" ${LINE}`, /permitopen/],
  ['a value where none belongs', `cert-authority="yes" ${LINE}`, /takes no value/],
  ['no value where one belongs', `from ${LINE}`, /from has no value/],
  ['principals without cert-authority', `principals="alice" ${LINE}`, /needs cert-authority/],
  ['empty principals', `cert-authority,principals="" ${LINE}`, /empty name/],
  ['a host name in from', `from="*.example.com" ${LINE}`, /option from cannot be obeyed/],
  ['a network too narrow', `from="192.0.2.0/33" ${LINE}`, /option from cannot be obeyed/],
  ['an option twice', `from="192.0.2.1",from="0.0.0.0/0" ${LINE}`, /comes twice/],
  ['a date that is none', `expiry-time="20260230" ${LINE}`, /no date/],
  ['a time that is none', `expiry-time="202601012560" ${LINE}`, /no date/],
  ['a date in words', `expiry-time="tomorrow" ${LINE}`, /YYYYMMDD/],
  ['quotation marks that do not end', `from="192.0.2.1 ${LINE}`, /options cannot be read/],
  ['a value without quotation marks', `from=192.0.2.1 ${LINE}`, /options cannot be read/],
  ['a comma at the end', `restrict, ${LINE}`, /options cannot be read/],
  [
    '33 options',
    `${Array.from({ length: 33 }, (_, index) => `o${index}`).join(',')} ${LINE}`,
    /more than 32/,
  ],
  ['a key for a web site', webSiteKey(), /not made for SSH/],
];
for (const [what, line, message] of refused) {
  test(`authorized key - ${what} makes the line unusable, and is said`, () => {
    assert.throws(
      () => parseAuthorizedKey(line),
      (error) => error instanceof PublicKeyError && message.test(error.message),
    );
  });
}

test('authority key - options are refused: they would be obeyed by nobody', () => {
  assert.equal(parseAuthorityKey(LINE).type, 'ssh-ed25519');
  assert.throws(() => parseAuthorityKey(`cert-authority ${LINE}`), PublicKeyError);
});

test('key options - a quotation mark inside of a value is written with a backslash', () => {
  const { options, rest } = parseKeyOptions('a,b="x \\"y\\", z",c \t rest of it');
  assert.deepEqual(
    [...options],
    [
      ['a', undefined],
      ['b', 'x "y", z'],
      ['c', undefined],
    ],
  );
  assert.equal(rest, 'rest of it');
});

test('key options - what is written is read back, whatever the values are', () => {
  const name = fc.stringMatching(/^[a-z-]{1,12}$/);
  const value = fc.option(
    fc.string().filter((text) => !text.includes('\\')),
    { nil: undefined },
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, value), { minLength: 1, maxLength: 8, selector: ([n]) => n }),
      (pairs) => {
        const text = pairs
          .map(([n, v]) => (v === undefined ? n : `${n}="${v.replaceAll('"', '\\"')}"`))
          .join(',');
        const { options, rest } = parseKeyOptions(`${text} rest`);
        assert.deepEqual([...options], pairs);
        assert.equal(rest, 'rest');
      },
    ),
  );
});

test('authorized key - arbitrary text gives a key or PublicKeyError and nothing else', () => {
  const piece = fc.constantFrom(
    'cert-authority',
    'from="',
    '",',
    '=',
    '"',
    '\\"',
    ' ',
    ',',
    LINE,
    'principals="a"',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
      ),
      (text) => {
        try {
          parseAuthorizedKey(text);
        } catch (error) {
          assert.ok(error instanceof PublicKeyError);
        }
      },
    ),
  );
});

function webSiteKey(): string {
  const { blob, type } = new SoftSecurityKey('sk-ecdsa-sha2-nistp256@openssh.com', 'https://bank.example');
  return `${type} ${blob.toString('base64')}`;
}
