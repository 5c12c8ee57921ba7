import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Denied } from '../decision.ts';
import { Trace } from '../trace.ts';
import { DeviceFlow, type DevicePoll, readDeviceAuthorization } from './device-flow.ts';
import type { Json, Login, Step } from './provider.ts';
import { askedBy, Clock } from './testing/provider-bench.ts';

const LOGIN: Login = {
  userName: 'jdoe',
  protocol: 'SFTP',
  serverId: 's-0123456789abcdef0',
  sourceIp: '203.0.113.9',
  canPrompt: true,
  signal: new AbortController().signal,
  trace: new Trace(),
};
const AUTHORIZATION = {
  device_code: 'device',
  user_code: 'ABCD-EFGH',
  verification_uri: 'https://id.example.com/device',
  expires_in: 1800,
};
const PENDING = { outcome: 'pending', isTooFast: false } as const;
const TOO_FAST = { outcome: 'pending', isTooFast: true } as const;
const TOKENS = { outcome: 'tokens', tokens: 'jdoe' } as const;

/** A flow on a clock that the test moves, whose polls answer what the test wants. */
function flowOf(more: object = {}, clock = new Clock(1_000_000)) {
  const polls: { atMs: number }[] = [];
  let answer: () => DevicePoll<string> = () => PENDING;
  const flow = new DeviceFlow<string>({
    endpoints: {
      authorize: async () => readDeviceAuthorization({ ...AUTHORIZATION, ...more }, 'Vendor'),
      poll: async () => {
        polls.push({ atMs: clock.nowMs });
        return answer();
      },
    },
    waiting: 'poll',
    limitSeconds: 900,
    now: () => clock.nowMs,
  });
  const travelled = (step: Step): Json => JSON.parse(JSON.stringify(askedBy(step).saved));
  return {
    clock,
    polls,
    begin: (login: Partial<Login> = {}) => flow.begin({ ...LOGIN, ...login }),
    goOn: (step: Step, login: Partial<Login> = {}) => flow.goOn({ ...LOGIN, ...login }, travelled(step)),
    answerWith: (next: () => DevicePoll<string>) => {
      answer = next;
    },
  };
}

function asking(step: Awaited<ReturnType<ReturnType<typeof flowOf>['goOn']>>): Step {
  return step.outcome === 'asks' ? step : assert.fail('nothing is asked');
}

test('device flow - every slow_down adds five seconds to all later pauses, above a minute too', async () => {
  const { clock, polls, begin, goOn, answerWith } = flowOf({ interval: 55 });
  answerWith(() => TOO_FAST);
  let step = await begin();
  for (let second = 0; second < 400; second += 1) {
    clock.pass(1);
    step = asking(await goOn(step));
    if (polls.length === 3) answerWith(() => PENDING);
  }
  assert.deepEqual(
    polls.map(({ atMs }) => (atMs - 1_000_000) / 1000),
    [55, 115, 180, 250, 320, 390],
  );
});

test('device flow - an interval of minutes is obeyed', async () => {
  const { clock, polls, begin, goOn } = flowOf({ interval: 120 });
  const step = await begin();
  clock.pass(119);
  const early = asking(await goOn(step));
  assert.equal(polls.length, 0);
  clock.pass(1);
  await goOn(early);
  assert.equal(polls.length, 1);
});

test('device flow - nothing is asked after the end of the code, which may be before the limit', async () => {
  const { clock, polls, begin, goOn } = flowOf({ expires_in: 60 });
  const step = await begin();
  clock.pass(60);
  await assert.rejects(goOn(step), { code: 'MFA_TIMED_OUT' });
  assert.equal(polls.length, 0);
});

test('device flow - a newer login ends the older one for good, whatever becomes of the newer', async () => {
  const { clock, polls, begin, goOn, answerWith } = flowOf();
  const older = await begin();
  const newer = await begin();
  clock.pass(5);
  answerWith(() => {
    throw new Denied('MFA_REJECTED');
  });
  await assert.rejects(goOn(newer), { code: 'MFA_REJECTED' });
  answerWith(() => TOKENS);
  await assert.rejects(goOn(older), { code: 'STATE_INVALID' });
  assert.equal(polls.length, 1);
});

test('device flow - a login that began in another process is not ended by an older one here', async () => {
  const here = flowOf();
  const elsewhere = flowOf({}, here.clock);
  await here.begin();
  here.clock.pass(1);
  const newer = await elsewhere.begin();
  here.clock.pass(5);
  here.answerWith(() => TOKENS);
  assert.deepEqual(await here.goOn(newer), TOKENS);
});

test('device flow - logins from other addresses, at other servers and of other users go on beside it', async () => {
  const { clock, begin, goOn, answerWith } = flowOf();
  const step = await begin();
  await begin({ sourceIp: '203.0.113.10' });
  await begin({ serverId: 's-0123456789abcdef1' });
  await begin({ userName: 'msmith' });
  clock.pass(5);
  answerWith(() => TOKENS);
  assert.deepEqual(await goOn(step), TOKENS);
});

for (const [what, verification_uri] of [
  ['without https', 'http://id.example.com/device'],
  ['with line breaks', 'https://id.example.com/\nLogin of nobody'],
  ['with control characters', 'https://id.example.com/\u001b[2J'],
  ['with a password', 'https://user:password@id.example.com/device'],
  ['that is none', 'id.example.com'],
] as const) {
  test(`device flow - an address ${what} is shown to nobody`, async () => {
    await assert.rejects(flowOf({ verification_uri }).begin(), { code: 'UPSTREAM_ANSWER_INVALID' });
  });
}
