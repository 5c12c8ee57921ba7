import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { FunctionBench, requestOf, until } from '../testing/function-bench.ts';

const ECHO = `export const handler = async (event) => ({ Role: 'r', event });`;
const SLOW = `export const handler = async () => { await new Promise((r) => setTimeout(r, 300)); return process.pid; };`;
const HANG = `export const handler = () => new Promise(() => setInterval(() => {}, 1000));`;

/** Whether a process of that id still exists. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('event - a password login carries the password and the facts of the connection', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.ts', ECHO);
  assert.deepEqual(await ask(requestOf({ password: 'correct horse' })), {
    Role: 'r',
    event: {
      username: 'alice',
      password: 'correct horse',
      protocol: 'SFTP',
      serverId: 's-0123456789abcdef0',
      sourceIp: '203.0.113.9',
    },
  });
});

test('event - a key look-up has no password member', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.ts', `export const handler = async (event) => 'password' in event;`);
  assert.equal(await ask(requestOf({ password: undefined })), false);
});

const FORMATS = {
  'ES module': ['f.mjs', `export const handler = async (event) => event.username;`],
  'TypeScript with types': [
    'f.ts',
    `export async function handler(event: { username: string }) { return event.username; }`,
  ],
  'default export with handler': ['f.js', `export default { handler: async (event) => event.username };`],
  CommonJS: ['f.cjs', `exports.handler = async (event) => event.username;`],
  'CommonJS replaced exports': ['f.cjs', `const all = { handler: (e) => e.username }; module.exports = all;`],
  'promise-returning': ['f.mjs', `export const handler = (event) => Promise.resolve(event.username);`],
  callback: [
    'f.cjs',
    `exports.handler = (event, context, callback) => { setTimeout(() => callback(null, event.username), 5); };`,
  ],
  'async with callback': [
    'f.mjs',
    `export const handler = async (event, context, callback) => { await 0; callback(null, event.username); };`,
  ],
} as const;

for (const [format, [fileName, source]] of Object.entries(FORMATS)) {
  test(`module - ${format} answers`, async () => {
    await using bench = await FunctionBench.open();
    const { ask } = await bench.add(fileName, source);
    assert.equal(await ask(), 'alice');
  });
}

test('context - is that of Lambda', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add(
    'f.mjs',
    `export const handler = async (event, c) => ({ ...c, leftMs: c.getRemainingTimeInMillis() });`,
    { timeoutMs: 5000, memoryMegabytes: 200 },
  );
  const context = await ask();
  assert.ok(typeof context === 'object' && context !== null);
  assert.deepEqual(
    { ...context, awsRequestId: undefined, logStreamName: undefined, leftMs: undefined },
    {
      functionName: 'partners',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:eu-west-3:000000000000:function:partners',
      memoryLimitInMB: '200',
      logGroupName: '/aws/lambda/partners',
      callbackWaitsForEmptyEventLoop: true,
      awsRequestId: undefined,
      logStreamName: undefined,
      leftMs: undefined,
    },
  );
  const leftMs: unknown = Reflect.get(context, 'leftMs');
  assert.ok(typeof leftMs === 'number' && leftMs > 0 && leftMs <= 5000, `${leftMs} ms left`);
});

test('environment - is the configured one and what Lambda sets, nothing of the server', async () => {
  process.env.DRAWBRIDGE_TEST_SECRET = 'of the server';
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.mjs', `export const handler = async () => process.env;`, {
    environment: { KEY: 'value', TZ: 'Europe/Paris' },
  });
  const folder = dirname(bench.path('f.mjs'));
  assert.deepEqual(await ask(), {
    PATH: process.env.PATH,
    HOME: folder,
    TZ: 'Europe/Paris',
    AWS_LAMBDA_FUNCTION_NAME: 'partners',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_REGION: 'eu-west-3',
    AWS_DEFAULT_REGION: 'eu-west-3',
    LAMBDA_TASK_ROOT: folder,
    KEY: 'value',
  });
  delete process.env.DRAWBRIDGE_TEST_SECRET;
});

test('channel - code of the function does not see that it was forked', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.mjs', `export const handler = async () => typeof process.send;`);
  assert.equal(await ask(), 'undefined');
});

test('instance - is kept warm and used again', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.mjs', `let n = 0; export const handler = async () => ++n;`);
  assert.deepEqual([await ask(), await ask()], [1, 2]);
});

test('instance - side by side logins get processes of their own, up to the limit', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.mjs', SLOW, { maxInstances: 2 });
  const pids = await Promise.all([ask(), ask(), ask(), ask()]);
  assert.equal(new Set(pids).size, 2);
});

test('isolation - a hanging function does not slow another one', async () => {
  await using bench = await FunctionBench.open();
  const hanging = await bench.add('hang.mjs', `export const handler = () => { for (;;); };`, {
    timeoutMs: 1500,
  });
  const good = await bench.add('good.mjs', ECHO);
  await Promise.all([hanging.provider.check(), good.provider.check()]);
  const startMs = performance.now();
  const hung = assert.rejects(hanging.ask(), { code: 'FUNCTION_TIMED_OUT' });
  await good.ask();
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 1000, `the good function took ${tookMs} ms`);
  await hung;
});

test('queue - a full queue refuses at once', async () => {
  await using bench = await FunctionBench.open();
  const { ask, provider } = await bench.add('f.mjs', HANG, { maxInstances: 1 });
  await provider.check();
  const controller = new AbortController();
  const waiting = Array.from({ length: 257 }, () => assert.rejects(ask(requestOf(), controller.signal)));
  await assert.rejects(ask(), { code: 'FUNCTION_OVERLOADED' });
  controller.abort();
  await Promise.all(waiting);
});

test('abort - ends the waiting and leaves the instance to its next question', async () => {
  await using bench = await FunctionBench.open();
  const { ask, provider } = await bench.add('f.mjs', SLOW, { maxInstances: 1 });
  await provider.check();
  const running = new AbortController();
  const queued = new AbortController();
  const first = assert.rejects(ask(requestOf(), running.signal), { code: 'ABORTED' });
  const second = assert.rejects(ask(requestOf(), queued.signal), { code: 'ABORTED' });
  running.abort();
  queued.abort();
  await Promise.all([first, second]);
  assert.equal(typeof (await ask()), 'number');
});

test('abort - an aborted login never reaches the function', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.mjs', ECHO);
  await assert.rejects(ask(requestOf(), AbortSignal.abort()), { code: 'ABORTED' });
});

test('close - ends every process and every waiting login', async () => {
  await using bench = await FunctionBench.open();
  const { ask, provider } = await bench.add(
    'f.mjs',
    `let n = 0;
    export const handler = () => (n++ === 0 ? process.pid : new Promise(() => {}));`,
    { maxInstances: 1 },
  );
  const pid = await ask();
  assert.ok(typeof pid === 'number');
  const open = [ask(), ask()].map((login) => assert.rejects(login, { code: 'ABORTED' }));
  await provider.close();
  await Promise.all(open);
  assert.equal(isAlive(pid), false);
  await assert.rejects(ask(), { code: 'ABORTED' });
});

test('signals - Ctrl-C and a stopping service manager leave the answer to come', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add(
    'f.mjs',
    `export const handler = async () => { process.kill(process.pid, 'SIGINT'); process.kill(process.pid, 'SIGTERM');
      await new Promise((r) => setTimeout(r, 50)); return 'still here'; };`,
  );
  assert.equal(await ask(), 'still here');
});

test('orphan - a process ends by itself when its server is gone', async () => {
  await using bench = await FunctionBench.open();
  await bench.add('f.mjs', `export const handler = async () => process.pid;`);
  const runner = new URL('./local-function.ts', import.meta.url).href;
  const script = `
    import { LocalFunction } from ${JSON.stringify(runner)};
    import { requestOf } from ${JSON.stringify(new URL('../testing/function-bench.ts', import.meta.url).href)};
    const provider = new LocalFunction({
      functionArn: { arn: 'arn', region: 'r', name: 'f', version: '1' },
      modulePath: ${JSON.stringify(bench.path('f.mjs'))}, onLine: () => {} });
    const pid = await provider.authenticate(requestOf(), { signal: new AbortController().signal });
    process.stdout.write(String(pid), () => process.kill(process.pid, 'SIGKILL'));`;
  const output = await new Promise<string>((resolve) => {
    try {
      resolve(
        execFileSync(process.execPath, ['--input-type=module', '-e', script], {
          encoding: 'utf8',
          stdio: 'pipe',
        }),
      );
    } catch (error) {
      resolve(error instanceof Error && 'stdout' in error ? String(error.stdout) : '');
    }
  });
  const pid = Number(output);
  assert.ok(pid > 0, `no process id in ${JSON.stringify(output)}`);
  await until(() => !isAlive(pid));
});
