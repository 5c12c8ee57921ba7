import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { IdentityError } from '../provider.ts';
import { Secret } from '../secret.ts';
import { type Answers, fakeProvider } from '../testing/fake-provider.ts';
import { requestOf } from '../testing/function-bench.ts';
import { HttpMethod } from '../transports/http-method.ts';
import { Access } from './access.ts';
import { MethodServer, type Served } from './method-server.ts';

const PATH = '/servers/s-0123456789abcdef0/users/alice/config?protocol=SFTP&sourceIp=203.0.113.9';
const OPEN = new Access({ apiKeys: [], signingKeys: [] });
const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: new Secret('s3cret-s3cret') };

/** Says what it was asked. */
const echo: Answers = async (request) => ({ Role: 'r', event: request.event() });

class Bench implements AsyncDisposable {
  readonly served: Served[] = [];
  readonly server: MethodServer;
  #origin = '';

  static async open(answers: Answers = echo, access = OPEN): Promise<Bench> {
    const bench = new Bench(answers, access);
    const { port } = await bench.server.listen('127.0.0.1', 0);
    bench.#origin = `http://127.0.0.1:${port}`;
    return bench;
  }

  private constructor(answers: Answers, access: Access) {
    this.server = new MethodServer({
      provider: fakeProvider(answers),
      access,
      onServed: (served) => this.served.push(served),
    });
  }

  get origin(): string {
    return this.#origin;
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}, body?: string) {
    const method = body === undefined ? 'GET' : 'POST';
    const response = await fetch(`${this.#origin}${path}`, { method, headers, body: body ?? null });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }
}

const path = (name: string, query = 'protocol=SFTP&sourceIp=203.0.113.9') =>
  `/prod/servers/s-0123456789abcdef0/users/${name}/config?${query}`;

test('serve - a login is handed on as the event of the contract', async () => {
  await using bench = await Bench.open();
  const password = Buffer.from('pä"$').toString('base64');
  const { status, body } = await bench.get(path('jdoe%40example.com'), { PasswordBase64: password });
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(body).event, {
    username: 'jdoe@example.com',
    password: 'pä"$',
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '203.0.113.9',
  });
});

test('serve - PasswordBase64 counts before Password, which counts alone', async () => {
  await using bench = await Bench.open();
  const passwordOf = async (headers: Readonly<Record<string, string>>) =>
    JSON.parse((await bench.get(PATH, headers)).body).event.password;
  const PasswordBase64 = Buffer.from('right').toString('base64');
  assert.equal(await passwordOf({ Password: 'wrong', PasswordBase64 }), 'right');
  assert.equal(await passwordOf({ Password: 'alone' }), 'alone');
  assert.equal(await passwordOf({ Password: '' }), undefined);
  assert.equal(await passwordOf({}), undefined);
});

test('serve - a dialogue comes in the body', async () => {
  await using bench = await Bench.open();
  const { body } = await bench.get(PATH, {}, '{"challengeAnswers":["1"],"state":"s","interactive":true}');
  const { challengeAnswers, state, interactive } = JSON.parse(body).event;
  assert.deepEqual([challengeAnswers, state, interactive], [['1'], 's', true]);
});

for (const name of [
  'jdoe%2540example.com',
  'jdoe%252540',
  'a%2Bbc',
  'a+bc',
  '%2e%2e%2f',
  'ab%00c',
  'ab%2Fc',
]) {
  test(`serve - the name ${name} is nobody's`, async () => {
    await using bench = await Bench.open();
    const { status, body, headers } = await bench.get(path(name));
    assert.deepEqual([status, body], [200, '{}']);
    assert.equal(headers.get('X-Drawbridge-Decision'), 'NAME_REFUSED');
  });
}

const INVALID: Readonly<Record<string, readonly [string, Readonly<Record<string, string>>, string?]>> = {
  'a broken percent-encoding': [path('ab%zz'), {}],
  'no protocol': [path('alice', 'sourceIp=203.0.113.9'), {}],
  'an unknown protocol': [path('alice', 'protocol=AS2&sourceIp=203.0.113.9'), {}],
  'two addresses': [path('alice', 'protocol=SFTP&sourceIp=203.0.113.9&sourceIp=203.0.113.8'), {}],
  'an address that is none': [path('alice', 'protocol=SFTP&sourceIp=localhost'), {}],
  'a server that is none': ['/servers/x/users/alice/config?protocol=SFTP&sourceIp=203.0.113.9', {}],
  'a password in broken Base64': [PATH, { PasswordBase64: 'a*b' }],
  'a password that is not UTF-8': [PATH, { PasswordBase64: Buffer.from([0xff]).toString('base64') }],
  'a Password in Latin-1': [PATH, { Password: 'p\u00e4ss' }],
  'a body that is not JSON': [PATH, {}, 'x'],
  'a body with something else': [PATH, {}, '{"password":"x"}'],
};

for (const [what, [target, headers, body]] of Object.entries(INVALID)) {
  test(`serve - ${what} is refused with 400, and nobody is asked`, async () => {
    await using bench = await Bench.open(() => assert.fail('asked'));
    assert.equal((await bench.get(target, headers, body)).status, 400);
  });
}

test('serve - other paths and methods are not there', async () => {
  await using bench = await Bench.open();
  assert.equal((await bench.get('/')).status, 404);
  const response = await fetch(`${bench.origin}${PATH}`, { method: 'DELETE' });
  assert.equal(response.status, 405);
});

test('serve - too large a body is refused', async () => {
  await using bench = await Bench.open();
  assert.equal((await bench.get(PATH, {}, ' '.repeat(200_000))).status, 413);
});

test('serve - a blank password is denied without asking', async () => {
  await using bench = await Bench.open(() => assert.fail('asked'));
  const { status, body } = await bench.get(PATH, { PasswordBase64: Buffer.from('  ').toString('base64') });
  assert.deepEqual([status, body], [200, '{}']);
});

const FAULTS: Readonly<Record<string, readonly [Answers, number]>> = {
  'a function that threw': [() => Promise.reject(new IdentityError('FUNCTION_THREW', 'x')), 500],
  'a function that is overloaded': [() => Promise.reject(new IdentityError('FUNCTION_OVERLOADED', 'x')), 503],
  'an upstream that is down': [
    async (_request, { onDecision }) => {
      onDecision?.({ code: 'UPSTREAM_UNREACHABLE', message: 'x' });
      throw new IdentityError('FUNCTION_THREW', 'x');
    },
    503,
  ],
  'a mistake': [() => Promise.reject(new TypeError('c4nary')), 500],
};

for (const [what, [answers, expected]] of Object.entries(FAULTS)) {
  test(`serve - ${what} is ${expected}, with nothing of the cause`, async () => {
    await using bench = await Bench.open(answers);
    const { status, body } = await bench.get(PATH);
    assert.equal(status, expected);
    assert.match(body, /^\{"message":"(Internal server error|Service unavailable)"\}$/);
    assert.equal(JSON.stringify(bench.served).includes('c4nary'), false);
  });
}

test('serve - the log has the login and the decision, and no password', async () => {
  await using bench = await Bench.open(async (_request, { onDecision }) => {
    onDecision?.({ code: 'BAD_CREDENTIALS', message: 'Wrong.' });
    return {};
  });
  await bench.get(PATH, { Password: 'c4nary-password', 'X-Request-Id': 'r-1' });
  const [served] = bench.served;
  assert.equal(served?.requestId, 'r-1');
  assert.equal(served?.login?.username, 'alice');
  assert.equal(served?.code, 'BAD_CREDENTIALS');
  assert.equal(JSON.stringify(bench.served).includes('c4nary'), false);
});

test('serve - without the API key nobody is asked', async () => {
  const access = new Access({ apiKeys: [new Secret('one-key'), new Secret('other-key')], signingKeys: [] });
  await using bench = await Bench.open(echo, access);
  assert.equal((await bench.get(PATH)).status, 403);
  assert.equal((await bench.get(PATH, { 'x-api-key': 'one-ke' })).status, 403);
  assert.equal((await bench.get(PATH, { 'x-api-key': 'other-key' })).status, 200);
});

interface Signing {
  readonly secret?: string;
  readonly service?: string;
  readonly date?: Date;
  readonly change?: (headers: Record<string, string>) => void;
}

async function signedGet(bench: Bench, { secret, service, date, change }: Signing) {
  const url = new URL(`${bench.origin}${path('jdoe%40example.com')}`);
  const signer = new SignatureV4({
    service: service ?? 'execute-api',
    region: 'eu-west-3',
    credentials: { accessKeyId: KEY.accessKeyId, secretAccessKey: secret ?? KEY.secretAccessKey.reveal() },
    sha256: Sha256,
  });
  const { headers } = await signer.sign(
    {
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host, PasswordBase64: 'cGFzcw==' },
    },
    date === undefined ? {} : { signingDate: date },
  );
  change?.(headers);
  return bench.get(`${url.pathname}${url.search}`, headers);
}

const SIGNINGS: Readonly<Record<string, readonly [Signing, number]>> = {
  'with the key': [{}, 200],
  'with another secret': [{ secret: 'other' }, 403],
  'for another service': [{ service: 'lambda' }, 403],
  'ten minutes ago': [{ date: new Date(Date.now() - 600_000) }, 403],
  'over another password': [
    {
      change: (headers) => {
        headers.PasswordBase64 = 'b3RoZXI=';
      },
    },
    403,
  ],
  'without the plain password that was added': [
    {
      change: (headers) => {
        headers.Password = 'other';
      },
    },
    403,
  ],
};

for (const [what, [signing, expected]] of Object.entries(SIGNINGS)) {
  test(`serve - a request signed ${what} gets ${expected}`, async () => {
    const access = new Access({ apiKeys: [], signingKeys: [KEY] });
    await using bench = await Bench.open(echo, access);
    assert.equal((await signedGet(bench, signing)).status, expected);
  });
}

test('serve - stopping lets an open question end and takes no new one', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<object>();
  await using bench = await Bench.open(() => {
    asked.resolve();
    return answer.promise;
  });
  const open = bench.get(PATH);
  await asked.promise;
  const stopped = bench.server.stop();
  await assert.rejects(bench.get(PATH));
  answer.resolve({ Role: 'r' });
  assert.equal((await open).body, '{"Role":"r"}');
  await stopped;
});

test('serve - a caller that hangs up aborts the question', async () => {
  const aborted = Promise.withResolvers<void>();
  await using bench = await Bench.open((_request, { signal }) => {
    signal.addEventListener('abort', () => aborted.resolve());
    return new Promise(() => {});
  });
  const provider = new HttpMethod({ url: bench.origin, timeoutMs: 200 });
  await assert.rejects(provider.authenticate(requestOf(), { signal: new AbortController().signal }), {
    code: 'FUNCTION_TIMED_OUT',
  });
  await aborted.promise;
});
