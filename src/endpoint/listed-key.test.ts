import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { type Certificate, fingerprint } from '../ssh/index.ts';
import { readRevocations } from './revocations.ts';
import { GRANT, line, setUp, sshKey } from './testing/login-bench.ts';

const [key, other, authority] = [1, 2, 3].map(() => sshKey(generateKeyPairSync('ed25519').privateKey));
assert.ok(key !== undefined && other !== undefined && authority !== undefined);

/** As the SSH layer would have read and checked it. */
const certificate: Certificate = {
  type: 'ssh-ed25519-cert-v01@openssh.com',
  key,
  serial: 42n,
  kind: 1,
  keyId: 'badge 7',
  principals: ['alice'],
  validAfter: 0n,
  validBefore: 2n ** 64n - 1n,
  options: { isSftpForced: false, isVerificationRequired: false, isTouchOptional: false },
  authority,
  signature: Buffer.alloc(0),
  signedPart: Buffer.alloc(0),
};

function withLines(...PublicKeys: readonly string[]) {
  return setUp(() => ({ ...GRANT, PublicKeys }));
}

test('key lines - the terms of the line of the key are handed on', async () => {
  const { login, attempt } = withLines(line(other), `verify-required,from="203.0.113.0/24" ${line(key)}`);
  const terms = await login.acceptsKey({ ...attempt, key });
  assert.ok(terms !== false);
  assert.equal(terms.isVerificationRequired, true);
  assert.equal(terms.isTouchOptional, false);
  assert.equal(terms.sourceAddresses?.includes('203.0.113.9'), true);
});

for (const [what, options, code] of [
  ['whose line has expired', 'expiry-time="20200101Z"', 'KEY_EXPIRED'],
  ['whose line is for elsewhere', 'from="198.51.100.0/24"', 'KEY_SOURCE_REFUSED'],
  ['whose line is for an authority', 'cert-authority', 'KEY_NOT_LISTED'],
  ['whose line has an option nobody obeys', 'command="true"', 'KEY_NOT_LISTED'],
] as const) {
  test(`key lines - a key ${what} is refused as ${code}`, async () => {
    const { login, attempt, refusals, lines } = withLines(`${options} ${line(key)}`);
    assert.equal(await login.acceptsKey({ ...attempt, key }), false);
    assert.equal((await login.keyProven({ ...attempt, key })).outcome, 'refused');
    assert.deepEqual(
      refusals().map((entry) => entry.code),
      [code, code],
    );
    const warnings = lines.filter((text) => text.includes('is skipped'));
    assert.equal(warnings.length, options.startsWith('command') ? 1 : 0);
    assert.ok(warnings.every((text) => text.includes('option command')));
  });
}

test('key lines - another line of the same key may let it in', async () => {
  const { login, attempt } = withLines(`from="198.51.100.1" ${line(key)}`, line(key));
  assert.notEqual(await login.acceptsKey({ ...attempt, key }), false);
});

test('certificate - one of an authority among the lines is accepted, under the terms of its line', async () => {
  const { login, attempt } = withLines(`cert-authority,principals="partner,alice" ${line(authority)}`);
  const terms = await login.acceptsKey({ ...attempt, key, certificate });
  assert.deepEqual(terms !== false && terms.principals, ['partner', 'alice']);
});

test('certificate - a line of its key, or of its authority as a key, does not make it trusted', async () => {
  const { login, attempt, refusals } = withLines(line(key), line(authority));
  assert.equal(await login.acceptsKey({ ...attempt, key, certificate }), false);
  assert.equal(refusals()[0]?.code, 'CERTIFICATE_NOT_TRUSTED');
});

test('certificate - one of an authority the server trusts needs no key of the user', async () => {
  const { login, attempt, events } = setUp(() => GRANT, { trustedAuthorities: [authority] });
  assert.deepEqual(await login.acceptsKey({ ...attempt, key, certificate }), {});
  const verdict = await login.keyProven({ ...attempt, key, certificate });
  assert.ok(verdict.outcome === 'accepted');
  assert.equal(verdict.identity.key?.certificate?.keyId, 'badge 7');
  assert.equal(events.length, 1);
  assert.equal(await login.acceptsKey({ ...attempt, key }), false, 'the key alone is still not listed');
});

test('certificate - a user the provider refuses is not let in by it', async () => {
  const { login, attempt, refusals } = setUp(() => ({}), { trustedAuthorities: [authority] });
  assert.equal(await login.acceptsKey({ ...attempt, key, certificate }), false);
  assert.equal(refusals()[0]?.code, 'NOT_AUTHENTICATED');
});

test('certificate - of several lines of its authority the one that names it is taken', async () => {
  const partner = { ...certificate, principals: ['partner'] };
  const lines = [
    `cert-authority ${line(authority)}`,
    `cert-authority,principals="partner" ${line(authority)}`,
  ];
  for (const trustedAuthorities of [[], [authority]]) {
    const { login, attempt } = setUp(() => ({ ...GRANT, PublicKeys: lines }), { trustedAuthorities });
    const terms = await login.acceptsKey({ ...attempt, key, certificate: partner });
    assert.deepEqual(terms !== false && terms.principals, ['partner']);
  }
});

const authorityPrint = fingerprint(authority.blob);

for (const [what, revocations, code] of [
  ['by its serial', readRevocations([], [{ Serials: ['42'], KeyIds: [] }]), 'CERTIFICATE_REVOKED'],
  [
    'by a range of serials',
    readRevocations([], [{ Serials: ['1', '40-50'], KeyIds: [] }]),
    'CERTIFICATE_REVOKED',
  ],
  ['by its key id', readRevocations([], [{ Serials: [], KeyIds: ['badge 7'] }]), 'CERTIFICATE_REVOKED'],
  [
    'by a serial of its authority',
    readRevocations([], [{ Authority: authorityPrint, Serials: ['42'], KeyIds: [] }]),
    'CERTIFICATE_REVOKED',
  ],
  ['by the key in it', readRevocations([fingerprint(key.blob)], []), 'KEY_REVOKED'],
  ['by its authority', readRevocations([authorityPrint], []), 'KEY_REVOKED'],
] as const) {
  test(`revocation - a certificate that is revoked ${what} is refused, however it is trusted`, async () => {
    const answer = { ...GRANT, PublicKeys: [`cert-authority ${line(authority)}`] };
    for (const trustedAuthorities of [[], [authority]]) {
      const { login, attempt, refusals } = setUp(() => answer, { trustedAuthorities, revocations });
      assert.equal(await login.acceptsKey({ ...attempt, key, certificate }), false);
      assert.equal((await login.keyProven({ ...attempt, key, certificate })).outcome, 'refused');
      assert.equal(refusals()[0]?.code, code);
    }
  });
}

test('revocation - a listed key that is revoked is refused, and other keys and serials are not', async () => {
  const revocations = readRevocations(
    [fingerprint(key.blob)],
    [{ Authority: fingerprint(other.blob), Serials: ['42', '43-99'], KeyIds: ['badge 8'] }],
  );
  const { login, attempt, refusals } = setUp(() => ({ ...GRANT, PublicKeys: [line(key), line(other)] }), {
    revocations,
    trustedAuthorities: [authority],
  });
  assert.equal(await login.acceptsKey({ ...attempt, key }), false);
  assert.equal(refusals()[0]?.code, 'KEY_REVOKED');
  assert.notEqual(await login.acceptsKey({ ...attempt, key: other }), false);
  assert.notEqual(
    await login.acceptsKey({ ...attempt, key: other, certificate: { ...certificate, key: other } }),
    false,
  );
});
