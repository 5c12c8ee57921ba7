import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseFunctionArn } from '../function-arn.ts';
import { CANARY, requestOf, until } from '../testing/function-bench.ts';
import { RuntimeApiFunction } from './runtime-api-function.ts';
import type { RuntimeApiSettings } from './runtime-settings.ts';

const RUNTIME = fileURLToPath(new URL('../testing/runtime.mjs', import.meta.url));
const ARN = 'arn:aws:lambda:eu-west-3:000000000000:function:partners';

class Bench implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly provider: RuntimeApiFunction;

  constructor(settings: Partial<RuntimeApiSettings> = {}) {
    const functionArn = parseFunctionArn(ARN);
    assert.ok(functionArn);
    this.provider = new RuntimeApiFunction({
      functionArn,
      command: [process.execPath, RUNTIME],
      taskRoot: realpathSync(tmpdir()),
      onLine: ({ line }) => this.lines.push(line),
      ...settings,
    });
  }

  async ask(username = 'alice', signal = new AbortController().signal): Promise<Record<string, unknown>> {
    return Object(await this.provider.authenticate(requestOf({ username }), { signal }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider.close();
  }
}

test('runtime - the event, its headers and its environment are those of Lambda', async () => {
  await using bench = new Bench({ environment: { KEY: 'value' }, timeoutMs: 5000 });
  const { event, headers, environment, folder } = await bench.ask();
  assert.deepEqual(event, {
    username: 'alice',
    password: CANARY,
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '203.0.113.9',
  });
  const named = Object(headers);
  assert.match(named['lambda-runtime-aws-request-id'], /^[0-9a-f-]{36}$/);
  assert.equal(named['lambda-runtime-invoked-function-arn'], ARN);
  assert.match(
    named['lambda-runtime-trace-id'],
    /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/,
  );
  const leftMs = Number(named['lambda-runtime-deadline-ms']) - Date.now();
  assert.ok(leftMs > 0 && leftMs <= 5000, `${leftMs} ms left`);
  const { AWS_LAMBDA_RUNTIME_API, AWS_LAMBDA_LOG_STREAM_NAME, ...fixed } = Object(environment);
  assert.match(AWS_LAMBDA_RUNTIME_API, /^127\.0\.0\.1:\d+$/);
  assert.match(AWS_LAMBDA_LOG_STREAM_NAME, /^local\/\[\$LATEST\][0-9a-f]{32}$/);
  assert.deepEqual(fixed, {
    PATH: process.env.PATH,
    HOME: folder,
    TZ: 'UTC',
    LANG: 'C.UTF-8',
    AWS_LAMBDA_FUNCTION_NAME: 'partners',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/partners',
    AWS_REGION: 'eu-west-3',
    AWS_DEFAULT_REGION: 'eu-west-3',
    LAMBDA_TASK_ROOT: folder,
    _HANDLER: RUNTIME,
    KEY: 'value',
  });
});

test('runtime - an instance is kept warm and used again', async () => {
  await using bench = new Bench();
  assert.deepEqual([(await bench.ask()).count, (await bench.ask()).count], [1, 2]);
});

test('runtime - side by side logins get processes of their own', async () => {
  await using bench = new Bench({ maxInstances: 2 });
  const answers = await Promise.all([bench.ask('slow'), bench.ask('slow')]);
  assert.equal(new Set(answers.map(({ pid }) => pid)).size, 2);
});

const FAILURES: Readonly<Record<string, readonly [string, RegExp]>> = {
  throws: ['FUNCTION_THREW', /^KeyError: no \[password\]$/],
  hangs: ['FUNCTION_TIMED_OUT', /1000 ms/],
  exits: ['FUNCTION_CRASHED', /exit code 7/],
  greedy: ['FUNCTION_CRASHED', /another event before it answered/],
  text: ['ANSWER_NOT_JSON', /not JSON/],
  much: ['ANSWER_TOO_LARGE', /larger/],
};

for (const [username, [code, message]] of Object.entries(FAILURES)) {
  test(`runtime - one that ${username} is ${code}, and the next login is served`, async () => {
    await using bench = new Bench({ timeoutMs: 1000, maxInstances: 1 });
    await assert.rejects(bench.ask(username), { code, message });
    assert.equal(typeof (await bench.ask()).pid, 'number');
  });
}

test('runtime - an empty response is null', async () => {
  await using bench = new Bench();
  const answer = await bench.provider.authenticate(requestOf({ username: 'nothing' }), {
    signal: new AbortController().signal,
  });
  assert.equal(answer, null);
});

test('runtime - a response to another invocation is refused', async () => {
  await using bench = new Bench();
  assert.deepEqual(await bench.ask('stranger'), { status: 400 });
});

test('runtime - a function that cannot be loaded is refused with the cause', async () => {
  await using bench = new Bench({ command: [process.execPath, RUNTIME, 'init-error'] });
  const expected = { code: 'FUNCTION_BAD_MODULE', message: 'Runtime.ImportModuleError: no module named x' };
  await assert.rejects(bench.provider.check(), expected);
  await assert.rejects(bench.ask(), expected);
});

test('runtime - a program that does not exist is refused with its name', async () => {
  await using bench = new Bench({ command: ['no-such-program'] });
  await assert.rejects(bench.provider.check(), { code: 'FUNCTION_CRASHED', message: /no-such-program/ });
});

test('runtime - a folder that does not exist is named', async () => {
  await using bench = new Bench({ taskRoot: '/no/such/folder' });
  await assert.rejects(bench.provider.check(), { code: 'FUNCTION_BAD_MODULE', message: /no\/such\/folder/ });
});

test('runtime - a printed password does not reach the log', async () => {
  await using bench = new Bench();
  await bench.ask('prints');
  await until(() => bench.lines.length === 1);
  assert.deepEqual(bench.lines, ['got [password]']);
});

test('runtime - closing ends the process and what it started', async () => {
  await using bench = new Bench();
  const { pid } = await bench.ask('parent');
  await bench.provider.close();
  await until(() => !isRunning(Number(pid)));
  await assert.rejects(bench.ask(), { code: 'ABORTED' });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('runtime - a program that ends at once refuses the login, is started once for it, and closes', async () => {
  const bench = new Bench({
    command: [process.execPath, '-e', 'console.log("started"); process.exitCode = 3'],
  });
  await assert.rejects(bench.ask(), { code: 'FUNCTION_CRASHED' });
  await until(() => bench.lines.length > 0);
  await bench.provider.close();
  assert.deepEqual(bench.lines, ['started']);
});

test('runtime - one that is closed while it starts closes', async () => {
  const bench = new Bench();
  const asked = assert.rejects(bench.ask(), { code: 'ABORTED' });
  await bench.provider.close();
  await asked;
});
