import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { test } from 'node:test';
import { parseFunctionArn } from '../function-arn.ts';
import { IdentityError } from '../provider.ts';
import { CANARY, requestOf } from '../testing/function-bench.ts';
import { LambdaFunction } from './lambda-function.ts';

const ARN = 'arn:aws:lambda:eu-west-3:000000000000:function:partners:live';

interface Seen {
  readonly url: string | undefined;
  readonly type: string | string[] | undefined;
  readonly authorization: string | undefined;
  readonly event: unknown;
}

class Bench implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly provider: LambdaFunction;
  readonly #close: () => void;

  static async open(answer: (response: ServerResponse) => void): Promise<Bench> {
    const seen: Seen[] = [];
    const server = createServer(async (request, response) => {
      const body = (await request.toArray()).join('');
      const { authorization } = request.headers;
      const type = request.headers['x-amz-invocation-type'];
      seen.push({ url: request.url, type, authorization, event: body === '' ? undefined : JSON.parse(body) });
      answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return new Bench(`http://127.0.0.1:${address.port}`, seen, () => {
      server.close();
      server.closeAllConnections();
    });
  }

  private constructor(endpoint: string, seen: Seen[], close: () => void) {
    const functionArn = parseFunctionArn(ARN);
    assert.ok(functionArn);
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 's3cret' };
    this.provider = new LambdaFunction({ functionArn, endpoint, credentials, timeoutMs: 1000 });
    this.seen = seen;
    this.#close = close;
  }

  ask(request = requestOf(), signal = new AbortController().signal): Promise<unknown> {
    return this.provider.authenticate(request, { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider.close();
    this.#close();
  }
}

test('lambda - the function is invoked once, with the event, in the region of its ARN', async () => {
  await using bench = await Bench.open((response) => response.end('{"Role":"r"}'));
  assert.deepEqual(await bench.ask(), { Role: 'r' });
  const [seen, ...others] = bench.seen;
  assert.equal(others.length, 0);
  assert.equal(decodeURIComponent(seen?.url ?? ''), `/2015-03-31/functions/${ARN}/invocations`);
  assert.match(seen?.authorization ?? '', /\/eu-west-3\/lambda\/aws4_request/);
  assert.deepEqual(seen?.event, {
    username: 'alice',
    password: CANARY,
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '203.0.113.9',
  });
});

test('lambda - no payload is null, as a function that returns nothing answers', async () => {
  await using bench = await Bench.open((response) => response.end());
  assert.equal(await bench.ask(), null);
});

test('lambda - the check proves the permission and judges nobody', async () => {
  await using bench = await Bench.open((response) => response.writeHead(204).end());
  await bench.provider.check();
  assert.deepEqual(
    bench.seen.map(({ type, event }) => [type, event]),
    [['DryRun', undefined]],
  );
});

const failed = (errorType: string, errorMessage: string) => (response: ServerResponse) =>
  response
    .writeHead(200, { 'X-Amz-Function-Error': 'Unhandled' })
    .end(JSON.stringify({ errorType, errorMessage }));

const refused = (status: number, name: string) => (response: ServerResponse) =>
  response.writeHead(status, { 'x-amzn-errortype': name }).end(JSON.stringify({ Message: 'of AWS' }));

const FAILURES: Readonly<Record<string, readonly [(response: ServerResponse) => void, string, RegExp]>> = {
  'a function that throws': [
    failed('TypeError', `no ${CANARY}`),
    'FUNCTION_THREW',
    /^TypeError: no \[password\]$/,
  ],
  'a function that times out': [
    failed('Sandbox.Timedout', 'Task timed out after 3.00 seconds'),
    'FUNCTION_TIMED_OUT',
    /3\.00 seconds/,
  ],
  'a function that exits': [failed('Runtime.ExitError', 'exited'), 'FUNCTION_CRASHED', /exited/],
  'a module that is missing': [
    failed('Runtime.ImportModuleError', "Cannot find module 'x'"),
    'FUNCTION_BAD_MODULE',
    /'x'/,
  ],
  'an error that is no JSON': [
    (response) => response.writeHead(200, { 'X-Amz-Function-Error': 'Unhandled' }).end('x'),
    'FUNCTION_THREW',
    /without a text/,
  ],
  throttling: [refused(429, 'TooManyRequestsException'), 'FUNCTION_OVERLOADED', /reserved concurrency/],
  'a missing permission': [
    refused(403, 'AccessDeniedException'),
    'FUNCTION_UNREACHABLE',
    /lambda:InvokeFunction/,
  ],
  'a missing function': [
    refused(404, 'ResourceNotFoundException'),
    'FUNCTION_UNREACHABLE',
    /no such function/,
  ],
  'wrong credentials': [
    refused(403, 'UnrecognizedClientException'),
    'FUNCTION_UNREACHABLE',
    /credentials are not valid/,
  ],
  'a service that fails': [refused(500, 'ServiceException'), 'FUNCTION_UNREACHABLE', /ServiceException/],
  'a service that hangs up': [
    (response) => response.socket?.destroy(),
    'FUNCTION_UNREACHABLE',
    /does not take/,
  ],
  'a service that never answers': [() => {}, 'FUNCTION_TIMED_OUT', /1000 ms/],
  'an answer that is no JSON': [(response) => response.end('x'), 'ANSWER_NOT_JSON', /not JSON/],
  'an answer that is too large': [
    (response) => response.end(JSON.stringify('x'.repeat(7e6))),
    'ANSWER_TOO_LARGE',
    /more than/,
  ],
};

for (const [what, [answer, code, message]] of Object.entries(FAILURES)) {
  test(`lambda - ${what} is ${code}, after one attempt`, async () => {
    await using bench = await Bench.open(answer);
    await assert.rejects(bench.ask(), (error: unknown) => {
      assert.ok(error instanceof IdentityError, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.equal(`${error.stack} ${JSON.stringify(error)}`.includes(CANARY.slice(0, 6)), false);
      return true;
    });
    assert.equal(bench.seen.length, 1);
  });
}

test('lambda - abort ends the waiting', async () => {
  await using bench = await Bench.open(() => {});
  const controller = new AbortController();
  const login = assert.rejects(bench.ask(requestOf(), controller.signal), { code: 'ABORTED' });
  setTimeout(() => controller.abort(), 50);
  await login;
});

test('lambda - closing ends open logins', async () => {
  await using bench = await Bench.open(() => {});
  const login = assert.rejects(bench.ask(), { code: 'ABORTED' });
  await bench.provider.close();
  await login;
});

for (const [what, answer, code] of [
  [
    'breaks off',
    (response: ServerResponse) => void setTimeout(() => response.destroy(), 20),
    'FUNCTION_UNREACHABLE',
  ],
  ['stalls', () => undefined, 'FUNCTION_TIMED_OUT'],
] as const) {
  test(`lambda - an answer that ${what} after its first bytes is ${code}`, async () => {
    await using bench = await Bench.open((response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('{"Role":');
      answer(response);
    });
    await assert.rejects(bench.ask(), (error) => error instanceof IdentityError && error.code === code);
  });
}
