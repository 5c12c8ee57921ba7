import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CANARY, CognitoBench, personOf, questionOf } from './testing/bench.ts';
import { challenge, type Reply } from './testing/scripted-cognito.ts';

const RESPONSE = 'AdminRespondToAuthChallenge';
const PROMPTS = { mfa: 'prompts' };
const APPENDED = { mfa: 'appended' };

function responsesOf(bench: CognitoBench, index: number): unknown {
  return bench.input(index, RESPONSE).ChallengeResponses;
}

test('cognito - a code behind the password answers for the authenticator app', async () => {
  await using bench = await CognitoBench.start(APPENDED);
  bench.cognito.script(challenge('SOFTWARE_TOKEN_MFA'), await bench.cognito.tokens());
  const person = personOf(await bench.password(`${CANARY}123456`, { canPrompt: false }));
  assert.deepEqual(person.proofs, ['password', 'code']);
  assert.deepEqual(responsesOf(bench, 1), { USERNAME: 'jdoe', SOFTWARE_TOKEN_MFA_CODE: '123456' });
  assert.equal(bench.input(1, RESPONSE).Session, 'session of SOFTWARE_TOKEN_MFA');
});

test('cognito - a password without a code behind it is refused without asking', async () => {
  await using bench = await CognitoBench.start(APPENDED);
  for (const typed of [CANARY, '123456', '12345'])
    await bench.assertRefused(bench.password(typed), 'CODE_MISSING');
  assert.equal(bench.cognito.calls.length, 0);
});

for (const [what, options, typed] of [
  ['behind the password', APPENDED, `${CANARY}000000`],
  ['to be asked for', PROMPTS, CANARY],
] as const) {
  test(`cognito - no downgrade: with a code ${what} a pool that asks for none refuses`, async () => {
    await using bench = await CognitoBench.start(options);
    bench.cognito.script(await bench.cognito.tokens());
    await bench.assertRefused(bench.password(typed), 'MFA_REQUIRED');
  });
}

for (const [name, member, question] of [
  ['SOFTWARE_TOKEN_MFA', 'SOFTWARE_TOKEN_MFA_CODE', /authenticator app/],
  ['SMS_MFA', 'SMS_MFA_CODE', /text message/],
  ['EMAIL_OTP', 'EMAIL_OTP_CODE', /e-mail/],
] as const) {
  test(`cognito - ${name} is asked for, and the answer sent with its session`, async () => {
    await using bench = await CognitoBench.start(PROMPTS);
    const parameters = { CODE_DELIVERY_DESTINATION: '+*******1234', USER_ID_FOR_SRP: 'uuid-of-jdoe' };
    bench.cognito.script(challenge(name, parameters), await bench.cognito.tokens());
    const { question: asked, saved } = questionOf(await bench.password());
    assert.match(asked.prompts[0]?.text ?? '', question);
    assert.equal(asked.prompts[0]?.echo, false);
    assert.match(asked.instruction ?? '', /\*1234/);
    assert.ok(!JSON.stringify(saved).includes(CANARY));
    const person = personOf(await bench.answers(saved, '123 456'));
    assert.deepEqual(person.proofs, ['password', 'code']);
    assert.equal(bench.input(1, RESPONSE).ChallengeName, name);
    assert.equal(bench.input(1, RESPONSE).Session, `session of ${name}`);
    assert.deepEqual(responsesOf(bench, 1), { USERNAME: 'uuid-of-jdoe', [member]: '123456' });
  });

  test(`cognito - ${name} refuses where no second factor is configured`, async () => {
    await using bench = await CognitoBench.start();
    bench.cognito.script(challenge(name));
    await bench.assertRefused(bench.password(), 'MFA_REQUIRED');
  });
}

for (const name of ['SMS_MFA', 'EMAIL_OTP']) {
  test(`cognito - a code behind the password cannot be the one of ${name}, which was not sent yet`, async () => {
    await using bench = await CognitoBench.start(APPENDED);
    bench.cognito.script(challenge(name));
    await bench.assertRefused(bench.password(`${CANARY}123456`), 'MFA_UNSUPPORTED');
    assert.equal(bench.cognito.calls.length, 1);
  });
}

test('cognito - a client that cannot be asked is refused before Cognito is, or has the code at the end', async () => {
  await using bench = await CognitoBench.start(PROMPTS);
  await bench.assertRefused(bench.password(CANARY, { canPrompt: false }), 'MFA_REQUIRED');
  assert.equal(bench.cognito.calls.length, 0);
  await using other = await CognitoBench.start({ ...PROMPTS, plainPassword: 'appended' });
  other.cognito.script(challenge('SOFTWARE_TOKEN_MFA'), await other.cognito.tokens());
  personOf(await other.password(`${CANARY}123456`, { canPrompt: false }));
});

test('cognito - an answer that is no code is refused without asking', async () => {
  await using bench = await CognitoBench.start(PROMPTS);
  bench.cognito.script(challenge('SOFTWARE_TOKEN_MFA'));
  const { saved } = questionOf(await bench.password());
  for (const answer of ['', 'abc', '1', '1'.repeat(20)])
    await bench.assertRefused(bench.answers(saved, answer), 'BAD_CODE');
  assert.equal(bench.cognito.calls.length, 1);
});

for (const [offered, options, chosen] of [
  [['SMS_MFA', 'SOFTWARE_TOKEN_MFA'], PROMPTS, 'SOFTWARE_TOKEN_MFA'],
  [['EMAIL_OTP', 'SMS_MFA'], PROMPTS, 'SMS_MFA'],
  [['SMS_MFA', 'SOFTWARE_TOKEN_MFA'], APPENDED, 'SOFTWARE_TOKEN_MFA'],
] as const) {
  test(`cognito - of ${offered.join(' and ')} ${chosen} is chosen, ${options.mfa}`, async () => {
    await using bench = await CognitoBench.start(options);
    const parameters = { MFAS_CAN_CHOOSE: JSON.stringify(offered), USER_ID_FOR_SRP: 'uuid-of-jdoe' };
    bench.cognito.script(
      challenge('SELECT_MFA_TYPE', parameters),
      challenge(chosen),
      await bench.cognito.tokens(),
    );
    const step = await bench.password(`${CANARY}123456`);
    assert.deepEqual(responsesOf(bench, 1), { USERNAME: 'uuid-of-jdoe', ANSWER: chosen });
    const last = step.outcome === 'asks' ? await bench.answers(step.saved, '123456') : step;
    assert.deepEqual(personOf(last).proofs, ['password', 'code']);
    assert.equal(bench.input(2, RESPONSE).Session, `session of ${chosen}`);
    assert.deepEqual(responsesOf(bench, 2), { USERNAME: 'uuid-of-jdoe', [`${chosen}_CODE`]: '123456' });
  });
}

for (const offered of ['["SMS_MFA"]', '["WEB_AUTHN"]', '[]', 'no json', '{"a":1}']) {
  test(`cognito - of ${offered} nothing fits a code behind the password`, async () => {
    await using bench = await CognitoBench.start(APPENDED);
    bench.cognito.script(challenge('SELECT_MFA_TYPE', { MFAS_CAN_CHOOSE: offered }));
    await bench.assertRefused(bench.password(`${CANARY}123456`), 'MFA_UNSUPPORTED');
  });
}

const refused: readonly [Reply, string][] = [
  [challenge('MFA_SETUP', { MFAS_CAN_SETUP: '["SOFTWARE_TOKEN_MFA"]' }), 'MFA_ENROLMENT_REQUIRED'],
  [challenge('NEW_PASSWORD_REQUIRED'), 'PASSWORD_EXPIRED'],
  [challenge('CUSTOM_CHALLENGE'), 'MFA_UNSUPPORTED'],
  [challenge('PASSWORD_VERIFIER'), 'MFA_UNSUPPORTED'],
  [challenge('DEVICE_SRP_AUTH'), 'MFA_UNSUPPORTED'],
  [challenge('SELECT_CHALLENGE'), 'MFA_UNSUPPORTED'],
  [challenge('WEB_AUTHN'), 'MFA_UNSUPPORTED'],
  [challenge('toString'), 'MFA_UNSUPPORTED'],
];
for (const [reply, code] of refused) {
  test(`cognito - ${JSON.stringify(reply)} is refused`, async () => {
    for (const options of [{}, PROMPTS]) {
      await using bench = await CognitoBench.start(options);
      bench.cognito.script(reply);
      await bench.assertRefused(bench.password(), code);
    }
  });
}

test('cognito - a pool that chooses factors for ever is cut off', async () => {
  await using bench = await CognitoBench.start(APPENDED);
  const again = challenge('SELECT_MFA_TYPE', { MFAS_CAN_CHOOSE: '["SOFTWARE_TOKEN_MFA"]' });
  bench.cognito.script(...Array.from({ length: 20 }, () => again));
  await bench.assertRefused(bench.password(`${CANARY}123456`), 'UPSTREAM_ANSWER_INVALID');
  assert.ok(bench.cognito.calls.length < 8);
});

test('cognito - a new password is asked for twice, and set where both are the same', async () => {
  await using bench = await CognitoBench.start({ newPassword: 'prompt' });
  bench.cognito.script(
    challenge('NEW_PASSWORD_REQUIRED', { requiredAttributes: '[]' }),
    await bench.cognito.tokens(),
  );
  const first = questionOf(await bench.password());
  assert.deepEqual(
    first.question.prompts.map(({ echo }) => echo),
    [false, false],
  );
  const second = questionOf(await bench.answers(first.saved, `new ${CANARY}`, 'another'));
  assert.match(second.question.instruction ?? '', /not the same/);
  assert.equal(bench.cognito.calls.length, 1);
  personOf(await bench.answers(second.saved, `new ${CANARY}`, `new ${CANARY}`));
  assert.deepEqual(responsesOf(bench, 1), { USERNAME: 'jdoe', NEW_PASSWORD: `new ${CANARY}` });
});

test('cognito - a new password that breaks a rule is asked for again, three times in all', async () => {
  await using bench = await CognitoBench.start({ newPassword: 'prompt' });
  const broken = { error: 'InvalidPasswordException', message: `Password ${CANARY} is too short` };
  bench.cognito.script(challenge('NEW_PASSWORD_REQUIRED'), broken, broken, broken);
  let { saved } = questionOf(await bench.password());
  for (let time = 0; time < 2; time++) {
    const again = questionOf(await bench.answers(saved, CANARY, CANARY));
    assert.match(again.question.instruction ?? '', /not accepted/);
    assert.ok(!JSON.stringify(again).includes(CANARY));
    saved = again.saved;
  }
  await bench.assertRefused(bench.answers(saved, CANARY, CANARY), 'PASSWORD_EXPIRED');
});

test('cognito - a new password alone is no second factor', async () => {
  await using bench = await CognitoBench.start({ ...PROMPTS, newPassword: 'prompt' });
  bench.cognito.script(challenge('NEW_PASSWORD_REQUIRED'), await bench.cognito.tokens());
  const { saved } = questionOf(await bench.password());
  await bench.assertRefused(bench.answers(saved, CANARY, CANARY), 'MFA_REQUIRED');
});

test('cognito - a new password is not asked for with attributes, nor of a client that cannot be asked', async () => {
  await using bench = await CognitoBench.start({ newPassword: 'prompt' });
  bench.cognito.script(
    challenge('NEW_PASSWORD_REQUIRED', { requiredAttributes: '["userAttributes.email"]' }),
    challenge('NEW_PASSWORD_REQUIRED'),
  );
  await bench.assertRefused(bench.password(), 'PASSWORD_EXPIRED');
  await bench.assertRefused(bench.password(CANARY, { canPrompt: false }), 'PASSWORD_EXPIRED');
});

test('cognito - a custom challenge is asked for, three rounds at most', async () => {
  await using bench = await CognitoBench.start({ customChallenge: 'prompt', customChallengeText: 'q' });
  bench.cognito.script(
    ...[1, 2, 3, 4].map((round) =>
      challenge('CUSTOM_CHALLENGE', { q: `Question ${round}? ` }, `session ${round}`),
    ),
  );
  let { question, saved } = questionOf(await bench.password());
  for (let round = 1; round < 3; round++) {
    assert.equal(question.prompts[0]?.text, `Question ${round}? `);
    ({ question, saved } = questionOf(await bench.answers(saved, `answer ${round}`)));
    assert.equal(bench.input(round, RESPONSE).Session, `session ${round}`);
  }
  await bench.assertRefused(bench.answers(saved, 'answer 3'), 'MFA_REJECTED');
});

for (const [customChallenge, outcome] of [
  ['prompt', 'MFA_REQUIRED'],
  ['second-factor', undefined],
] as const) {
  test(`cognito - with customChallenge: ${customChallenge} and a required factor: ${outcome ?? 'let in'}`, async () => {
    await using bench = await CognitoBench.start({ ...PROMPTS, customChallenge });
    bench.cognito.script(challenge('CUSTOM_CHALLENGE'), await bench.cognito.tokens());
    const { saved } = questionOf(await bench.password());
    const last = bench.answers(saved, 'blue');
    if (outcome !== undefined) return await bench.assertRefused(last, outcome);
    assert.deepEqual(personOf(await last).proofs, ['password', 'answer']);
  });
}

test('cognito - a state that is none of ours, or another number of answers, is refused', async () => {
  await using bench = await CognitoBench.start(PROMPTS);
  bench.cognito.script(challenge('SMS_MFA'));
  const { saved } = questionOf(await bench.password());
  assert.ok(typeof saved === 'object' && saved !== null && !Array.isArray(saved));
  for (const state of [
    null,
    'text',
    {},
    { ...saved, challenge: 'SELECT_MFA_TYPE' },
    { ...saved, session: 7 },
    { ...saved, more: 1 },
  ])
    await bench.assertRefused(bench.answers(state, '123456'), 'STATE_INVALID');
  await bench.assertRefused(bench.answers(saved), 'STATE_INVALID');
  await bench.assertRefused(bench.answers(saved, '123456', '123456'), 'STATE_INVALID');
  assert.equal(bench.cognito.calls.length, 1);
});

test('cognito - whoever answers is still to be the one of the login', async () => {
  await using bench = await CognitoBench.start(PROMPTS);
  bench.cognito.script(challenge('SMS_MFA'), await bench.cognito.tokens({ 'cognito:username': 'mallory' }));
  const { saved } = questionOf(await bench.password());
  await bench.assertRefused(bench.answers(saved, '123456'), 'IDENTITY_MISMATCH');
});
