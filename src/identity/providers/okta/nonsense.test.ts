import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Reply } from '../../../../test/simulators/exchange.ts';
import { Denied, IdentityFault } from '../../decision.ts';
import type { Json, Step } from '../provider.ts';
import { API_TOKEN, asked, Bench, CLIENT, GOOGLE, mfaUser, PASSWORD } from './testing/bench.ts';

const RUNS = { numRuns: 150 };
const ANY_PATH = /./;
const STATUSES = [
  ...['SUCCESS', 'MFA_REQUIRED', 'MFA_CHALLENGE', 'MFA_ENROLL', 'MFA_ENROLL_ACTIVATE', 'LOCKED_OUT'],
  ...['PASSWORD_WARN', 'PASSWORD_EXPIRED', 'PASSWORD_RESET', 'RECOVERY', 'UNAUTHENTICATED', 'toString'],
];
const RESULTS = [
  'SUCCESS',
  'WAITING',
  'CHALLENGE',
  'REJECTED',
  'TIMEOUT',
  'CANCELLED',
  'ERROR',
  'constructor',
];

/** A member that is right, absent, or of any other type. */
const or = (...right: readonly unknown[]) => fc.oneof(fc.constantFrom(...right, undefined), fc.jsonValue());
const link = fc.record({ href: or('/api/v1/authn/factors/x/verify', '//other.example/'), name: or('poll') });
const factor = fc.record({
  factorType: or('push', 'token:software:totp', 'sms'),
  _links: or({}),
  profile: or({}),
});

/** Much of a transaction, and never a proof: the session token is missing or none. */
const transaction = fc.record({
  status: or(...STATUSES),
  stateToken: or('token'),
  sessionToken: fc.constantFrom(undefined, null, '', 0, 1, true, [], {}, ['x']),
  expiresAt: or('2030-01-01T00:05:00.000Z'),
  factorResult: or(...RESULTS),
  _embedded: fc.oneof(
    fc.record({
      user: or({ id: '00u1jdoe', profile: { login: 'jdoe@example.com' } }),
      factors: fc.oneof(fc.array(factor, { maxLength: 3 }), fc.jsonValue()),
      factor: fc.oneof(factor, fc.jsonValue()),
    }),
    fc.jsonValue(),
  ),
  _links: fc.oneof(
    fc.record({ next: fc.oneof(link, fc.jsonValue()), skip: link, resend: or([]) }),
    fc.jsonValue(),
  ),
});

/** Tokens that nobody signed, challenges and errors of the token endpoint. */
const grant = fc.record({
  id_token: or('e30.e30.', 'eyJhbGciOiJub25lIn0.e30.'),
  error: or('mfa_required', 'authorization_pending', 'slow_down', 'invalid_grant', 'constructor'),
  mfa_token: or('token'),
  oob_code: or('code'),
  interval: or(5, -1, 1e9),
  binding_method: or('none', 'transfer', 'prompt'),
});

const anyAnswer = fc
  .record({
    json: fc.oneof(transaction, grant, fc.jsonValue()),
    status: fc.constantFrom(200, 200, 200, 204, 400, 401, 403, 404, 418, 429, 500),
  })
  .map(({ json, status }): Reply => (status === 204 ? { status, text: '' } : { status, json }));

async function neverGrants(work: () => Promise<Step>): Promise<Step | undefined> {
  try {
    const step = await work();
    assert.equal(step.outcome, 'asks');
    return step;
  } catch (error) {
    assert.ok(error instanceof Denied || error instanceof IdentityFault, String(error));
    return undefined;
  }
}

interface Configuration {
  readonly what: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly password: string;
}

const DIRECT = { api: 'direct', clientId: CLIENT.id, clientSecret: CLIENT.secret };
const CONFIGURATIONS: readonly Configuration[] = [
  { what: 'a password', options: { mfa: 'none' }, password: PASSWORD },
  { what: 'an appended code', options: { mfa: 'appended' }, password: `${PASSWORD}123456` },
  { what: 'prompts', options: { mfa: 'prompts' }, password: PASSWORD },
  { what: 'an API token', options: { mfa: 'none', apiToken: API_TOKEN }, password: PASSWORD },
  { what: 'direct prompts', options: { mfa: 'prompts', ...DIRECT }, password: PASSWORD },
  { what: 'a direct password', options: { mfa: 'none', ...DIRECT }, password: PASSWORD },
];

for (const { what, options, password } of CONFIGURATIONS)
  test(`okta, nonsense - with ${what}, answers without a proof let nobody in`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyAnswer, { minLength: 1, maxLength: 3 }), async (answers) => {
        await using bench = await Bench.start({ users: [mfaUser([GOOGLE])], options });
        for (let i = 0; i < 8; i += 1)
          for (const answer of answers)
            bench.simulator.failNext(ANY_PATH, { kind: 'altered', alter: () => answer });
        let step = await neverGrants(() => bench.password(password, { canPrompt: true }));
        for (let round = 0; step !== undefined && round < 4; round += 1) {
          const isPoll = asked(step).question.prompts.length === 0;
          const last = step;
          step = await neverGrants(() => bench.answer(last, ...(isPoll ? [] : ['1'])));
        }
      }),
      RUNS,
    );
  });

const path = fc.constantFrom(
  '/api/v1/authn/factors/x/verify',
  '/api/v1/users/me',
  'https://other.example/',
  '',
);
const heldFactor = fc.record({
  type: fc.constantFrom('push', 'sms', 'question', 'web', ''),
  provider: fc.constant(''),
  path,
});
const tries = fc.constantFrom(1, -9, 1e9);
const forEver = fc.constantFrom(1e15, -1);
const token = fc.constantFrom('token', '');

/** States of every stage, as if somebody could make them up. */
const saved = fc.oneof(
  fc.jsonValue(),
  fc.record({
    stage: fc.constant('choose'),
    stateToken: token,
    tries,
    factors: fc.array(heldFactor, { maxLength: 3 }),
  }),
  fc.record({ stage: fc.constant('code'), stateToken: token, factor: heldFactor }),
  fc.record({ stage: fc.constant('push'), stateToken: token, path, untilMs: forEver, polls: tries }),
  fc.record({ stage: fc.constant('choose'), mfaToken: token, methods: fc.constantFrom([], ['push']), tries }),
  fc.record({ stage: fc.constant('otp'), mfaToken: token }),
  fc.record({ stage: fc.constant('sent'), mfaToken: token, oobCode: token }),
  fc.record({
    stage: fc.constant('push'),
    mfaToken: token,
    oobCode: token,
    untilMs: forEver,
    intervalSeconds: fc.constantFrom(-1, 5, 1e9),
  }),
);
const someAnswers = fc.array(fc.constantFrom('1', '', '123456'), { maxLength: 2 });

for (const { what, options } of CONFIGURATIONS)
  test(`okta, nonsense - with ${what}, states that are made up lead nowhere`, async () => {
    await using bench = await Bench.start({ users: [mfaUser([GOOGLE])], options });
    await fc.assert(
      fc.asyncProperty(saved, someAnswers, async (state, answers) => {
        const travelled: Json = JSON.parse(JSON.stringify(state));
        const step: Step = { outcome: 'asks', question: { prompts: [] }, saved: travelled };
        await neverGrants(() => bench.answer(step, ...answers));
      }),
      RUNS,
    );
  });

test('okta, nonsense - answers of the Users API name nobody who may log in with a key', async () => {
  const user = fc.record({
    id: or('00u1jdoe'),
    status: fc.constantFrom('active', 'SUSPENDED', '', null, ['ACTIVE'], 'constructor', undefined),
    profile: or({ login: 'jdoe@example.com' }),
  });
  await using bench = await Bench.start({ options: { apiToken: API_TOKEN } });
  await fc.assert(
    fc.asyncProperty(fc.oneof(user, fc.jsonValue()), async (json) => {
      bench.simulator.failNext(ANY_PATH, { kind: 'altered', alter: () => ({ status: 200, json }) });
      await assert.rejects(bench.provider.lookUp(bench.login()), (error) => {
        assert.ok(error instanceof Denied || error instanceof IdentityFault);
        return true;
      });
    }),
    RUNS,
  );
});
