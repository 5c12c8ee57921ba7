import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { Decision } from '../decision.ts';
import { IdentityError } from '../provider.ts';
import { IdentityRequest, type LoginAttempt } from '../request.ts';
import { CANARY, requestOf } from '../testing/function-bench.ts';
import { HttpMethod } from './http-method.ts';
import type { HttpMethodSettings } from './http-method-settings.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

class Bench implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly decisions: Decision[] = [];
  readonly provider: HttpMethod;
  readonly #close: () => void;

  static async open(answer: Answer, settings: Partial<HttpMethodSettings> = {}): Promise<Bench> {
    const seen: Seen[] = [];
    const server = createServer(async (request, response) => {
      const body = (await request.toArray()).join('');
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(request, response, body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address: AddressInfo | string | null = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const url = `http://127.0.0.1:${address.port}/prod/`;
    return new Bench(new HttpMethod({ url, timeoutMs: 1000, ...settings }), seen, () => {
      server.close();
      server.closeAllConnections();
    });
  }

  private constructor(provider: HttpMethod, seen: Seen[], close: () => void) {
    this.provider = provider;
    this.seen = seen;
    this.#close = close;
  }

  ask(request = requestOf(), signal = new AbortController().signal): Promise<unknown> {
    return this.provider.authenticate(request, {
      signal,
      onDecision: (decision) => this.decisions.push(decision),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider.close();
    this.#close();
  }
}

const granting: Answer = (_request, response) => response.end('{"Role":"r"}');

function attemptOf(attempt: Partial<LoginAttempt>): IdentityRequest {
  const checked = IdentityRequest.from({
    username: 'alice',
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '2001:db8::1',
    ...attempt,
  });
  assert.equal(checked.outcome, 'ready');
  return checked.request;
}

test('http method - a password login is the request that AWS sends', async () => {
  await using bench = await Bench.open(granting);
  assert.deepEqual(await bench.ask(attemptOf({ username: 'jdoe@example.com', password: 'a b"\\&%+' })), {
    Role: 'r',
  });
  const [seen] = bench.seen;
  assert.equal(seen?.method, 'GET');
  assert.equal(
    seen?.url,
    '/prod/servers/s-0123456789abcdef0/users/jdoe%40example.com/config?protocol=SFTP&sourceIp=2001%3Adb8%3A%3A1',
  );
  assert.equal(seen?.headers.password, 'a b"\\&%+');
  assert.equal(seen?.headers.passwordbase64, Buffer.from('a b"\\&%+').toString('base64'));
  assert.equal(seen?.headers.sourceip, '2001:db8::1');
  assert.match(String(seen?.headers['x-request-id']), /^[0-9a-f-]{36}$/);
});

for (const password of ['pässwörd', ' leading', 'trailing ', 'tab\tinside', '密码']) {
  test(`http method - ${JSON.stringify(password)} travels as PasswordBase64 only`, async () => {
    await using bench = await Bench.open(granting);
    await bench.ask(attemptOf({ password }));
    const { headers } = bench.seen[0] ?? {};
    assert.equal(headers?.password, undefined);
    assert.equal(Buffer.from(String(headers?.passwordbase64), 'base64').toString(), password);
  });
}

test('http method - a key look-up has no password header', async () => {
  await using bench = await Bench.open(granting);
  await bench.ask(attemptOf({}));
  assert.deepEqual(
    Object.keys(bench.seen[0]?.headers ?? {}).filter((name) => name.includes('password')),
    [],
  );
});

test('http method - a dialogue is a POST of what the contract of AWS does not have', async () => {
  await using bench = await Bench.open(granting);
  await bench.ask(attemptOf({ challengeAnswers: ['123456'], state: 's', interactive: true }));
  await bench.ask(attemptOf({ password: 'p4ss', interactive: true }));
  assert.deepEqual(
    bench.seen.map(({ method, body }) => [method, JSON.parse(body)]),
    [
      ['POST', { challengeAnswers: ['123456'], state: 's', interactive: true }],
      ['POST', { interactive: true }],
    ],
  );
  assert.equal(bench.seen[1]?.headers.password, 'p4ss');
});

test('http method - the API key is sent', async () => {
  await using bench = await Bench.open(granting, { apiKey: 'k3y' });
  await bench.ask();
  assert.equal(bench.seen[0]?.headers['x-api-key'], 'k3y');
});

const FAILURES: Readonly<Record<string, readonly [Answer, string, RegExp]>> = {
  'answers 500': [(_, response) => response.writeHead(500).end('{}'), 'FUNCTION_THREW', /status 500/],
  'answers 204': [(_, response) => response.writeHead(204).end(), 'FUNCTION_THREW', /status 204/],
  'answers 403': [(_, response) => response.writeHead(403).end('{}'), 'FUNCTION_THREW', /InvocationRole/],
  'answers 404': [(_, response) => response.writeHead(404).end('{}'), 'FUNCTION_THREW', /check Url/],
  redirects: [
    (_, response) => response.writeHead(302, { location: 'https://example.com/' }).end(),
    'FUNCTION_THREW',
    /redirect/,
  ],
  'answers HTML': [(_, response) => response.end('<html>'), 'ANSWER_NOT_JSON', /not JSON/],
  'answers nothing': [(_, response) => response.end(), 'ANSWER_NOT_JSON', /not JSON/],
  'answers Latin-1': [
    (_, response) => response.end(Buffer.from([0x22, 0xe4, 0x22])),
    'ANSWER_NOT_JSON',
    /JSON/,
  ],
  'answers too much': [
    (_, response) => response.end(Buffer.alloc(7e6, ' ')),
    'ANSWER_TOO_LARGE',
    /more than/,
  ],
  'never answers': [() => {}, 'FUNCTION_TIMED_OUT', /1000 ms/],
  'hangs up': [(request) => request.socket.destroy(), 'FUNCTION_UNREACHABLE', /cannot be reached/],
  'quotes the request in its error': [
    (request, response) => response.writeHead(502).end(JSON.stringify(request.headers)),
    'FUNCTION_THREW',
    /status 502/,
  ],
};

for (const [what, [answer, code, message]] of Object.entries(FAILURES)) {
  test(`http method - one that ${what} is an error and no denial`, async () => {
    await using bench = await Bench.open(answer);
    await assert.rejects(bench.ask(), (error: unknown) => {
      assert.ok(error instanceof IdentityError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.equal(`${error.stack} ${JSON.stringify(error)}`.includes(CANARY.slice(0, 6)), false);
      return true;
    });
    assert.equal(bench.seen.length, 1);
  });
}

test('http method - abort ends the waiting', async () => {
  await using bench = await Bench.open(() => {});
  const controller = new AbortController();
  const login = assert.rejects(bench.ask(requestOf(), controller.signal), { code: 'ABORTED' });
  controller.abort();
  await login;
});

test('http method - closing ends open logins', async () => {
  await using bench = await Bench.open(() => {});
  const login = assert.rejects(bench.ask(), { code: 'ABORTED' });
  await bench.provider.close();
  await login;
});

test('http method - what our own server decided is told, and an unknown code is not', async () => {
  await using bench = await Bench.open((request, response) => {
    const isAlice = request.url?.includes('/alice/') === true;
    response.setHeader('X-Drawbridge-Decision', isAlice ? 'BAD_CREDENTIALS' : 'NO_SUCH_CODE');
    response.end('{}');
  });
  await bench.ask();
  await bench.ask(requestOf({ username: 'bob' }));
  assert.deepEqual(
    bench.decisions.map(({ code }) => code),
    ['BAD_CREDENTIALS'],
  );
});

const REFUSED_URLS: Readonly<Record<string, RegExp>> = {
  'http://idp.example.com/prod': /in clear/,
  'http://127.0.0.1.example.com/': /in clear/,
  'https://user@idp.example.com/': /user name/,
  'https://idp.example.com/?a=b': /query/,
};

for (const [url, message] of Object.entries(REFUSED_URLS)) {
  test(`http method - ${url} is refused before anything is sent`, async () => {
    const provider = new HttpMethod({ url });
    const expected = { code: 'FUNCTION_UNREACHABLE', message };
    await assert.rejects(provider.check(), expected);
    await assert.rejects(
      provider.authenticate(requestOf(), { signal: new AbortController().signal }),
      expected,
    );
  });
}

test('http method - a role without a region to sign for is refused', async () => {
  const provider = new HttpMethod({
    url: 'https://idp.example.com/prod',
    invocationRole: 'arn:aws:iam::000000000000:role/invoke',
  });
  await assert.rejects(provider.check(), { message: /set Region/ });
});
