import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { Denied } from '../../decision.ts';
import { Trace } from '../../trace.ts';
import { requireIdentity } from '../identity-binding.ts';
import type { Login } from '../provider.ts';
import { CANARY, Clock, endsRefused, ProviderBench, personIn } from '../testing/provider-bench.ts';
import { type ScriptedAnswer, ScriptedServer } from '../testing/scripted-server.ts';
import { oidcOptions } from './options.ts';
import { personOf } from './person.ts';
import { createOidcProvider } from './provider.ts';

const LOGIN: Login = {
  userName: 'jdoe',
  protocol: 'SFTP',
  serverId: 's-0123456789abcdef0',
  sourceIp: '203.0.113.9',
  canPrompt: false,
  signal: new AbortController().signal,
  trace: new Trace(),
};

/** An issuer that answers what the test wants, with a key of its own. */
async function scripted(options: Readonly<Record<string, unknown>> = {}) {
  const keys = new Map<string, Awaited<ReturnType<typeof generateKeyPair>>>();
  let tokens: unknown = {};
  let userInfo: unknown = {};
  let metadata: Readonly<Record<string, unknown>> = {};
  const published: object[] = [];
  const server = await ScriptedServer.start(({ path }): ScriptedAnswer => {
    if (path === '/.well-known/openid-configuration')
      return {
        json: {
          issuer: server.origin,
          token_endpoint: `${server.origin}/token`,
          jwks_uri: `${server.origin}/keys`,
          userinfo_endpoint: `${server.origin}/userinfo`,
          id_token_signing_alg_values_supported: ['RS256'],
          ...metadata,
        },
      };
    if (path === '/userinfo') return { json: userInfo };
    return { json: path === '/keys' ? { keys: published } : tokens };
  });
  const parsed = oidcOptions.parse({
    issuer: server.origin,
    clientId: 'drawbridge',
    flow: 'password',
    timeoutSeconds: 1,
    ...options,
  });
  const bench = new ProviderBench((where) => createOidcProvider(parsed, where), new Clock(Date.now()));
  return {
    server,
    bench,
    answerTokens: (value: unknown) => {
      tokens = value;
    },
    answerUserInfo: (value: unknown) => {
      userInfo = value;
    },
    changeMetadata: (more: Readonly<Record<string, unknown>>) => {
      metadata = more;
    },
    /** From now on signs with this key alone. */
    publish: async (kid: string) => {
      const pair = await generateKeyPair('RS256');
      keys.set(kid, pair);
      published.splice(0, published.length, { ...(await exportJWK(pair.publicKey)), kid, alg: 'RS256' });
      return pair;
    },
    sign: async (claims: JWTPayload, kid: string, issuer = server.origin) => {
      const pair = keys.get(kid) ?? (await generateKeyPair('RS256'));
      return new SignJWT({ preferred_username: 'jdoe', ...claims })
        .setProtectedHeader({ alg: 'RS256', kid })
        .setIssuer(issuer)
        .setSubject('sub-jdoe')
        .setAudience('drawbridge')
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(pair.privateKey);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function tokenAnswer(idToken: unknown) {
  return { access_token: `${CANARY}-access`, token_type: 'Bearer', id_token: idToken };
}

test('oidc - whatever the token endpoint answers instead of a token of the issuer is refused', async () => {
  await using scene = await scripted();
  await scene.publish('one');
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (whole, member) => {
      scene.answerTokens(whole);
      assert.ok(await endsRefused(scene.bench.password()));
      scene.answerTokens(tokenAnswer(member));
      assert.ok(await endsRefused(scene.bench.password()));
    }),
    { numRuns: 40 },
  );
});

test('oidc - any value in any member of the configuration of the issuer is refused or right', async () => {
  await using scene = await scripted();
  await scene.publish('one');
  const member = fc.constantFrom(
    'issuer',
    'token_endpoint',
    'jwks_uri',
    'id_token_signing_alg_values_supported',
  );
  await fc.assert(
    fc.asyncProperty(member, fc.jsonValue(), async (name, value) => {
      scene.changeMetadata({ [name]: value });
      const parsed = oidcOptions.parse({ issuer: scene.server.origin, clientId: 'a', flow: 'password' });
      const bench = new ProviderBench((where) => createOidcProvider(parsed, where), new Clock(Date.now()));
      assert.ok(await endsRefused(bench.password()));
    }),
    { numRuns: 40 },
  );
});

test('oidc - a token of another issuer, audience, key or time proves nobody', async () => {
  await using scene = await scripted();
  await scene.publish('one');
  const { bench } = scene;
  const yearMs = 31_536_000_000;
  const good = await scene.sign({}, 'one');
  const [head = '', body = '', signature = ''] = good.split('.');
  const wrong = [
    await scene.sign({}, 'one', 'https://elsewhere.example.com'),
    await scene.sign({}, 'unknown'),
    `${head}.${Buffer.from(body, 'base64url').toString().replace('jdoe', 'root')}.${signature}`,
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`,
    `${head}.${body}.`,
  ];
  for (const token of wrong) {
    scene.answerTokens(tokenAnswer(token));
    await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  }
  scene.answerTokens(tokenAnswer(good));
  assert.equal(personIn(await bench.password()).subject, 'sub-jdoe');
  bench.clock.nowMs += yearMs;
  await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
});

test('oidc - a new key of the issuer is fetched once it may be, an invented one is not fetched for', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  await using scene = await scripted();
  const { bench, server } = scene;
  const pass = (seconds: number) => {
    t.mock.timers.tick(seconds * 1000);
    bench.clock.pass(seconds);
  };
  const fetchCount = () => server.requests.filter(({ path }) => path === '/keys').length;
  await scene.publish('one');
  scene.answerTokens(tokenAnswer(await scene.sign({}, 'one')));
  await bench.password();
  await scene.publish('two');
  scene.answerTokens(tokenAnswer(await scene.sign({}, 'two')));
  for (let tries = 0; tries < 5; tries += 1)
    await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  assert.equal(fetchCount(), 1);
  pass(61);
  assert.equal(personIn(await bench.password()).subject, 'sub-jdoe');
  assert.equal(fetchCount(), 2);
});

test('oidc - claims of any kind never make somebody else of a person', () => {
  const options = oidcOptions.parse({ issuer: 'https://id.example.com', clientId: 'a', flow: 'password' });
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom('preferred_username', 'groups', 'acr', 'amr', 'email', 'x'),
        fc.jsonValue(),
      ),
      (claims) => {
        const settings = { options, proofs: ['password'], nowMs: 0 } as const;
        try {
          const person = personOf({ ...claims, sub: 's' }, LOGIN, settings);
          assert.equal(person.userName.toLowerCase(), 'jdoe');
        } catch (error) {
          assert.ok(error instanceof Denied);
        }
      },
    ),
  );
});

test('oidc - names compare by ASCII letters, and an e-mail address only when it is verified', () => {
  const options = oidcOptions.parse({ issuer: 'https://id.example.com', clientId: 'a', flow: 'password' });
  const named = (name: string) =>
    requireIdentity({ preferred_username: name }, { ...LOGIN, userName: 'ken' }, options);
  named('KEN');
  assert.throws(() => named('\u212Aen'), Denied);
  assert.throws(() => named('ken '), Denied);
  const byMail = { ...options, identityClaim: 'email' };
  const login = { ...LOGIN, userName: 'a@example.com' };
  requireIdentity({ email: 'a@example.com', email_verified: true }, login, byMail);
  for (const verified of [false, 'true', 1, undefined])
    assert.throws(
      () => requireIdentity({ email: 'a@example.com', email_verified: verified }, login, byMail),
      Denied,
    );
});

test('oidc - groups may be in the member of a claim, or in a claim with dots in its name', () => {
  const options = oidcOptions.parse({
    issuer: 'https://id.example.com',
    clientId: 'a',
    flow: 'password',
    groupsClaim: 'realm_access.roles',
  });
  const settings = { options, proofs: ['password'], nowMs: 0 } as const;
  const base = { sub: 's', preferred_username: 'jdoe' };
  const nested = personOf({ ...base, realm_access: { roles: ['a', 'b'] } }, LOGIN, settings);
  assert.deepEqual(
    nested.groups.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(personOf({ ...base, 'realm_access.roles': 'c' }, LOGIN, settings).groups, [
    { id: 'c', name: 'c' },
  ]);
  assert.deepEqual(personOf({ ...base, realm_access: 7 }, LOGIN, settings).groups, []);
});

test('oidc - acr, amr and the age of the proof have to be as required', () => {
  const options = oidcOptions.parse({
    issuer: 'https://id.example.com',
    clientId: 'a',
    flow: 'password',
    requireAcr: ['two', 'three'],
    requireAmr: ['pwd', 'otp'],
    maxAuthAgeSeconds: 60,
  });
  const settings = { options, proofs: ['password'], nowMs: 1_000_000 } as const;
  const good = { sub: 's', preferred_username: 'jdoe', acr: 'two', amr: ['otp', 'pwd'], auth_time: 940 };
  assert.equal(personOf(good, LOGIN, settings).subject, 's');
  for (const wrong of [
    { acr: 'one' },
    { acr: undefined },
    { amr: ['pwd'] },
    { amr: 7 },
    { auth_time: 900 },
    { auth_time: 'x' },
    { auth_time: 940_000 },
  ])
    assert.throws(() => personOf({ ...good, ...wrong }, LOGIN, settings), { code: 'MFA_REQUIRED' });
});

for (const silent of ['at once', 'after the head', 'within the body'] as const) {
  test(`oidc - a token endpoint that falls silent ${silent} times out`, async () => {
    await using scene = await scripted();
    await scene.bench.assertRefused(scene.bench.password(), 'UPSTREAM_ANSWER_INVALID');
    scene.server.answer = () => ({ silent });
    await scene.bench.assertRefused(scene.bench.password(), 'UPSTREAM_TIMED_OUT');
  });
}

test('oidc - error pages, redirects and limits have their codes', async () => {
  await using scene = await scripted();
  const { bench, server } = scene;
  await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  const cases: readonly [ScriptedAnswer, string][] = [
    [{ status: 502, text: '<html>' }, 'UPSTREAM_FAILED'],
    [{ status: 307, headers: { location: 'https://elsewhere.example.com' } }, 'UPSTREAM_FAILED'],
    [{ status: 429, json: { error: 'invalid_grant' } }, 'THROTTLED'],
    [{ status: 400, json: { error: 'unauthorized_client' } }, 'CONFIGURATION_INVALID'],
    [{ status: 400, json: { error: 'mfa_required', mfa_token: `${CANARY}-mfa` } }, 'MFA_REQUIRED'],
    [{ status: 400, json: { error: `${CANARY} of its own` } }, 'UPSTREAM_FAILED'],
    [{ status: 400, text: '<html>' }, 'UPSTREAM_ANSWER_INVALID'],
    [
      { status: 401, json: { error: 'invalid_grant' }, headers: { 'www-authenticate': 'Bearer' } },
      'BAD_CREDENTIALS',
    ],
  ];
  for (const [answer, code] of cases) {
    server.answer = () => answer;
    await bench.assertRefused(bench.password(), code);
  }
});

test('oidc - the UserInfo endpoint adds claims, but proves no second factor and no address of the token', async () => {
  await using scene = await scripted({ userInfo: true, requireAmr: ['mfa'] });
  await scene.publish('one');
  const { bench } = scene;
  const told = { sub: 'sub-jdoe', groups: ['partners'], email: 'jdoe@example.com', email_verified: true };
  scene.answerUserInfo({ ...told, amr: ['mfa'] });
  scene.answerTokens(tokenAnswer(await scene.sign({}, 'one')));
  await bench.assertRefused(bench.password(), 'MFA_REQUIRED');
  const proven = { amr: ['mfa'] };
  scene.answerTokens(tokenAnswer(await scene.sign(proven, 'one')));
  const person = personIn(await bench.password());
  assert.deepEqual(
    [person.groups, person.attributes.get('email')],
    [[{ id: 'partners', name: 'partners' }], ['jdoe@example.com']],
  );
  scene.answerTokens(tokenAnswer(await scene.sign({ ...proven, email: 'root@example.com' }, 'one')));
  assert.equal(personIn(await bench.password()).attributes.has('email'), false);
  scene.answerUserInfo({ ...told, sub: 'sub-root' });
  await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
});

test('oidc - an address that is not verified is no name, however names compare', () => {
  const options = oidcOptions.parse({
    issuer: 'https://id.example.com',
    clientId: 'a',
    flow: 'password',
    identityClaim: 'email',
    identityMatch: 'none',
  });
  const settings = { options, proofs: ['password'], nowMs: 0 } as const;
  assert.equal(personOf({ sub: 's', email: 'root@example.com' }, LOGIN, settings).userName, 'jdoe');
});

test('oidc - a signature that anybody could make is none, even where the issuer offers such', async () => {
  await using scene = await scripted({ clientSecret: `${CANARY}-secret` });
  const pair = await scene.publish('one');
  scene.changeMetadata({ id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'] });
  const { bench } = scene;
  const [, body = ''] = (await scene.sign({}, 'one')).split('.');
  const payload = JSON.parse(Buffer.from(body, 'base64url').toString());
  const byHash = (secret: string) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(Buffer.from(secret));
  const { n = '' } = await exportJWK(pair.publicKey);
  const tokens = [
    await byHash(`${CANARY}-secret`),
    await byHash(n),
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`,
  ];
  for (const token of tokens) {
    scene.answerTokens(tokenAnswer(token));
    await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  }
});

test('oidc - a token without an end, or for another client too, proves nobody', async () => {
  await using scene = await scripted();
  const pair = await scene.publish('one');
  const claims = { preferred_username: 'jdoe', iss: scene.server.origin, sub: 's', iat: seconds() };
  const sign = (more: JWTPayload) =>
    new SignJWT({ ...claims, ...more })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .sign(pair.privateKey);
  const end = { exp: seconds() + 300 };
  for (const more of [
    { aud: 'drawbridge' },
    { aud: ['drawbridge', 'another'], ...end },
    { aud: ['drawbridge', 'another'], azp: 'another', ...end },
  ]) {
    scene.answerTokens(tokenAnswer(await sign(more)));
    await scene.bench.assertRefused(scene.bench.password(), 'UPSTREAM_ANSWER_INVALID');
  }
  scene.answerTokens(tokenAnswer(await sign({ aud: 'drawbridge', ...end })));
  assert.equal(personIn(await scene.bench.password()).subject, 's');
});

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

test('oidc - one password is one call, whatever is answered', async () => {
  await using scene = await scripted();
  const { bench, server } = scene;
  await bench.assertRefused(bench.password(), 'UPSTREAM_ANSWER_INVALID');
  const answers: readonly ScriptedAnswer[] = [
    {
      status: 401,
      json: { error: 'invalid_grant' },
      headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce"' },
    },
    { status: 400, json: { error: 'use_dpop_nonce' }, headers: { 'dpop-nonce': 'x' } },
    { status: 429, headers: { 'retry-after': '0' } },
    { status: 503, headers: { 'retry-after': '0' } },
    { text: '' },
  ];
  for (const answer of answers) {
    const before = server.requests.length;
    server.answer = () => answer;
    assert.ok(await endsRefused(bench.password()));
    assert.equal(server.requests.length, before + 1);
  }
});
