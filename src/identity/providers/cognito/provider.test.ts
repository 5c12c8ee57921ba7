import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { generateKeyPair } from 'jose';
import { Secret } from '../../secret.ts';
import { CANARY, CognitoBench, personOf, questionOf } from './testing/bench.ts';
import { CLIENT_ID, challenge, POOL_ID } from './testing/scripted-cognito.ts';

const PUBLIC = { flow: 'user-password' };

function hashOf(userName: string, secret: string): string {
  return createHmac('sha256', secret).update(`${userName}${CLIENT_ID}`).digest('base64');
}

test('cognito - the signed flow sends name, password, pool and where the user comes from', async () => {
  await using bench = await CognitoBench.start();
  bench.cognito.script(await bench.cognito.tokens());
  const person = personOf(await bench.password());
  assert.deepEqual(bench.input(0, 'AdminInitiateAuth'), {
    AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
    ClientId: CLIENT_ID,
    UserPoolId: POOL_ID,
    AuthParameters: { USERNAME: 'jdoe', PASSWORD: CANARY },
    ClientMetadata: { serverId: 's-0123456789abcdef0', protocol: 'SFTP' },
    ContextData: {
      IpAddress: '192.0.2.7',
      ServerName: 's-0123456789abcdef0',
      ServerPath: '/SFTP',
      HttpHeaders: [],
    },
  });
  assert.equal(bench.cognito.calls[0]?.isSigned, true);
  assert.equal(person.subject, 'sub-of-jdoe');
  assert.equal(person.userName, 'jdoe');
  assert.deepEqual(person.proofs, ['password']);
  assert.ok(!JSON.stringify(bench.trace.steps).includes(CANARY));
});

test('cognito - the public flow is not signed and needs no credentials', async () => {
  await using bench = await CognitoBench.start({ ...PUBLIC, credentials: undefined });
  bench.cognito.script(await bench.cognito.tokens());
  personOf(await bench.password());
  const input = bench.input(0, 'InitiateAuth');
  assert.equal(input.AuthFlow, 'USER_PASSWORD_AUTH');
  assert.deepEqual(input.UserContextData, { IpAddress: '192.0.2.7' });
  assert.equal(bench.cognito.calls[0]?.isSigned, false);
});

for (const options of [{}, PUBLIC]) {
  const flow = 'flow' in options ? 'public' : 'signed';
  test(`cognito - a secret hash is made over the name of each call: ${flow}`, async () => {
    await using bench = await CognitoBench.start({ ...options, clientSecret: 'of-client', mfa: 'appended' });
    const parameters = { USER_ID_FOR_SRP: 'uuid-of-jdoe' };
    bench.cognito.script(
      { body: { ChallengeName: 'SOFTWARE_TOKEN_MFA', Session: 's1', ChallengeParameters: parameters } },
      await bench.cognito.tokens(),
    );
    personOf(await bench.password(`${CANARY}123456`));
    assert.deepEqual(
      bench.input(0, flow === 'public' ? 'InitiateAuth' : 'AdminInitiateAuth').AuthParameters,
      {
        USERNAME: 'jdoe',
        PASSWORD: CANARY,
        SECRET_HASH: hashOf('jdoe', 'of-client'),
      },
    );
    const answer = flow === 'public' ? 'RespondToAuthChallenge' : 'AdminRespondToAuthChallenge';
    assert.deepEqual(bench.input(1, answer).ChallengeResponses, {
      USERNAME: 'uuid-of-jdoe',
      SOFTWARE_TOKEN_MFA_CODE: '123456',
      SECRET_HASH: hashOf('uuid-of-jdoe', 'of-client'),
    });
    assert.equal(bench.input(1, answer).Session, 's1');
  });
}

test('cognito - claims become attributes, and cognito:groups groups', async () => {
  await using bench = await CognitoBench.start();
  const claims = {
    'cognito:groups': ['sftp', 'ops'],
    'custom:sftp_uid': '2030',
    email_verified: true,
    address: { formatted: 'nowhere' },
  };
  bench.cognito.script(await bench.cognito.tokens(claims));
  const { attributes, groups } = personOf(await bench.password());
  assert.deepEqual(groups, [
    { id: 'sftp', name: 'sftp' },
    { id: 'ops', name: 'ops' },
  ]);
  assert.deepEqual(attributes.get('custom:sftp_uid'), ['2030']);
  assert.deepEqual(attributes.get('email_verified'), ['true']);
  assert.equal(attributes.has('address'), false);
  assert.equal(attributes.has('exp'), false);
});

test('cognito - the sign-in domain makes the name, and a verified e-mail address is one', async () => {
  await using bench = await CognitoBench.start({ signInDomain: 'example.com' });
  const claims = { 'cognito:username': 'a-uuid', email: 'JDoe@example.com', email_verified: true };
  bench.cognito.script(await bench.cognito.tokens(claims));
  assert.equal(personOf(await bench.password()).userName, 'a-uuid');
  assert.deepEqual(bench.input(0, 'AdminInitiateAuth').AuthParameters, {
    USERNAME: 'jdoe@example.com',
    PASSWORD: CANARY,
  });
});

for (const [what, claims] of [
  ['an unverified e-mail address', { email: 'jdoe', email_verified: false }],
  ['the preferred user name, where that is not allowed', { preferred_username: 'jdoe' }],
  ['nothing at all', {}],
] as const) {
  test(`cognito - somebody whose name is another, and whose alias is ${what}, is refused`, async () => {
    await using bench = await CognitoBench.start();
    bench.cognito.script(await bench.cognito.tokens({ 'cognito:username': 'mallory', ...claims }));
    await bench.assertRefused(bench.password(), 'IDENTITY_MISMATCH');
  });
}

test('cognito - the preferred user name is a name where that is allowed', async () => {
  await using bench = await CognitoBench.start({ names: ['preferred_username'] });
  const claims = { 'cognito:username': 'x', preferred_username: 'jdoe' };
  bench.cognito.script(await bench.cognito.tokens(claims));
  assert.equal(personOf(await bench.password()).userName, 'x');
});

const past = Math.floor(Date.now() / 1000) - 3600;
for (const [what, claims] of [
  ['of another issuer', { iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other' }],
  ['for another client', { aud: 'another' }],
  ['that has expired', { exp: past }],
  ['without an expiry', { exp: undefined }],
  ['that is an access token', { token_use: 'access' }],
  ['without a subject', { sub: undefined }],
  ['without a user name', { 'cognito:username': undefined }],
  ['with a user name that is no text', { 'cognito:username': {} }],
] as const) {
  test(`cognito - a token ${what} proves nothing`, async () => {
    await using bench = await CognitoBench.start();
    const token = await bench.cognito.idToken(claims);
    bench.cognito.script(bench.cognito.tokenReply(token));
    await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  });
}

test('cognito - a token signed by another key, or by none, proves nothing', async () => {
  await using bench = await CognitoBench.start();
  const stranger = generateKeyPair('RS256');
  const forged = await bench.cognito.idToken({}, stranger);
  const [header = '', payload = ''] = (await bench.cognito.idToken()).split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  for (const token of [forged, `${none}.${payload}.`, `${header}.${payload}.`, 'token']) {
    bench.cognito.script(bench.cognito.tokenReply(token));
    await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  }
});

test('cognito - the keys of the pool are asked for once, not for each login', async () => {
  await using bench = await CognitoBench.start();
  for (let login = 0; login < 3; login++) {
    bench.cognito.script(await bench.cognito.tokens());
    await bench.password();
  }
  assert.equal(bench.cognito.keyRequests, 1);
});

for (const body of [
  {},
  [],
  null,
  'text',
  { AuthenticationResult: {} },
  { AuthenticationResult: { IdToken: '' } },
  { AuthenticationResult: { AccessToken: 'x' } },
  { AuthenticationResult: { IdToken: 'x' }, ChallengeName: 'SMS_MFA' },
  { ChallengeName: '' },
  { Session: 'x' },
]) {
  test(`cognito - an answer that says neither yes nor what is missing refuses: ${JSON.stringify(body)}`, async () => {
    await using bench = await CognitoBench.start();
    bench.cognito.script({ body });
    await assert.rejects(bench.password(), (error: Error) => {
      assert.match('code' in error ? String(error.code) : '', /^UPSTREAM_(?:ANSWER_INVALID|FAILED)$/);
      return true;
    });
  });
}

test('cognito - a login that is given up ends at once, and asks nothing further', async () => {
  await using bench = await CognitoBench.start();
  bench.cognito.script({ isSilent: true });
  const signal = AbortSignal.timeout(100);
  await bench.assertRefused(bench.password(CANARY, { signal }), 'UPSTREAM_TIMED_OUT');
  assert.equal(bench.cognito.calls.length, 1);
});

test('cognito - a service that keeps failing is given a pause; wrong passwords give none', async () => {
  await using bench = await CognitoBench.start();
  const wrong = { error: 'NotAuthorizedException', message: 'Incorrect username or password.' };
  for (let attempt = 0; attempt < 8; attempt++) {
    bench.cognito.script(wrong);
    await bench.assertRefused(bench.password(), 'BAD_CREDENTIALS');
  }
  for (let attempt = 0; attempt < 5; attempt++) {
    bench.cognito.script({ error: 'InternalErrorException', status: 500 });
    await bench.assertRefused(bench.password(), 'UPSTREAM_FAILED');
  }
  await bench.assertRefused(bench.password(), 'UPSTREAM_SUSPENDED');
  assert.equal(bench.cognito.calls.length, 13, 'each password is tried once, and none in the pause');
});

test('cognito - a pool that cannot be reached is no wrong password', async () => {
  const bench = await CognitoBench.start();
  await bench.cognito[Symbol.asyncDispose]();
  await bench.assertRefused(bench.password(), 'UPSTREAM_UNREACHABLE');
  await bench.provider.close();
});

for (const flow of ['admin-user-password', 'user-password'])
  test(`cognito - a client whose address is not known has none that is sent: ${flow}`, async () => {
    await using bench = await CognitoBench.start({ flow, mfa: 'prompts' });
    bench.cognito.script(challenge('SOFTWARE_TOKEN_MFA'), await bench.cognito.tokens());
    const { saved } = questionOf(await bench.password(CANARY, { sourceIp: '' }));
    const answers = [new Secret('123456')];
    await bench.provider.answers?.(bench.login({ sourceIp: '' }), saved, answers);
    assert.equal(bench.cognito.calls.length, 2);
    for (const { input } of bench.cognito.calls)
      assert.deepEqual([input.ContextData, input.UserContextData], [undefined, undefined]);
  });

for (const error of ['UnexpectedLambdaException', 'InvalidLambdaResponseException'])
  test(`cognito - a trigger that can be made to fail by one name locks nobody else out: ${error}`, async () => {
    await using bench = await CognitoBench.start();
    for (let login = 0; login < 6; login += 1) {
      bench.cognito.script({ error });
      await bench.assertRefused(bench.password(), 'CONDITIONAL_ACCESS');
    }
    bench.cognito.script(await bench.cognito.tokens());
    assert.equal(personOf(await bench.password()).userName, 'jdoe');
  });
