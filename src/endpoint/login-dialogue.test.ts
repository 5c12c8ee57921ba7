import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { MAX_CHALLENGE_ROUNDS } from '../identity/index.ts';
import type { Challenge } from '../ssh/index.ts';
import type { ServerSettings } from './server-settings.ts';
import { type Answer, GRANT, line, OTHER_ROLE, PASSWORD, setUp, sshKey } from './testing/login-bench.ts';

const CODE = 'canary-code-91c2';
const ENABLED = { prompts: 'password-first' } as const;
const key = sshKey(generateKeyPairSync('ed25519').privateKey);

/** Asks for a code, and judges both at the end. */
const twoSteps: Answer = (event) => {
  if (event.challengeAnswers === undefined)
    return {
      Challenge: { Prompts: [{ Text: 'Code: ' }] },
      State: event.password === PASSWORD ? 'right' : 'wrong',
    };
  return event.state === 'right' && event.challengeAnswers[0] === CODE ? GRANT : {};
};

/** A login, and a client that gives these answers, one screen after the other. */
function dialogue(answer: Answer, settings: Partial<ServerSettings>, ...answers: readonly string[][]) {
  const bench = setUp(answer, settings);
  const shown: Challenge[] = [];
  const prompt = async (challenge: Challenge): Promise<readonly string[]> => {
    shown.push(challenge);
    const given = answers[shown.length - 1];
    assert.ok(given !== undefined, 'no more is asked than the test answers');
    return given;
  };
  const run = () => bench.login.keyboardInteractive({ ...bench.attempt, prompt });
  return { ...bench, shown, run };
}

test('dialogue - begins with the password, which is judged as any other', async () => {
  const { run, shown, events } = dialogue(() => GRANT, ENABLED, [PASSWORD]);
  const verdict = await run();
  assert.equal(verdict.outcome, 'accepted');
  assert.equal(verdict.identity.method, 'keyboard-interactive');
  assert.deepEqual(shown, [{ name: '', instruction: '', prompts: [{ text: 'Password: ', echo: false }] }]);
  assert.equal(events[0]?.password, PASSWORD);
});

test('dialogue - a challenge goes to the user, and the answers with the state to the function', async () => {
  const { run, shown, events, lines } = dialogue(twoSteps, ENABLED, [PASSWORD], [CODE]);
  assert.equal((await run()).outcome, 'accepted');
  assert.deepEqual(shown[1]?.prompts, [{ text: 'Code: ', echo: false }]);
  assert.deepEqual(events[1], {
    username: 'alice',
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '203.0.113.9',
    challengeAnswers: [CODE],
    state: 'right',
    interactive: true,
  });
  assert.ok(!lines.join('').includes(CODE));
});

for (const [what, password, code] of [
  ['password', 'wrong-one', CODE],
  ['code', PASSWORD, 'wrong-one'],
] as const) {
  test(`dialogue - a wrong ${what} is refused, and in no log`, async () => {
    const { run, refusals, lines } = dialogue(twoSteps, ENABLED, [password], [code]);
    const verdict = await run();
    assert.deepEqual(verdict, {
      outcome: 'refused',
      methods: ['publickey', 'password', 'keyboard-interactive'],
    });
    assert.deepEqual(
      refusals().map((entry) => entry.code),
      ['NOT_AUTHENTICATED'],
    );
    for (const secret of [PASSWORD, CODE, 'wrong-one']) assert.ok(!lines.join('').includes(secret));
  });
}

test('A-6 dialogue - a name that no function will ever see is asked for a password all the same', async () => {
  const { login, attempt, events } = setUp(() => GRANT, ENABLED);
  const shown: Challenge[] = [];
  const prompt = async (challenge: Challenge) => {
    shown.push(challenge);
    return [PASSWORD];
  };
  const verdict = await login.keyboardInteractive({ ...attempt, userName: '../etc', prompt });
  assert.equal(verdict.outcome, 'refused');
  assert.equal(shown.length, 1);
  assert.deepEqual(events, []);
});

test(`dialogue - a function that asks for ever is cut off after ${MAX_CHALLENGE_ROUNDS} questions`, async () => {
  const again: Answer = () => ({ Challenge: { Prompts: [{ Text: 'Again: ' }] } });
  const { run, shown, refusals } = dialogue(again, ENABLED, ...Array.from({ length: 20 }, () => ['x']));
  assert.equal((await run()).outcome, 'refused');
  assert.equal(shown.length, MAX_CHALLENGE_ROUNDS);
  assert.equal(refusals()[0]?.code, 'CHALLENGE_TOO_MANY_ROUNDS');
});

test('dialogue - a challenge in answer to a plain password or a key look-up is refused', async () => {
  const { login, attempt, refusals } = setUp(twoSteps, ENABLED);
  assert.equal((await login.password({ ...attempt, password: PASSWORD })).outcome, 'refused');
  assert.equal(await login.acceptsKey({ ...attempt, key }), false);
  assert.deepEqual(
    refusals().map((entry) => entry.code),
    ['CHALLENGE_UNANSWERABLE', 'CHALLENGE_UNANSWERABLE'],
  );
});

test('A-14 dialogue - with key and password nothing is asked before the key is proven', async () => {
  const settings = { ...ENABLED, authenticationMethods: 'PUBLIC_KEY_AND_PASSWORD' } as const;
  const { run, shown, events } = dialogue(twoSteps, settings);
  assert.deepEqual(await run(), { outcome: 'refused', methods: ['publickey'] });
  assert.deepEqual(shown, []);
  assert.deepEqual(events, []);
});

const afterKey =
  (role: string): Answer =>
  (event) => {
    if (event.password === undefined && event.challengeAnswers === undefined)
      return { ...GRANT, PublicKeys: [line(key)] };
    const answer = twoSteps(event);
    return answer === GRANT ? { ...GRANT, Role: role } : answer;
  };

test('A-12 dialogue - after the key it completes the login, with the key in the session', async () => {
  const settings = { ...ENABLED, authenticationMethods: 'PUBLIC_KEY_AND_PASSWORD' } as const;
  const { run, login, attempt } = dialogue(afterKey(GRANT.Role), settings, [PASSWORD], [CODE]);
  assert.deepEqual(await login.keyProven({ ...attempt, key }), {
    outcome: 'continue',
    methods: ['password', 'keyboard-interactive'],
  });
  const verdict = await run();
  assert.ok(verdict.outcome === 'accepted');
  assert.deepEqual(verdict.identity.key?.key.blob, key.blob);
});

test('A-12 dialogue - after the key an answer with another role is refused', async () => {
  const settings = { ...ENABLED, authenticationMethods: 'PUBLIC_KEY_AND_PASSWORD' } as const;
  const { run, login, attempt, refusals } = dialogue(afterKey(OTHER_ROLE), settings, [PASSWORD], [CODE]);
  await login.keyProven({ ...attempt, key });
  assert.deepEqual(await run(), { outcome: 'refused', methods: ['password', 'keyboard-interactive'] });
  assert.equal(refusals()[0]?.code, 'ROLES_DIFFER');
});

for (const [setting, methods] of [
  ['PASSWORD', ['password', 'keyboard-interactive']],
  ['PUBLIC_KEY', ['publickey']],
  ['PUBLIC_KEY_OR_PASSWORD', ['publickey', 'password', 'keyboard-interactive']],
  ['PUBLIC_KEY_AND_PASSWORD', ['publickey']],
] as const) {
  test(`A-14 A-15 methods - ${setting} with prompts enabled offers ${methods.join(' and ')}`, () => {
    const { login } = setUp(() => GRANT, { ...ENABLED, authenticationMethods: setting });
    assert.deepEqual(login.methods, methods);
  });
}

/** Waits for the user's phone twice, then grants. */
const push: Answer = (event) => {
  if (event.password !== undefined)
    return { Challenge: { Instruction: 'Look at your phone.', PollSeconds: 0.001 }, State: '0' };
  if (event.state === '2') return GRANT;
  return { Challenge: { PollSeconds: 0.001 }, State: String(Number(event.state) + 1) };
};

test('dialogue - a poll shows its text once, and then asks the function alone', async () => {
  const { run, shown, events } = dialogue(push, ENABLED, [PASSWORD], []);
  assert.equal((await run()).outcome, 'accepted');
  assert.deepEqual(
    shown.map(({ instruction }) => instruction),
    ['', 'Look at your phone.'],
  );
  assert.deepEqual(
    events.map(({ state }) => state),
    [undefined, '0', '1', '2'],
  );
});

test('dialogue - a function that polls for ever is stopped', async () => {
  const forever: Answer = () => ({ Challenge: { PollSeconds: 0.001 }, State: 's' });
  const { run, refusals } = dialogue(forever, ENABLED, [PASSWORD]);
  assert.equal((await run()).outcome, 'refused');
  assert.equal(refusals()[0]?.code, 'CHALLENGE_TOO_MANY_ROUNDS');
});

test('dialogue - a poll ends when the client goes away', async () => {
  const slow: Answer = () => ({ Challenge: { PollSeconds: 30 }, State: 's' });
  const { run, refusals, abort } = dialogue(slow, ENABLED, [PASSWORD]);
  setTimeout(abort, 20);
  assert.equal((await run()).outcome, 'refused');
  assert.equal(refusals()[0]?.code, 'ABORTED');
});

test('dialogue - the provider can ask the first question too; passwords are then not offered', async () => {
  const device: Answer = (event) =>
    event.state === undefined
      ? { Challenge: { Instruction: 'Open a page.', Prompts: [{ Text: 'Done? ', Echo: true }] }, State: 'd' }
      : GRANT;
  const { run, shown, events, login } = dialogue(device, { prompts: 'provider' }, ['']);
  assert.deepEqual(login.methods, ['publickey', 'keyboard-interactive']);
  assert.equal((await run()).outcome, 'accepted');
  assert.deepEqual(events[0]?.challengeAnswers, []);
  assert.equal(events[0]?.state, undefined);
  assert.equal(shown.length, 1);
});

for (const [what, answer] of [
  ['without keys', GRANT],
  ['with the empty key of the AWS guide', { ...GRANT, PublicKeys: [''] }],
  ['with keys', { ...GRANT, PublicKeys: [line(key)] }],
] as const)
  test(`dialogue - a grant ${what} before anything was asked is a key look-up, and refused`, async () => {
    const { run, shown, refusals } = dialogue(() => answer, { prompts: 'provider' });
    assert.equal((await run()).outcome, 'refused');
    assert.equal(refusals()[0]?.code, 'CHALLENGE_READ_AS_LOOKUP');
    assert.deepEqual(shown, []);
  });
