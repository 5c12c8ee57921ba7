import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedBy, Clock, PASSWORD, ProviderBench, personIn } from '../testing/provider-bench.ts';
import { oidcOptions } from './options.ts';
import { createOidcProvider } from './provider.ts';
import { CLIENT, CODE, RealIssuer } from './testing/real-issuer.ts';

function benchOf(issuer: string, options: Readonly<Record<string, unknown>> = {}): ProviderBench {
  const parsed = oidcOptions.parse({
    issuer,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    flow: 'password',
    ...options,
  });
  return new ProviderBench((surroundings) => createOidcProvider(parsed, surroundings), new Clock(Date.now()));
}

test('oidc password - a right password proves who the token says it is', async () => {
  await using issuer = await RealIssuer.start();
  const bench = benchOf(issuer.issuer);
  const person = personIn(await bench.password());
  assert.equal(person.subject, 'sub-jdoe');
  assert.equal(person.userName, 'jdoe');
  assert.deepEqual(person.groups, [{ id: 'sftp-users', name: 'sftp-users' }]);
  assert.deepEqual(person.proofs, ['password']);
  assert.equal(person.attributes.has('email'), false, 'an address that is not verified is left out');
  bench.assertQuiet();
});

test('oidc password - a wrong password and an unknown user are refused alike', async () => {
  await using issuer = await RealIssuer.start();
  const bench = benchOf(issuer.issuer);
  await bench.assertRefused(bench.password('wrong'), 'BAD_CREDENTIALS');
  await bench.assertRefused(bench.password(PASSWORD, { userName: 'nobody' }), 'BAD_CREDENTIALS');
});

test('oidc password - what Keycloak says of accounts has codes of its own', async () => {
  await using issuer = await RealIssuer.start();
  const bench = benchOf(issuer.issuer);
  await bench.assertRefused(bench.password(PASSWORD, { userName: 'disabled' }), 'ACCOUNT_DISABLED');
  await bench.assertRefused(bench.password(PASSWORD, { userName: 'unfinished' }), 'PASSWORD_EXPIRED');
});

test('oidc password - a wrong client secret is our fault and nobody else’s', async () => {
  await using issuer = await RealIssuer.start();
  const bench = benchOf(issuer.issuer, { clientSecret: 'canary-5d0e-wrong' });
  await bench.assertRefused(bench.password(), 'CONFIGURATION_INVALID');
});

test('oidc password - a code behind the password goes into the field of the form', async () => {
  await using issuer = await RealIssuer.start();
  const bench = benchOf(issuer.issuer, { mfa: 'appended', requireAmr: ['otp'] });
  const user = { userName: 'coded' };
  assert.deepEqual(personIn(await bench.password(`${PASSWORD}${CODE}`, user)).proofs, ['password', 'code']);
  await bench.assertRefused(bench.password(`${PASSWORD}000000`, user), 'BAD_CREDENTIALS');
  await bench.assertRefused(bench.password(PASSWORD, user), 'CODE_MISSING');
});

test('oidc password - a code that the identity provider did not look at proves nothing', async () => {
  await using issuer = await RealIssuer.start();
  const bench = benchOf(issuer.issuer, { mfa: 'appended', requireAmr: ['otp'] });
  await bench.assertRefused(bench.password(`${PASSWORD}999999`), 'MFA_REQUIRED');
});

test('oidc password - the code is asked for before the password is judged', async () => {
  await using issuer = await RealIssuer.start();
  const bench = benchOf(issuer.issuer, { mfa: 'prompts', requireAcr: ['two'] });
  const user = { userName: 'coded' };
  const wrong = await bench.password('wrong', user);
  await bench.assertRefused(bench.answer(wrong, [CODE], user), 'BAD_CREDENTIALS');
  const step = await bench.password(PASSWORD, user);
  assert.equal(askedBy(step).question.prompts[0]?.echo, false);
  assert.deepEqual(personIn(await bench.answer(step, ['123 456'], user)).proofs, ['password', 'code']);
  await bench.assertRefused(bench.answer(step, ['  '], user), 'CODE_MISSING');
  await bench.assertRefused(bench.answer(step, [], user), 'STATE_INVALID');
  await bench.assertRefused(bench.password(PASSWORD, { ...user, canPrompt: false }), 'MFA_REQUIRED');
});

test('oidc password - the user has to be the one whom the claim names', async () => {
  await using issuer = await RealIssuer.start();
  const byName = benchOf(issuer.issuer);
  await byName.assertRefused(byName.password(PASSWORD, { userName: 'verified' }), 'IDENTITY_MISMATCH');
  const byMail = benchOf(issuer.issuer, {
    identityClaim: 'email',
    signInDomain: 'example.com',
    signInDomainRule: 'never',
    identityMatch: 'none',
  });
  const person = personIn(await byMail.password(PASSWORD, { userName: 'verified' }));
  assert.equal(person.userName, 'verified@example.com');
});

test('oidc password - an issuer that is not there, or that names itself otherwise, is a fault', async () => {
  await using issuer = await RealIssuer.start();
  const elsewhere = benchOf(`${issuer.issuer}/realms/none`);
  await elsewhere.assertRefused(elsewhere.password(), 'CONFIGURATION_INVALID');
  const otherName = benchOf(issuer.issuer.replace('127.0.0.1', 'localhost'));
  await otherName.assertRefused(otherName.password(), 'CONFIGURATION_INVALID');
});

test('oidc password - claims of the UserInfo endpoint fail the login where it fails', async () => {
  await using issuer = await RealIssuer.start();
  const bench = benchOf(issuer.issuer, { userInfo: true });
  await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
});

test('oidc options - what would let in the wrong person is refused', () => {
  const base = { issuer: 'https://id.example.com', clientId: 'a', flow: 'password' };
  for (const wrong of [
    { ...base, issuer: 'http://id.example.com' },
    { ...base, mfa: 'appended' },
    { ...base, scopes: ['profile'] },
    { ...base, flow: 'device', identityMatch: 'none' },
    { ...base, flow: 'device', mfa: 'prompts', requireAmr: ['mfa'] },
    { ...base, flow: 'link' },
    { ...base, flow: 'link', redirectUri: 'http://sftp.example.com/code.html' },
    { ...base, flow: 'link', redirectUri: 'https://sftp.example.com/?page=code' },
    { ...base, flow: 'link', redirectUri: 'https://sftp.example.com/#code' },
    { ...base, issuer: 'https://user:password@id.example.com' },
  ])
    assert.equal(oidcOptions.safeParse(wrong).success, false, JSON.stringify(wrong));
  assert.ok(oidcOptions.safeParse({ ...base, mfa: 'appended', codeProof: 'required-by-provider' }).success);
});
