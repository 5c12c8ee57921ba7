import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CANARY, Clock, endsRefused, PASSWORD, ProviderBench, personIn } from '../testing/provider-bench.ts';
import { type ScriptedAnswer, ScriptedServer } from '../testing/scripted-server.ts';
import { httpOptions } from './options.ts';
import { createHttpProvider } from './provider.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

async function endpoint(answer: ScriptedAnswer, options: Readonly<Record<string, unknown>> = {}) {
  const server = await ScriptedServer.start(() => answer);
  const parsed = httpOptions.parse({
    url: `${server.origin}/auth?tenant=1`,
    lookUpUrl: `${server.origin}/who`,
    authorization: { type: 'bearer', token: `${CANARY}-token` },
    timeoutSeconds: 1,
    ...options,
  });
  const clock = new Clock(Date.UTC(2030, 0, 1));
  const bench = new ProviderBench((where) => createHttpProvider(parsed, where), clock);
  return { server, bench, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test('http provider - who is allowed is who the answer says, with groups, attributes and a record', async () => {
  await using scene = await endpoint({
    json: {
      allow: true,
      subject: 'id-7',
      userName: 'John.Doe',
      attributes: { uid: 2030, mail: ['a@example.com'] },
      groups: ['sftp-users', { id: 'g2', name: 'Partners' }],
      record: { Role: 'arn:aws:iam::000000000000:role/r', Password: `${CANARY}-stored`, PublicKeys: [KEY] },
    },
  });
  const person = personIn(await scene.bench.password());
  assert.deepEqual([person.subject, person.userName, person.proofs], ['id-7', 'John.Doe', ['password']]);
  assert.deepEqual(person.groups, [
    { id: 'sftp-users', name: 'sftp-users' },
    { id: 'g2', name: 'Partners' },
  ]);
  assert.deepEqual(person.attributes.get('uid'), ['2030']);
  assert.equal(person.record?.session.role, 'arn:aws:iam::000000000000:role/r');
  assert.equal(person.record?.password, undefined);
  const [request] = scene.server.requests;
  assert.equal(request?.headers.authorization, `Bearer ${CANARY}-token`);
  assert.equal(`${request?.path}?${request?.query}`, '/auth?tenant=1');
  assert.deepEqual(JSON.parse(request?.body ?? ''), {
    username: 'jdoe',
    password: PASSWORD,
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '203.0.113.9',
  });
});

for (const [authorization, header, value] of [
  [{ type: 'basic', userName: 'us', password: 'canary' }, 'authorization', 'Basic dXM6Y2FuYXJ5'],
  [{ type: 'header', name: 'X-Api-Key', value: 'canary-key' }, 'x-api-key', 'canary-key'],
] as const) {
  test(`http provider - we prove who we are with ${authorization.type}`, async () => {
    await using scene = await endpoint({ json: { allow: true } }, { authorization });
    assert.equal(personIn(await scene.bench.password()).subject, 'jdoe');
    assert.equal(scene.server.requests[0]?.headers[header], value);
  });
}

test('http provider - a key look-up sends no password and proves nothing', async () => {
  await using scene = await endpoint({ json: { allow: true, record: { PublicKeys: [KEY] } } });
  const person = await scene.bench.lookUp();
  assert.deepEqual(person?.proofs, []);
  assert.deepEqual(person?.record?.publicKeys, [{ line: KEY }]);
  const [request] = scene.server.requests;
  assert.equal(request?.path, '/who');
  assert.deepEqual(Object.keys(JSON.parse(request?.body ?? '')), [
    'username',
    'lookUp',
    'protocol',
    'serverId',
    'sourceIp',
  ]);
  await using without = await endpoint({ json: { allow: true } }, { lookUpUrl: undefined });
  assert.equal(await without.bench.lookUp(), undefined);
});

for (const [what, answer, password, lookUp] of [
  ['allow false', { json: { allow: false } }, 'BAD_CREDENTIALS', 'USER_UNKNOWN'],
  [
    'a reason of ours',
    { json: { allow: false, reason: 'ACCOUNT_LOCKED' } },
    'ACCOUNT_LOCKED',
    'ACCOUNT_LOCKED',
  ],
  ['another reason', { json: { allow: false, reason: `${CANARY} text` } }, 'BAD_CREDENTIALS', 'USER_UNKNOWN'],
  ['a name of objects', { json: { allow: false, reason: 'constructor' } }, 'BAD_CREDENTIALS', 'USER_UNKNOWN'],
  ['status 401', { status: 401, json: { allow: true } }, 'BAD_CREDENTIALS', 'USER_UNKNOWN'],
  ['status 403', { status: 403, text: '<html>' }, 'BAD_CREDENTIALS', 'USER_UNKNOWN'],
  [
    'status 404',
    { status: 404, json: { allow: true } },
    'UPSTREAM_ANSWER_INVALID',
    'UPSTREAM_ANSWER_INVALID',
  ],
  [
    'status 201',
    { status: 201, json: { allow: true } },
    'UPSTREAM_ANSWER_INVALID',
    'UPSTREAM_ANSWER_INVALID',
  ],
  ['status 429', { status: 429, json: {} }, 'THROTTLED', 'THROTTLED'],
  ['status 500', { status: 500, json: { allow: true } }, 'UPSTREAM_FAILED', 'UPSTREAM_FAILED'],
  ['a redirect', { status: 302, headers: { location: '/' } }, 'UPSTREAM_FAILED', 'UPSTREAM_FAILED'],
  ['the text true', { json: { allow: 'true' } }, 'UPSTREAM_ANSWER_INVALID', 'UPSTREAM_ANSWER_INVALID'],
  ['a broken record', { json: { allow: true, record: { Role: 7 } } }, 'RECORD_INVALID', 'RECORD_INVALID'],
  ['no JSON', { text: 'allow' }, 'UPSTREAM_ANSWER_INVALID', 'UPSTREAM_ANSWER_INVALID'],
] satisfies [string, ScriptedAnswer, string, string][]) {
  test(`http provider - ${what} is ${password}, and ${lookUp} for a key`, async () => {
    await using scene = await endpoint(answer);
    await scene.bench.assertRefused(scene.bench.password(), password);
    await scene.bench.assertRefused(scene.bench.lookUp(), lookUp);
    assert.equal(scene.server.requests.length, 2);
  });
}

for (const silent of ['at once', 'after the head', 'within the body'] as const) {
  test(`http provider - an endpoint that falls silent ${silent} times out`, async () => {
    await using scene = await endpoint({ silent });
    await scene.bench.assertRefused(scene.bench.password(), 'UPSTREAM_TIMED_OUT');
  });
}

test('http provider - any value in any member of an answer is refused or harmless', async () => {
  await using scene = await endpoint({});
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('', 'allow', 'subject', 'userName', 'attributes', 'groups', 'record'),
      fc.jsonValue(),
      async (member, value) => {
        scene.server.answer = () => ({ json: member === '' ? value : { allow: true, [member]: value } });
        const isHarmless = !['', 'allow'].includes(member) || isAllowing(member, value);
        assert.ok((await endsRefused(scene.bench.password())) || isHarmless);
      },
    ),
    { numRuns: 60 },
  );
});

function isAllowing(member: string, value: unknown): boolean {
  return member === 'allow' && value === true;
}

test('http options - plain HTTP to other hosts, and headers with line breaks, are refused', () => {
  for (const wrong of [
    { url: 'http://auth.example.com' },
    { url: 'https://user:password@auth.example.com' },
    { url: 'https://auth.example.com', authorization: { type: 'header', name: 'x y', value: 'a' } },
    { url: 'https://auth.example.com', authorization: { type: 'bearer', token: 'a\r\nb' } },
  ])
    assert.equal(httpOptions.safeParse(wrong).success, false, JSON.stringify(wrong));
});
