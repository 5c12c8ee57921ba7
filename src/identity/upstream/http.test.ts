import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { IdentityFault } from '../decision.ts';
import { type HttpCall, UpstreamHttp } from './http.ts';

const CANARY = 'canary-88aa-secret';
const NOBODY_LEAVES = new AbortController().signal;

async function upstream(
  t: TestContext,
  listener: RequestListener,
  { timeoutMs = 2000, now = () => 0 }: { readonly timeoutMs?: number; readonly now?: () => number } = {},
) {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${portOf(server.address())}`;
  return { origin, http: new UpstreamHttp({ name: 'Vendor', origin, timeoutMs, now }) };
}

function portOf(address: AddressInfo | string | null): number {
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

const post = (further: Partial<HttpCall> = {}): HttpCall => ({
  method: 'POST',
  url: '/token',
  form: { password: CANARY },
  signal: NOBODY_LEAVES,
  ...further,
});

function isFault(code: string) {
  return (error: unknown) => {
    assert.ok(error instanceof IdentityFault);
    assert.equal(error.code, code);
    assert.ok(!`${error.stack} ${JSON.stringify(error)}`.includes(CANARY));
    return true;
  };
}

// Okta answers 411 to a POST without a Content-Length.
test('http - a form, JSON and an empty body are sent as what they are', async (t) => {
  const seen: string[] = [];
  const { http } = await upstream(t, (request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      seen.push(
        `${request.headers['content-type'] ?? '-'} ${request.headers['content-length'] ?? '-'} ${body}`,
      );
      response.end('{"ok":true}');
    });
  });
  assert.deepEqual((await http.call(post({ form: { a: 'ü&=' } }))).json, { ok: true });
  await http.call({ method: 'POST', url: '/', json: { a: 1 }, signal: NOBODY_LEAVES });
  await http.call({ method: 'POST', url: '/', signal: NOBODY_LEAVES });
  await http.call({ method: 'GET', url: '/', signal: NOBODY_LEAVES });
  assert.deepEqual(seen, [
    'application/x-www-form-urlencoded 14 a=%C3%BC%26%3D',
    'application/json 7 {"a":1}',
    '- 0 ',
    '- - ',
  ]);
});

test('http - a refusal is an answer, and a page that is no JSON has none', async (t) => {
  const { http } = await upstream(t, (_request, response) => response.writeHead(401).end('<html>'));
  const { status, json, text } = await http.call(post());
  assert.deepEqual({ status, json, text }, { status: 401, json: undefined, text: '<html>' });
});

test('http - a redirect is not followed with the password', async (t) => {
  let callCount = 0;
  const { http } = await upstream(t, (_request, response) => {
    callCount += 1;
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  await assert.rejects(http.call(post()), isFault('UPSTREAM_FAILED'));
  assert.equal(callCount, 1);
});

test('http - a link to another host is not called', async (t) => {
  const { http } = await upstream(t, (_request, response) => response.end('{}'));
  const call = http.call(post({ url: 'http://127.0.0.1:9/token' }));
  await assert.rejects(call, isFault('UPSTREAM_ANSWER_INVALID'));
});

for (const [where, listener] of [
  ['before the head', () => undefined],
  ['within the body', (_request, response) => void response.write('{"a":')],
] satisfies [string, RequestListener][]) {
  test(`http - an answer that stops ${where} times out`, async (t) => {
    const { http } = await upstream(t, listener, { timeoutMs: 50 });
    await assert.rejects(http.call(post()), isFault('UPSTREAM_TIMED_OUT'));
  });
}

test('http - an answer that is cut off, and a server that is not there, say so', async (t) => {
  const { http } = await upstream(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{');
    setImmediate(() => response.destroy());
  });
  await assert.rejects(http.call(post()), isFault('UPSTREAM_UNREACHABLE'));
  const closed = createTcpServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const origin = `http://127.0.0.1:${portOf(closed.address())}`;
  closed.close();
  await once(closed, 'close');
  const nowhere = new UpstreamHttp({ name: 'Vendor', origin });
  await assert.rejects(nowhere.call(post()), (error: unknown) => {
    assert.ok(error instanceof IdentityFault);
    assert.match(error.message, /ECONNREFUSED/);
    return true;
  });
});

test('http - an answer without an end is given up', async (t) => {
  const { http } = await upstream(t, (_request, response) => {
    const more = () => response.write(Buffer.alloc(1024 * 1024)) && setImmediate(more);
    response.on('drain', more);
    more();
  });
  await assert.rejects(http.call(post()), isFault('UPSTREAM_FAILED'));
});

test('http - errors in a row open the breaker, wrong passwords do not', async (t) => {
  let status = 401;
  let callCount = 0;
  const { http } = await upstream(t, (_request, response) => {
    callCount += 1;
    response.writeHead(status).end('{}');
  });
  for (let i = 0; i < 20; i += 1) assert.equal((await http.call(post())).status, 401);
  status = 503;
  for (let i = 0; i < 5; i += 1) await assert.rejects(http.call(post()), isFault('UPSTREAM_FAILED'));
  callCount = 0;
  await assert.rejects(http.call(post()), isFault('UPSTREAM_SUSPENDED'));
  assert.equal(callCount, 0);
});

test('http - logins that are given up do not open the breaker', async (t) => {
  const { http } = await upstream(t, () => undefined);
  for (let i = 0; i < 6; i += 1) {
    const signal = AbortSignal.timeout(5);
    await assert.rejects(http.call(post({ signal })), isFault('UPSTREAM_TIMED_OUT'));
  }
});

test('http - after the pause one call asks whether the upstream is back, and the others are refused meanwhile', async (t) => {
  let nowMs = 0;
  let callCount = 0;
  const back = Promise.withResolvers<void>();
  const listener: RequestListener = (_request, response) => {
    callCount += 1;
    if (nowMs === 0) response.writeHead(503).end();
    else void back.promise.then(() => response.end('{}'));
  };
  const { http } = await upstream(t, listener, { now: () => nowMs });
  for (let i = 0; i < 5; i += 1) await assert.rejects(http.call(post()), isFault('UPSTREAM_FAILED'));
  nowMs = 9_999;
  await assert.rejects(http.call(post()), isFault('UPSTREAM_SUSPENDED'));
  nowMs = 10_000;
  const probe = http.call(post());
  await assert.rejects(http.call(post()), isFault('UPSTREAM_SUSPENDED'));
  back.resolve();
  assert.equal((await probe).status, 200);
  assert.equal(callCount, 6);
  assert.equal((await http.call(post())).status, 200);
});

test('http - logins that are given up and links that are not followed do not keep a failing upstream in use', async (t) => {
  let isSilent = false;
  const { http } = await upstream(t, (_request, response) => {
    if (!isSilent) response.writeHead(503).end();
  });
  for (let i = 0; i < 4; i += 1) await assert.rejects(http.call(post()), isFault('UPSTREAM_FAILED'));
  isSilent = true;
  const signal = AbortSignal.timeout(20);
  await assert.rejects(http.call(post({ signal })), isFault('UPSTREAM_TIMED_OUT'));
  await assert.rejects(http.call(post({ url: 'http://127.0.0.1:9/' })), isFault('UPSTREAM_ANSWER_INVALID'));
  isSilent = false;
  await assert.rejects(http.call(post()), isFault('UPSTREAM_FAILED'));
  await assert.rejects(http.call(post()), isFault('UPSTREAM_SUSPENDED'));
});
