import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Denied } from '../decision.ts';
import type { Login, Person, Step } from '../providers/provider.ts';
import { CANARY, FakeProvider, FunctionBench, personOf, RECORD } from './testing/function-bench.ts';

const PASSWORD = { password: CANARY };
const SAMPLES = 200;
const AT_ONCE = 20;

test('floor - refusals take at least the floor, whatever they are for, and grants do not wait', async () => {
  const rules = { refusalFloorMs: 120 };
  const slow = new FakeProvider({
    password: () => new Promise((_, reject) => setTimeout(() => reject(new Denied('BAD_CREDENTIALS')), 60)),
  });
  const cases: readonly [FunctionBench, object][] = [
    [new FunctionBench({ rules: { ...rules, disabled: true } }), PASSWORD],
    [new FunctionBench({ rules, providers: { file: slow } }), PASSWORD],
    [new FunctionBench({ rules }), { password: 'wrong' }],
    [new FunctionBench({ rules }), { username: '!' }],
    [new FunctionBench({ rules }), {}],
    [new FunctionBench({ rules }), { protocol: 'AS2' }],
  ];
  for (const [bench, event] of cases) {
    const beganAtMs = performance.now();
    await bench.ask(event);
    const tookMs = performance.now() - beganAtMs;
    assert.ok(tookMs >= 115 && tookMs < 1000, `${tookMs}`);
  }
  const beganAtMs = performance.now();
  await new FunctionBench({ rules: { refusalFloorMs: 5000 } }).ask(PASSWORD);
  assert.ok(performance.now() - beganAtMs < 2000);
});

test('floor - the floor does not exceed the time that is left, not even of a look-up, nor wait for who is gone', async () => {
  const bench = new FunctionBench({ rules: { refusalFloorMs: 10_000 } });
  const beganAtMs = performance.now();
  await bench.ask({ password: 'wrong' }, { remainingMs: 100 });
  await bench.ask({}, { remainingMs: 100 });
  await bench.ask({ password: 'wrong' }, { signal: AbortSignal.abort() });
  assert.ok(performance.now() - beganAtMs < 2000);
});

/** The medians of the times that logins of known and unknown users take, side by side. */
async function medians(bench: FunctionBench, event: object): Promise<readonly [number, number]> {
  const timeOf = async (username: string) => {
    const beganAtMs = performance.now();
    await bench.ask({ username, ...event });
    return performance.now() - beganAtMs;
  };
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
  const timed = async (name: 'known' | 'unknown', each: number) =>
    times[name].push(await timeOf(`${name}${each}`));
  // In rounds: hundreds at once would measure how the process shares its time.
  for (let round = 0; round < SAMPLES; round += AT_ONCE) {
    const each = Array.from({ length: AT_ONCE }, (_, index) => round + index);
    await Promise.all(each.flatMap((number) => [timed('known', number), timed('unknown', number)]));
  }
  const median = (of: readonly number[]) => of.toSorted((a, b) => a - b)[SAMPLES / 2] ?? 0;
  return [median(times.known), median(times.unknown)];
}

test('floor - known and unknown users are refused in the same time', async () => {
  const password = async ({ userName }: Login): Promise<Step> => {
    if (userName.startsWith('unknown')) throw new Denied('USER_UNKNOWN');
    await new Promise((resolve) => setTimeout(resolve, 30));
    throw new Denied('BAD_CREDENTIALS');
  };
  const providers = { file: new FakeProvider({ password }) };
  const bench = new FunctionBench({ rules: { refusalFloorMs: 100 }, providers });
  const [known, unknown] = await medians(bench, PASSWORD);
  assert.ok(Math.abs(known - unknown) < 20, `${known} and ${unknown} ms`);
});

test('floor - a look-up takes as long for users with keys as for those who are not there', async () => {
  const lookUp = async ({ userName }: Login): Promise<Person> => {
    if (userName.startsWith('unknown')) throw new Denied('USER_UNKNOWN');
    return personOf(userName);
  };
  const bench = new FunctionBench({
    rules: { refusalFloorMs: 100 },
    providers: { file: new FakeProvider({ lookUp }) },
    record: { ...RECORD, publicKeys: [{ line: 'ssh-ed25519 AAAA' }] },
  });
  assert.equal(await bench.codeOf({ username: 'known' }), 'GRANTED');
  const [known, unknown] = await medians(bench, {});
  assert.ok(Math.abs(known - unknown) < 20, `${known} and ${unknown} ms`);
});
