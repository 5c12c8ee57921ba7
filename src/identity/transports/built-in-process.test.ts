import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Decision } from '../decision.ts';
import { parseFunctionArn } from '../function-arn.ts';
import { IdentityError } from '../provider.ts';
import { CANARY, requestOf, until } from '../testing/function-bench.ts';
import { BuiltInProcess } from './built-in-process.ts';
import type { BuiltInSettings } from './built-in-settings.ts';

const HOST_PATH = fileURLToPath(new URL('../testing/fake-built-in-host.ts', import.meta.url));

class Bench implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly decisions: Decision[] = [];
  readonly provider: BuiltInProcess;

  constructor(settings: Partial<BuiltInSettings> = {}) {
    const functionArn = parseFunctionArn('arn:aws:lambda:eu-west-3:000000000000:function:partners');
    assert.ok(functionArn);
    this.provider = new BuiltInProcess({
      functionArn,
      configuration: { secret: 's3cret' },
      folder: tmpdir(),
      hostPath: HOST_PATH,
      onLine: ({ line }) => this.lines.push(line),
      ...settings,
    });
  }

  ask(username: string, signal = new AbortController().signal): Promise<unknown> {
    return this.provider.authenticate(requestOf({ username }), {
      signal,
      onDecision: (decision) => this.decisions.push(decision),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider.close();
  }
}

test('built-in - the answer and the decision come from the process', async () => {
  await using bench = new Bench();
  const answer = await bench.ask('alice');
  assert.equal(Reflect.get(Object(answer), 'Role'), 'r');
  assert.deepEqual(await bench.ask('denied'), {});
  assert.deepEqual(
    bench.decisions.map(({ code }) => code),
    ['GRANTED', 'BAD_CREDENTIALS'],
  );
});

test('built-in - the configuration reaches the process, and neither its arguments nor its environment', async () => {
  await using bench = new Bench();
  assert.deepEqual(await bench.ask('other'), { configuration: { secret: 's3cret' } });
  const seen = JSON.stringify([await bench.ask('arguments'), await bench.ask('environment')]);
  assert.equal(seen.includes('s3cret'), false);
});

test('built-in - the environment is the credential chain, the network, and what is configured', async () => {
  process.env.AWS_PROFILE = 'partners';
  process.env.DRAWBRIDGE_TEST_SECRET = 'of the server';
  await using bench = new Bench({ environment: { KEY: 'value' } });
  const environment = Object(await bench.ask('environment'));
  delete process.env.AWS_PROFILE;
  delete process.env.DRAWBRIDGE_TEST_SECRET;
  assert.equal(environment.AWS_PROFILE, 'partners');
  assert.equal(environment.KEY, 'value');
  assert.equal(environment.PATH, process.env.PATH);
  assert.equal(environment.DRAWBRIDGE_TEST_SECRET, undefined);
});

test('built-in - a fault is an error with its code, and told as the decision', async () => {
  await using bench = new Bench();
  await assert.rejects(bench.ask('fault'), (error: unknown) => {
    assert.ok(error instanceof IdentityError);
    assert.equal(error.code, 'FUNCTION_THREW');
    assert.match(error.message, /^UPSTREAM_TIMED_OUT: .*Okta/);
    return true;
  });
  assert.equal(bench.decisions[0]?.code, 'UPSTREAM_TIMED_OUT');
});

test('built-in - a mistake of ours is a fault that quotes nothing', async () => {
  await using bench = new Bench();
  await assert.rejects(bench.ask('mistake'), (error: unknown) => {
    assert.ok(error instanceof IdentityError);
    assert.match(error.message, /^INTERNAL_ERROR: .*TypeError/);
    assert.equal(error.message.includes('c4nary'), false);
    return true;
  });
});

test('built-in - slow questions hold up nobody', async () => {
  await using bench = new Bench();
  await bench.provider.check();
  const slow = Array.from({ length: 50 }, () => bench.ask('slow'));
  const durationsMs: number[] = [];
  for (let i = 0; i < 100; i += 1) {
    const startMs = performance.now();
    await bench.ask('alice');
    durationsMs.push(performance.now() - startMs);
  }
  assert.ok(Math.max(...durationsMs) < 100, `${Math.max(...durationsMs)} ms`);
  assert.equal((await Promise.all(slow)).length, 50);
});

test('built-in - questions beyond the limit are refused at once', async () => {
  await using bench = new Bench();
  const controller = new AbortController();
  const open = Array.from({ length: 512 }, () =>
    assert.rejects(bench.ask('slow', controller.signal), { code: 'ABORTED' }),
  );
  await assert.rejects(bench.ask('alice'), { code: 'FUNCTION_OVERLOADED' });
  controller.abort();
  await Promise.all(open);
});

test('built-in - a given-up question is cancelled in the process, which lives on', async () => {
  await using bench = new Bench();
  const { pid } = Object(await bench.ask('alice'));
  const controller = new AbortController();
  const given = assert.rejects(bench.ask('deaf', controller.signal), { code: 'ABORTED' });
  controller.abort();
  await given;
  await sleep(2200);
  assert.equal(Object(await bench.ask('alice')).pid, pid);
});

test('built-in - a question without an answer ends at its deadline, and the others live on', async () => {
  await using bench = new Bench({ timeoutMs: 300 });
  const { pid } = Object(await bench.ask('alice'));
  await assert.rejects(bench.ask('deaf'), { code: 'FUNCTION_TIMED_OUT' });
  assert.equal(Object(await bench.ask('alice')).pid, pid);
});

test('built-in - a process that does not react any more is killed and started again', async () => {
  await using bench = new Bench({ timeoutMs: 300 });
  const { pid } = Object(await bench.ask('alice'));
  await assert.rejects(bench.ask('loop'), { code: 'FUNCTION_TIMED_OUT' });
  await sleep(2200);
  assert.notEqual(Object(await bench.ask('alice')).pid, pid);
});

test('built-in - a crash refuses who was being judged, and the next login finds a new process', async () => {
  await using bench = new Bench();
  await bench.provider.check();
  await assert.rejects(Promise.all([bench.ask('slow'), bench.ask('crash')]), { code: 'FUNCTION_CRASHED' });
  assert.equal(Object(await bench.ask('alice')).Role, 'r');
});

test('built-in - a process that crashes again and again is given a pause', async () => {
  await using bench = new Bench();
  await assert.rejects(bench.ask('crash'), { code: 'FUNCTION_CRASHED' });
  await assert.rejects(bench.ask('crash'), { code: 'FUNCTION_CRASHED' });
  await assert.rejects(bench.ask('alice'), { code: 'FUNCTION_CRASHED', message: /started again in 1 s/ });
});

test('built-in - a wrong configuration is said by the check and at every login', async () => {
  await using bench = new Bench({ configuration: 'broken' });
  const expected = { code: 'FUNCTION_THREW', message: /^CONFIGURATION_INVALID: .*It is broken/ };
  await assert.rejects(bench.provider.check(), expected);
  await assert.rejects(bench.ask('alice'), expected);
});

test('built-in - the check asks upstream', async () => {
  await using bench = new Bench({ configuration: 'unreachable' });
  await assert.rejects(bench.provider.check(), { code: 'FUNCTION_THREW', message: /^UPSTREAM_UNREACHABLE/ });
});

test('built-in - a password that is printed or decided about reaches neither log nor decision', async () => {
  await using bench = new Bench();
  await bench.ask('talkative');
  await until(() => bench.lines.length === 1);
  assert.deepEqual(bench.lines, ['got [password]']);
  assert.equal(bench.decisions[0]?.message, 'wrong: [password]');
  assert.equal(JSON.stringify([bench.lines, bench.decisions]).includes(CANARY.slice(0, 6)), false);
});

test('built-in - closing ends the process and every open login', async () => {
  await using bench = new Bench();
  const { pid } = Object(await bench.ask('alice'));
  const open = assert.rejects(bench.ask('slow'), { code: 'ABORTED' });
  await bench.provider.close();
  await open;
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  await assert.rejects(bench.ask('alice'), { code: 'ABORTED' });
});
