import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdentityFault } from './decision.ts';
import type { HandleOptions } from './handler.ts';
import { LambdaHandler } from './lambda-handler.ts';
import { lambdaEventOf } from './pipeline/proxy-event.ts';

const EVENT = {
  username: 'alice',
  password: 'c4nary-password',
  protocol: 'SFTP',
  serverId: 's-0123456789abcdef0',
  sourceIp: '203.0.113.9',
};
const CONTEXT = { awsRequestId: 'r-1', getRemainingTimeInMillis: () => 3000 };

const REST_EVENT = {
  httpMethod: 'GET',
  path: '/prod/servers/s-0123456789abcdef0/users/jdoe%40example.com/config',
  pathParameters: { serverId: 's-0123456789abcdef0', username: 'jdoe%40example.com' },
  queryStringParameters: { protocol: 'SFTP', sourceIp: '203.0.113.9' },
  headers: { PasswordBase64: Buffer.from('c4nary-password').toString('base64') },
};

function bench(handle: (event: unknown, options: HandleOptions) => Promise<object>) {
  const lines: string[] = [];
  const opened: number[] = [];
  const lambda = new LambdaHandler({
    environment: {},
    log: (line) => lines.push(line),
    open: async () => {
      opened.push(1);
      return { handle };
    },
  });
  return { lambda, lines, opened };
}

test('lambda entry - an event is answered, the decision logged, the password not', async () => {
  const { lambda, lines } = bench(async (event, { remainingMs, onDecision }) => {
    onDecision?.({ code: 'GRANTED', message: 'In.' });
    return { event, remainingMs };
  });
  assert.deepEqual(await lambda.handle(EVENT, CONTEXT), { event: EVENT, remainingMs: 3000 });
  const { durationMs, ...line } = JSON.parse(lines[0] ?? '');
  assert.equal(typeof durationMs, 'number');
  assert.deepEqual(line, {
    level: 'info',
    requestId: 'r-1',
    'server-id': 's-0123456789abcdef0',
    user: 'alice',
    protocol: 'SFTP',
    'source-ip': '203.0.113.9',
    code: 'GRANTED',
    message: 'In.',
  });
});

test('lambda entry - the function is opened once', async () => {
  const { lambda, opened } = bench(async () => ({}));
  await Promise.all([lambda.handle(EVENT, CONTEXT), lambda.handle(EVENT, CONTEXT)]);
  assert.equal(opened.length, 1);
});

test('lambda entry - an API Gateway proxy gets a status and a body', async () => {
  const { lambda } = bench(async (event) => ({ event: lambdaEventOf(event) }));
  const answer = Object(await lambda.handle(REST_EVENT, CONTEXT));
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(JSON.parse(answer.body).event, { ...EVENT, username: 'jdoe@example.com' });
});

test('lambda entry - a POST through a proxy carries a dialogue', async () => {
  const { lambda } = bench(async (event) => ({ event: lambdaEventOf(event) }));
  const body = Buffer.from('{"challengeAnswers":["1"],"state":"s"}').toString('base64');
  const answer = Object(
    await lambda.handle(
      { ...REST_EVENT, httpMethod: 'POST', headers: {}, body, isBase64Encoded: true },
      CONTEXT,
    ),
  );
  const { challengeAnswers, state } = JSON.parse(answer.body).event;
  assert.deepEqual([challengeAnswers, state], [['1'], 's']);
});

test('lambda entry - a fault throws with its code, or is a status', async () => {
  const { lambda, lines } = bench(() => Promise.reject(new IdentityFault('UPSTREAM_TIMED_OUT', 'Okta.')));
  await assert.rejects(lambda.handle(EVENT, CONTEXT), { name: 'IdentityFault.UPSTREAM_TIMED_OUT' });
  const answer = Object(await lambda.handle(REST_EVENT, CONTEXT));
  assert.equal(answer.statusCode, 503);
  assert.equal(answer.headers['X-Drawbridge-Decision'], 'UPSTREAM_TIMED_OUT');
  assert.equal(JSON.parse(lines[0] ?? '').code, 'UPSTREAM_TIMED_OUT');
});

test('lambda entry - a mistake of ours shows nothing of its cause', async () => {
  const { lambda, lines } = bench(() => Promise.reject(new TypeError('c4nary-password')));
  await assert.rejects(lambda.handle(EVENT, CONTEXT), { name: 'IdentityFault.INTERNAL_ERROR' });
  assert.equal(lines.join('').includes('c4nary'), false);
});

test('lambda entry - a name that nobody can have is not logged', async () => {
  const { lambda, lines } = bench(async () => ({}));
  await lambda.handle({ ...EVENT, username: 'c4nary password' }, CONTEXT);
  assert.equal(JSON.parse(lines[0] ?? '').user, '?');
});

test('lambda entry - without a configuration every login fails with the cause', async () => {
  const lines: string[] = [];
  const lambda = new LambdaHandler({ environment: {}, log: (line) => lines.push(line) });
  await assert.rejects(lambda.handle(EVENT, CONTEXT), { name: 'IdentityFault.CONFIGURATION_INVALID' });
  assert.match(lines[0] ?? '', /DRAWBRIDGE_IDENTITY/);
});
