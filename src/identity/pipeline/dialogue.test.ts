import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOTP } from 'otpauth';
import { Denied } from '../decision.ts';
import type { Json, Question, Step } from '../providers/provider.ts';
import type { UserRecord } from '../records/record.ts';
import { IdentityRequest } from '../request.ts';
import { parseIdentityStep } from '../response.ts';
import { Secret } from '../secret.ts';
import {
  CANARY,
  challengeIn,
  FakeProvider,
  FunctionBench,
  NOON_MS,
  personOf,
  RECORD,
  ROLE,
  SERVER,
  TOTP_SECRET,
  verified,
} from './testing/function-bench.ts';

const INTERACTIVE = { interactive: true } as const;
const PASSWORD = { password: CANARY, ...INTERACTIVE };

function asks(question: Question, saved: Json): Step {
  return { outcome: 'asks', question, saved };
}

const CODE: Question = { prompts: [{ text: 'Code: ', echo: true }] };

/** Asks for a code after the password, and takes 123456. */
function twoSteps(): FakeProvider {
  return new FakeProvider({
    password: async (_, password) => asks(CODE, { token: 'up-token', isRight: password.reveal() === CANARY }),
    answers: async ({ userName }, saved, [answer]) => {
      assert.deepEqual(saved, { token: 'up-token', isRight: true });
      if (answer?.reveal() !== '123456') throw new Denied('BAD_CODE');
      return verified(personOf(userName, { proofs: ['password', 'code'] }));
    },
  });
}

test('dialogue - a provider asks, gets the answers and what it saved, and grants', async () => {
  const bench = new FunctionBench({ providers: { file: twoSteps() } });
  const { state, challenge } = challengeIn(await bench.ask(PASSWORD));
  assert.deepEqual(challenge, { Prompts: [{ Text: 'Code: ', Echo: true }] });
  const outcome = await bench.ask({ ...INTERACTIVE, challengeAnswers: ['123456'], state });
  assert.deepEqual(outcome.answer, { Role: ROLE });
  assert.equal(await bench.codeOf({ ...INTERACTIVE, challengeAnswers: ['000000'], state }), 'BAD_CODE');
  for (const secret of [CANARY, 'up-token']) bench.assertKept(secret);
});

test('dialogue - a state of another login, an old one and a changed one are refused, and nobody is asked', async () => {
  const file = twoSteps();
  const bench = new FunctionBench({ providers: { file }, rules: { dialogueSeconds: 60 } });
  const { state } = challengeIn(await bench.ask(PASSWORD));
  const event = { ...INTERACTIVE, challengeAnswers: ['123456'], state };
  const others = [
    { username: 'msmith' },
    { serverId: 's-0123456789abcdef1' },
    { sourceIp: '203.0.113.10' },
    { state: `A${state.slice(1)}` === state ? `B${state.slice(1)}` : `A${state.slice(1)}` },
    { state: '' },
    { state: 'x' },
  ];
  for (const other of others)
    assert.equal(await bench.codeOf({ ...event, ...other }), 'STATE_INVALID', JSON.stringify(other));
  bench.nowMs += 60_001;
  assert.equal(await bench.codeOf(event), 'STATE_INVALID');
  assert.deepEqual(file.asked, ['password jdoe']);
});

test('dialogue - the time of a dialogue is counted from its first question', async () => {
  const again = new FakeProvider({ password: async () => asks(CODE, 1), answers: async () => asks(CODE, 2) });
  const bench = new FunctionBench({ providers: { file: again }, rules: { dialogueSeconds: 60 } });
  let { state } = challengeIn(await bench.ask(PASSWORD));
  bench.nowMs += 40_000;
  state = challengeIn(await bench.ask({ ...INTERACTIVE, challengeAnswers: ['1'], state })).state;
  bench.nowMs += 40_000;
  assert.equal(await bench.codeOf({ ...INTERACTIVE, challengeAnswers: ['1'], state }), 'STATE_INVALID');
});

test('dialogue - processes with one state key go on for each other', async () => {
  const rules = { stateKey: 'a key of thirty-two characters or more' };
  const [one, other] = [
    new FunctionBench({ providers: { file: twoSteps() }, rules }),
    new FunctionBench({ providers: { file: twoSteps() }, rules }),
  ];
  const { state } = challengeIn(await one.ask(PASSWORD));
  const event = { ...INTERACTIVE, challengeAnswers: ['123456'], state };
  assert.equal(await other.codeOf(event), 'GRANTED');
  assert.equal(await new FunctionBench({ providers: { file: twoSteps() } }).codeOf(event), 'STATE_INVALID');
});

test('dialogue - begins with the provider where it can, else with our own question for the password', async () => {
  const device = new FakeProvider({
    begin: async () =>
      asks({ instruction: 'Open https://example.com', prompts: [], pollSeconds: 5 }, 'device'),
    answers: async ({ userName }, _, answers) => {
      assert.deepEqual(answers, []);
      return verified(personOf(userName, { proofs: ['browser'] }));
    },
  });
  const begin = { ...INTERACTIVE, challengeAnswers: [] };
  const bench = new FunctionBench({ providers: { file: device } });
  const { state, challenge } = challengeIn(await bench.ask(begin));
  assert.deepEqual(challenge, { Instruction: 'Open https://example.com', Prompts: [], PollSeconds: 5 });
  assert.equal(await bench.codeOf({ ...begin, state }), 'GRANTED');

  const plain = new FakeProvider();
  const other = new FunctionBench({ providers: { file: plain } });
  const asked = challengeIn(await other.ask(begin));
  assert.deepEqual(asked.challenge, { Prompts: [{ Text: 'Password: ', Echo: false }] });
  assert.deepEqual(plain.asked, []);
  assert.equal(
    await other.codeOf({ ...INTERACTIVE, state: asked.state, challengeAnswers: [CANARY] }),
    'GRANTED',
  );
  assert.equal(
    await other.codeOf({ ...INTERACTIVE, state: asked.state, challengeAnswers: ['wrong'] }),
    'BAD_CREDENTIALS',
  );
  for (const blank of ['', ' '])
    assert.equal(
      await other.codeOf({ ...INTERACTIVE, state: asked.state, challengeAnswers: [blank] }),
      'BAD_CREDENTIALS',
    );
  for (const wrong of [[], ['a', 'b']])
    assert.equal(
      await other.codeOf({ ...INTERACTIVE, state: asked.state, challengeAnswers: wrong }),
      'STATE_INVALID',
    );
  assert.deepEqual(plain.asked, ['password jdoe', 'password jdoe']);
});

test('dialogue - answers to a provider that does not know any are refused', async () => {
  const bench = new FunctionBench({
    providers: { file: new FakeProvider({ password: async () => asks(CODE, 1) }) },
  });
  const { state } = challengeIn(await bench.ask(PASSWORD));
  assert.equal(await bench.codeOf({ challengeAnswers: ['1'], state }), 'STATE_INVALID');
});

test('dialogue - texts cannot steer a terminal and are as long as the contract allows', async () => {
  const evil = '\u001b[2J\u0007\u202eevil\u2066\u009b';
  const question = {
    name: `${evil}${'n'.repeat(999)}`,
    instruction: `one\r\ntwo\u0000\n${evil}${'i'.repeat(9999)}`,
    prompts: [
      { text: evil, echo: false },
      { text: '\u001b', echo: true },
    ],
  };
  const bench = new FunctionBench({
    providers: { file: new FakeProvider({ password: async () => asks(question, null) }) },
  });
  const outcome = await bench.ask(PASSWORD);
  const { challenge } = challengeIn(outcome);
  assert.doesNotMatch(JSON.stringify(challenge), /\\u00|\u202e|\u2066|\u009b/);
  assert.match(challenge.Instruction ?? '', /^one\ntwo\n\[2Jevili/);
  assert.deepEqual(challenge.Prompts, [
    { Text: '[2Jevil', Echo: false },
    { Text: 'Answer: ', Echo: true },
  ]);
  const prepared = IdentityRequest.from({
    username: 'jdoe',
    password: 'x',
    protocol: 'SFTP',
    serverId: SERVER,
    sourceIp: '',
  });
  assert.equal(prepared.outcome, 'ready');
  const context = {
    request: prepared.request,
    domain: 'S3',
    roles: new Set<string>(),
    storageNames: new Set<string>(),
  } as const;
  assert.equal(parseIdentityStep(outcome.answer, context).outcome, 'challenged', 'the server reads it');
});

test('dialogue - too many prompts and too much to remember are faults', async () => {
  const many = { prompts: Array.from({ length: 9 }, () => ({ text: 'x', echo: true })) };
  for (const step of [
    asks(many, null),
    asks(
      CODE,
      Array.from({ length: 4000 }, (_, each) => Math.sin(each)),
    ),
  ]) {
    const bench = new FunctionBench({
      providers: { file: new FakeProvider({ password: async () => step }) },
    });
    assert.equal(await bench.codeOf(PASSWORD), 'INTERNAL_ERROR');
  }
});

const TOTP_RECORD: UserRecord = {
  ...RECORD,
  totp: { secret: new Secret(TOTP_SECRET), digits: 6, periodSeconds: 30, algorithm: 'SHA1' },
};
const codeAt = (timestamp: number) => new TOTP({ secret: TOTP_SECRET }).generate({ timestamp });

test('one-time code - appended: right once, wrong, missing, and without a secret', async () => {
  const rules = { totp: { mode: 'appended' } };
  const bench = new FunctionBench({ rules, record: TOTP_RECORD });
  const code = codeAt(NOON_MS);
  const other = code === '000000' ? '000001' : '000000';
  assert.equal(await bench.codeOf({ password: `${CANARY}${other}` }), 'BAD_CODE');
  assert.equal(await bench.codeOf({ password: `wrong${code}` }), 'BAD_CREDENTIALS');
  assert.equal(await bench.codeOf({ password: `${CANARY}${code}` }), 'GRANTED');
  assert.equal(await bench.codeOf({ password: `${CANARY}${code}` }), 'CODE_REPLAYED');
  assert.equal(await bench.codeOf({ password: CANARY }), 'CODE_MISSING');
  assert.equal(await new FunctionBench({ rules }).codeOf({ password: `${CANARY}${code}` }), 'MFA_REQUIRED');
  bench.assertKept(CANARY);
});

test('one-time code - a login that is refused for something else uses up no code', async () => {
  const bench = new FunctionBench({
    rules: { totp: { mode: 'appended' } },
    record: { ...TOTP_RECORD, protocols: ['SFTP'] },
  });
  const password = `${CANARY}${codeAt(NOON_MS)}`;
  assert.equal(await bench.codeOf({ password, protocol: 'FTP' }), 'PROTOCOL_REFUSED');
  assert.equal(await bench.codeOf({ password }), 'GRANTED');
});

test('one-time code - one that was used is not taken under another spelling of the name', async () => {
  const bench = new FunctionBench({ rules: { totp: { mode: 'appended' } }, record: TOTP_RECORD });
  const password = `${CANARY}${codeAt(NOON_MS)}`;
  assert.equal(await bench.codeOf({ password }), 'GRANTED');
  assert.equal(await bench.codeOf({ password, username: 'JDoe' }), 'CODE_REPLAYED');
});

test('one-time code - prompts: everybody is asked, before the password is judged', async () => {
  const file = new FakeProvider();
  const bench = new FunctionBench({
    rules: { totp: { mode: 'prompts' } },
    record: TOTP_RECORD,
    providers: { file },
  });
  const right = challengeIn(await bench.ask(PASSWORD));
  const wrong = challengeIn(await bench.ask({ ...PASSWORD, password: 'wrong' }));
  assert.deepEqual(right.challenge, { Prompts: [{ Text: 'Verification code: ', Echo: false }] });
  assert.deepEqual(wrong.challenge, right.challenge);
  assert.deepEqual(file.asked, []);
  const answer = (state: string) =>
    bench.codeOf({ ...INTERACTIVE, challengeAnswers: [codeAt(NOON_MS)], state });
  assert.equal(await answer(wrong.state), 'BAD_CREDENTIALS');
  assert.equal(await answer(right.state), 'GRANTED');
  assert.equal(await answer(right.state), 'CODE_REPLAYED');
  assert.equal(await bench.codeOf({ password: CANARY }), 'MFA_REQUIRED');
  bench.assertKept(CANARY);
});

test('one-time code - prompts: plain passwords may end in the code where that is allowed', async () => {
  const rules = { totp: { mode: 'prompts', plainPassword: 'appended' } };
  const bench = new FunctionBench({ rules, record: TOTP_RECORD });
  assert.equal(await bench.codeOf({ password: `${CANARY}${codeAt(NOON_MS)}` }), 'GRANTED');
});

test('one-time code - goes with a provider that asks too, and with one that begins the dialogue', async () => {
  const rules = { totp: { mode: 'prompts' } };
  const both = new FunctionBench({ rules, record: TOTP_RECORD, providers: { file: twoSteps() } });
  const first = challengeIn(await both.ask(PASSWORD));
  const second = challengeIn(await both.ask({ challengeAnswers: [codeAt(NOON_MS)], state: first.state }));
  assert.equal(await both.codeOf({ challengeAnswers: ['123456'], state: second.state }), 'GRANTED');

  const begins = new FakeProvider({
    begin: async ({ userName }) => verified(personOf(userName, { proofs: ['browser'] })),
  });
  const bench = new FunctionBench({ rules, record: TOTP_RECORD, providers: { file: begins } });
  const { state } = challengeIn(await bench.ask({ ...INTERACTIVE, challengeAnswers: [] }));
  assert.deepEqual(begins.asked, []);
  assert.equal(await bench.codeOf({ challengeAnswers: [codeAt(NOON_MS)], state }), 'GRANTED');
});

test('dialogue - many dialogues at once are no way around the pauses after failures', async () => {
  const file = twoSteps();
  const bench = new FunctionBench({ providers: { file }, rules: { failures: { after: 3 } } });
  const opened = await Promise.all(Array.from({ length: 8 }, () => bench.ask(PASSWORD)));
  const states = opened.map((each) => challengeIn(each).state);
  const codes: string[] = [];
  for (const state of states) codes.push(await bench.codeOf({ challengeAnswers: ['000000'], state }));
  assert.deepEqual(codes, [...Array(3).fill('BAD_CODE'), ...Array(5).fill('TOO_MANY_FAILURES')]);
});
