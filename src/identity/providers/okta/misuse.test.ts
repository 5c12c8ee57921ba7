import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMembers, type Reply } from '../../../../test/simulators/exchange.ts';
import type { Fault } from '../../../../test/simulators/faults.ts';
import type { SimulatedFactor } from '../../../../test/simulators/okta/users.ts';
import { Secret } from '../../secret.ts';
import { API_TOKEN, asked, Bench, GOOGLE, mfaUser, PASSWORD, personOf, refused } from './testing/bench.ts';

const PRIMARY = /^\/api\/v1\/authn$/;
const VERIFY = /\/verify$/;
const PUSH: SimulatedFactor = {
  id: 'opf1',
  type: 'push',
  provider: 'OKTA',
  script: { ends: 'approve', afterPolls: 3 },
};
const CANCEL = '/api/v1/authn/cancel';

function altered(change: object): Fault {
  const alter = (reply: Reply): Reply => ({
    ...reply,
    json: { ...(isMembers(reply.json) ? reply.json : {}), ...change },
  });
  return { kind: 'altered', alter };
}

const successOf = (user: object) => ({
  status: 'SUCCESS',
  factorResult: null,
  sessionToken: 'x',
  _embedded: { user },
});

test('okta - a push that is approved at once by somebody else is refused', async () => {
  await using bench = await Bench.start({ users: [mfaUser([PUSH])], options: { mfa: 'prompts' } });
  bench.simulator.failNext(VERIFY, altered(successOf({ id: '00u9other' })));
  await refused(bench.begin(), 'IDENTITY_MISMATCH');
});

for (const login of ['msmith@example.com', 'jdoe@other.example', 'jdoe'])
  test(`okta - who is proven as ${login} is not let in as jdoe@example.com`, async () => {
    await using bench = await Bench.start();
    bench.simulator.failNext(PRIMARY, altered(successOf({ id: '00u9other', profile: { login } })));
    await refused(bench.password(), 'IDENTITY_MISMATCH');
  });

test('okta - a short name, another case and an accent are spellings of one login', async () => {
  await using bench = await Bench.start({ options: { signInDomainRule: 'never' } });
  for (const login of ['JDoe@Example.com', 'jdoé@example.com']) {
    bench.simulator.failNext(PRIMARY, altered(successOf({ id: '00u1jdoe', profile: { login } })));
    assert.equal(personOf(await bench.password()).subject, '00u1jdoe');
  }
});

for (const options of [{}, { api: 'direct', clientId: 'x', mfa: 'none' }])
  test(`okta - an empty password is refused without a call: ${JSON.stringify(options)}`, async () => {
    await using bench = await Bench.start({ options });
    await refused(bench.provider.password(bench.login(), new Secret('')), 'PASSWORD_UNUSABLE');
    assert.deepEqual(bench.simulator.transcript.lines, []);
  });

for (const [what, limit] of [
  ['a user name', '4'],
  ['a user', '20'],
  ['a state token', '10'],
] as const)
  test(`okta - the limit of ${what} stops nobody else, though its bucket is empty`, async () => {
    await using bench = await Bench.start();
    const reset = String(Math.ceil(bench.nowMs / 1000) + 5);
    const headers = {
      'x-rate-limit-limit': limit,
      'x-rate-limit-remaining': '0',
      'x-rate-limit-reset': reset,
    };
    const json = { errorCode: 'E0000047' };
    bench.simulator.failNext(PRIMARY, { kind: 'altered', alter: () => ({ status: 429, json, headers }) });
    await refused(bench.password(), 'THROTTLED');
    assert.equal(personOf(await bench.password()).subject, '00u1jdoe');
  });

test('okta - a client whose address is not known has none that is told to Okta', async () => {
  const trusted = { apiToken: API_TOKEN, trustedProxy: true, readGroups: false };
  await using bench = await Bench.start({ options: trusted });
  assert.equal(personOf(await bench.password(PASSWORD, { sourceIp: '' })).subject, '00u1jdoe');
});

for (const path of [
  '/api/v1/users/me/lifecycle/suspend',
  '/api/v1/authn/../users/me',
  'https://elsewhere.example/api/v1/authn/factors/x/verify',
])
  test(`okta, prompts - a state that leads to ${path} is refused without a call`, async () => {
    await using bench = await Bench.start({ users: [mfaUser([GOOGLE])], options: { mfa: 'prompts' } });
    const { saved } = asked(await bench.begin());
    assert.ok(isMembers(saved) && isMembers(saved.factor));
    const changed = JSON.parse(JSON.stringify({ ...saved, factor: { ...saved.factor, path } }));
    const before = bench.simulator.transcript.entries.length;
    await refused(
      bench.answer({ outcome: 'asks', question: { prompts: [] }, saved: changed }, '123456'),
      'UPSTREAM_ANSWER_INVALID',
    );
    const calls = bench.simulator.transcript.entries.slice(before);
    assert.ok(calls.every(({ path: called }) => called === CANCEL));
  });

test("okta, prompts - a client's disconnect during a push cancels the transaction", async () => {
  await using bench = await Bench.start({ users: [mfaUser([PUSH])], options: { mfa: 'prompts' } });
  const { saved } = asked(await bench.begin());
  bench.simulator.failNext(VERIFY, { kind: 'silence', after: 'request' });
  const client = new AbortController();
  const poll = bench.provider.answers?.(bench.login({ canPrompt: true, signal: client.signal }), saved, []);
  assert.ok(poll !== undefined);
  setTimeout(() => client.abort(), 50);
  await refused(poll, 'UPSTREAM_TIMED_OUT');
  assert.equal(bench.simulator.transcript.count(CANCEL), 1);
  await refused(bench.answer({ outcome: 'asks', question: { prompts: [] }, saved }), 'STATE_INVALID');
});

test("okta, prompts - a client's disconnect while the push is sent cancels the transaction", async () => {
  await using bench = await Bench.start({ users: [mfaUser([PUSH])], options: { mfa: 'prompts' } });
  bench.simulator.failNext(VERIFY, { kind: 'silence', after: 'request' });
  await refused(bench.begin({ signal: AbortSignal.timeout(100) }), 'UPSTREAM_TIMED_OUT');
  assert.equal(bench.simulator.transcript.count(CANCEL), 1);
});
