import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Denied, IdentityFault } from '../../decision.ts';
import type { Json, Step } from '../provider.ts';
import { CANARY, CognitoBench, questionOf } from './testing/bench.ts';
import type { Reply } from './testing/scripted-cognito.ts';

const RUNS = { numRuns: 150 };
const CHALLENGES = [
  ...['SOFTWARE_TOKEN_MFA', 'SMS_MFA', 'EMAIL_OTP', 'SELECT_MFA_TYPE', 'MFA_SETUP', 'NEW_PASSWORD_REQUIRED'],
  ...['CUSTOM_CHALLENGE', 'PASSWORD_VERIFIER', 'DEVICE_SRP_AUTH', 'SELECT_CHALLENGE', 'constructor'],
];
const ERRORS = [
  ...['NotAuthorizedException', 'CodeMismatchException', 'InvalidPasswordException', 'ThrottlingException'],
  ...['UnexpectedLambdaException', 'InternalErrorException', 'constructor'],
];

/** A member that is right, absent, or of any other type. */
const or = (...right: readonly unknown[]) => fc.oneof(fc.constantFrom(...right, undefined), fc.jsonValue());

/** Much of an answer, and never a token that the pool signed. */
const body = fc.record({
  AuthenticationResult: or(
    { IdToken: 'e30.e30.' },
    { IdToken: 'eyJhbGciOiJub25lIn0.eyJ0b2tlbl91c2UiOiJpZCJ9.' },
    { AccessToken: 'x' },
  ),
  ChallengeName: or(...CHALLENGES),
  Session: or('session'),
  ChallengeParameters: or(
    { MFAS_CAN_CHOOSE: '["SOFTWARE_TOKEN_MFA","SMS_MFA"]' },
    { USER_ID_FOR_SRP: 'jane', requiredAttributes: '[]' },
    { MFAS_CAN_CHOOSE: '{', requiredAttributes: '"x"' },
  ),
});
const question = fc
  .constantFrom(...CHALLENGES)
  .map((ChallengeName): Reply => ({ body: { ChallengeName, Session: 'session', ChallengeParameters: {} } }));
const reply = fc.oneof(
  question,
  body.map((value): Reply => ({ body: value })),
  fc.jsonValue().map((value): Reply => ({ body: value })),
  fc.constantFrom(...ERRORS).map((error): Reply => ({ error })),
);

/** Nobody is let in; what is thrown is one of ours and tells nothing. */
async function neverGrants(work: () => Promise<Step>): Promise<Step | undefined> {
  try {
    const step = await work();
    assert.equal(step.outcome, 'asks');
    return step;
  } catch (error) {
    assert.ok(error instanceof Denied || error instanceof IdentityFault, String(error));
    assert.doesNotMatch(`${error.stack}`, new RegExp(CANARY));
    return undefined;
  }
}

for (const [what, options, typed] of [
  ['a password', { mfa: 'none' }, CANARY],
  ['an appended code', { mfa: 'appended' }, `${CANARY}123456`],
  [
    'everything that can be asked',
    { mfa: 'prompts', newPassword: 'prompt', customChallenge: 'second-factor' },
    CANARY,
  ],
] as const)
  test(`cognito, nonsense - with ${what}, answers without a signed token let nobody in`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(reply, { minLength: 8, maxLength: 8 }), async (replies) => {
        await using bench = await CognitoBench.start(options);
        bench.cognito.script(...replies);
        let step = await neverGrants(() => bench.password(typed));
        for (let round = 0; step !== undefined && round < 4; round += 1) {
          const { saved, question: asked } = questionOf(step);
          const answers = asked.prompts.map(() => '123456');
          step = await neverGrants(() => bench.answers(saved, ...answers));
        }
      }),
      RUNS,
    );
  });

const saved = fc.oneof(
  fc.jsonValue(),
  fc.record({
    challenge: fc.constantFrom(...CHALLENGES),
    session: fc.constantFrom('session', ''),
    progress: fc.record({
      userName: fc.constantFrom('jdoe', ''),
      proofs: fc.constantFrom([], ['password'], ['browser']),
      isSecondFactorProven: fc.boolean(),
      asked: fc.constantFrom([], Array(16).fill('SMS_MFA')),
    }),
  }),
);

test('cognito, nonsense - states that are made up lead nowhere', async () => {
  await using bench = await CognitoBench.start({ mfa: 'prompts' });
  await fc.assert(
    fc.asyncProperty(
      saved,
      fc.array(fc.constantFrom('', '123456'), { maxLength: 3 }),
      async (state, answers) => {
        bench.cognito.script({ error: 'NotAuthorizedException', message: 'Invalid session for the user.' });
        const travelled: Json = JSON.parse(JSON.stringify(state));
        await neverGrants(() => bench.answers(travelled, ...answers));
      },
    ),
    RUNS,
  );
});

test('cognito, nonsense - answers to a look-up name nobody who may log in with a key', async () => {
  await using bench = await CognitoBench.start({ keyLoginGroups: false });
  const user = fc.record({
    Username: or('jdoe'),
    Enabled: fc.constantFrom(true, false, 'true', 1, undefined),
    UserStatus: fc.constantFrom(
      'UNCONFIRMED',
      'ARCHIVED',
      'EXTERNAL_PROVIDER',
      'confirmed',
      '',
      1,
      undefined,
    ),
    UserAttributes: or([{ Name: 'sub', Value: 'x' }]),
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(user, fc.jsonValue()), async (value) => {
      bench.cognito.script({ body: value });
      await assert.rejects(bench.provider.lookUp(bench.login()), (error) => {
        assert.ok(error instanceof Denied || error instanceof IdentityFault, String(error));
        return true;
      });
    }),
    RUNS,
  );
});
