import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { exportJWK, type JWTPayload, SignJWT } from 'jose';
import { z } from 'zod';
import { IdentityFault } from '../decision.ts';
import { Secret } from '../secret.ts';
import type { HttpAnswer } from './http.ts';
import { IdTokenVerifier, subjectClaims } from './id-token.ts';

const ISSUER = 'https://id.example.com';
const CLIENT_ID = 'drawbridge';
const NOW_MS = Date.UTC(2030, 0, 1);
const NOW_SECONDS = NOW_MS / 1000;
const CANARY = 'canary-77c1';
const NOBODY_LEAVES = new AbortController().signal;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const GOOD = {
  iss: ISSUER,
  aud: CLIENT_ID,
  sub: 'jdoe',
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 300,
  kind: CANARY,
};

function sign(claims: JWTPayload, key: KeyObject | Uint8Array = rsa.privateKey, alg = 'RS256', kid = 'one') {
  return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(key);
}

async function publishedBy(keys: Readonly<Record<string, KeyObject>>): Promise<HttpAnswer> {
  const list = await Promise.all(
    Object.entries(keys).map(async ([kid, key]) => ({ ...(await exportJWK(key)), kid })),
  );
  return { status: 200, headers: new Headers(), text: '', json: { keys: list } };
}

async function scene() {
  const clock = { nowMs: NOW_MS };
  const upstream = { answer: await publishedBy({ one: rsa.publicKey, ec: ec.publicKey }), fetchCount: 0 };
  const verifier = new IdTokenVerifier({
    name: 'Vendor',
    issuer: ISSUER,
    clientId: CLIENT_ID,
    claims: subjectClaims.extend({ kind: z.literal(CANARY) }),
    fetchKeys: async () => {
      upstream.fetchCount += 1;
      return upstream.answer;
    },
    now: () => clock.nowMs,
  });
  const verify = (token: string, signal = NOBODY_LEAVES) => verifier.verify(new Secret(token), signal);
  const assertRefused = (token: string) =>
    assert.rejects(verify(token), (error: unknown) => {
      assert.ok(error instanceof IdentityFault);
      assert.equal(error.code, 'UPSTREAM_ANSWER_INVALID');
      assert.ok(!`${error.stack}${JSON.stringify(error)}`.includes(CANARY));
      return true;
    });
  return { clock, upstream, verifier, verify, assertRefused };
}

test('id token - one that holds gives its claims', async () => {
  const { verify } = await scene();
  assert.equal((await verify(await sign(GOOD))).sub, 'jdoe');
  assert.equal((await verify(await sign({ ...GOOD, aud: [CLIENT_ID, 'b'], azp: CLIENT_ID }))).sub, 'jdoe');
});

for (const [what, change] of [
  ['another issuer', { iss: 'https://elsewhere.example.com' }],
  ['another audience', { aud: 'another-client' }],
  ['several audiences and no word to whom it was given', { aud: [CLIENT_ID, 'another-client'] }],
  ['another client that it was given to', { azp: 'another-client' }],
  ['no end', { exp: undefined }],
  ['an end that is no number', { exp: 'tomorrow' }],
  ['an end that is over', { exp: NOW_SECONDS - 31 }],
  ['a beginning to come', { nbf: NOW_SECONDS + 31 }],
  ['no time of issue', { iat: undefined }],
  ['no subject', { sub: undefined }],
  ['an empty subject', { sub: '' }],
  ['a claim that the vendor has otherwise', { kind: `${CANARY}-access` }],
] as const) {
  test(`id token - with ${what} it is refused`, async () => {
    const { assertRefused } = await scene();
    await assertRefused(await sign(Object.assign({}, GOOD, change)));
  });
}

test('id token - no other algorithm counts, whatever key it takes for a secret', async () => {
  const { assertRefused } = await scene();
  const [, body = '', signature = ''] = (await sign(GOOD)).split('.');
  const head = (alg: string) => Buffer.from(JSON.stringify({ alg, kid: 'one' })).toString('base64url');
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const { n = '' } = await exportJWK(rsa.publicKey);
  for (const token of [
    `${head('none')}.${body}.`,
    `${head('none')}.${body}.${signature}`,
    `${head('RS256')}.${body}.`,
    await sign(GOOD, new TextEncoder().encode(pem), 'HS256'),
    await sign(GOOD, Buffer.from(n, 'base64url'), 'HS256'),
    await sign(GOOD, ec.privateKey, 'ES256', 'ec'),
    await sign(GOOD, otherRsa.privateKey),
    'no token',
    '',
  ])
    await assertRefused(token);
});

test('id token - keys are fetched anew for an unknown one, not within half a minute, and after an hour', async () => {
  const { clock, upstream, verify, assertRefused } = await scene();
  await verify(await sign(GOOD));
  const rotated = await sign(GOOD, otherRsa.privateKey, 'RS256', 'two');
  upstream.answer = await publishedBy({ two: otherRsa.publicKey });
  await assertRefused(rotated);
  assert.equal(upstream.fetchCount, 1);
  clock.nowMs += 30_000;
  assert.equal((await verify(rotated)).sub, 'jdoe');
  clock.nowMs += 3_599_999;
  const later = { ...GOOD, exp: NOW_SECONDS + 9000 };
  await verify(await sign(later, otherRsa.privateKey, 'RS256', 'two'));
  assert.equal(upstream.fetchCount, 2);
  clock.nowMs += 1;
  upstream.answer = await publishedBy({ one: rsa.publicKey });
  await assertRefused(await sign(later, otherRsa.privateKey, 'RS256', 'two'));
  assert.equal(upstream.fetchCount, 3);
});

test('id token - logins at the same time share one question for the keys, and one that is given up leaves it', async () => {
  const { upstream, verify } = await scene();
  const token = await sign(GOOD);
  const leaving = new AbortController();
  const all = [verify(token), verify(token, leaving.signal), verify(token)];
  leaving.abort();
  const outcomes = await Promise.allSettled(all);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(upstream.fetchCount, 1);
});

test('id token - an answer that is no key set fails, and is asked for again', async () => {
  const { upstream, verifier, verify } = await scene();
  const good = upstream.answer;
  for (const answer of [
    { ...good, status: 404 },
    ...[undefined, null, [], {}, { keys: [] }, { keys: [7] }, { keys: 'x' }].map((json) => ({
      ...good,
      json,
    })),
  ]) {
    upstream.answer = answer;
    await assert.rejects(verifier.check(NOBODY_LEAVES), { code: 'UPSTREAM_ANSWER_INVALID' });
  }
  upstream.answer = good;
  assert.equal((await verify(await sign(GOOD))).sub, 'jdoe');
});
