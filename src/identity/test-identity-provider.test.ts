import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from './decision.ts';
import { ACCESS_MESSAGES } from './directory/access.ts';
import { IdentityError, type IdentityProvider } from './provider.ts';
import { type TestedProviderType, testIdentityProvider } from './test-identity-provider.ts';
import { requestOf } from './testing/function-bench.ts';

const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';

async function tested(
  type: TestedProviderType,
  answer: unknown,
  more: { readonly url?: string; readonly decision?: Decision } = {},
) {
  const provider: IdentityProvider = {
    check: async () => {},
    close: async () => {},
    authenticate: async (_, { onDecision }) => {
      if (more.decision !== undefined) onDecision?.(more.decision);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const url = more.url === undefined ? {} : { url: more.url };
  const request = requestOf({ username: 'jdoe@example.com' });
  return testIdentityProvider({ provider, type, ...url }, request, new AbortController().signal);
}

test('TestIdentityProvider - a grant of a function is its answer as text, with no URL', async () => {
  const answer = { Role: ROLE, HomeDirectory: '/demo-bucket', PublicKeys: ['ssh-ed25519 AAAA'] };
  const { test: found, verdict } = await tested('AWS_LAMBDA', answer);
  assert.deepEqual(found, { Response: JSON.stringify(answer), StatusCode: 200, Message: '', Url: '' });
  assert.equal(verdict, 'granted');
});

test('TestIdentityProvider - of a method the whole URL is told', async () => {
  const { test: found } = await tested(
    'API_GATEWAY',
    { Role: ROLE },
    { url: 'https://abcde1234.example/prod/' },
  );
  assert.equal(
    found.Url,
    'https://abcde1234.example/prod/servers/s-0123456789abcdef0/users/jdoe%40example.com/config',
  );
});

test('TestIdentityProvider - a refusal has status 200, no message and the empty answer', async () => {
  const { test: found, verdict } = await tested(
    'AWS_LAMBDA',
    {},
    { decision: { code: 'BAD_CREDENTIALS', message: 'x' } },
  );
  assert.deepEqual(found, { Response: '{}', StatusCode: 200, Message: '', Url: '' });
  assert.equal(verdict, 'refused');
});

test('TestIdentityProvider - answers without a role are refusals, whatever they are', async () => {
  for (const answer of [{ Role: '' }, { Role: ' ' }, { Role: 5 }, [], null, 'x', 1, { Status: 'DENIED' }])
    assert.equal((await tested('AWS_LAMBDA', answer)).verdict, 'refused');
  assert.equal(
    (await tested('AWS_LAMBDA', { Challenge: { Prompts: [] }, State: 's' })).verdict,
    'challenged',
  );
});

test('TestIdentityProvider - a method that fails is an internal server error, a function that fails is told', async () => {
  const error = new IdentityError('FUNCTION_TIMED_OUT', 'no answer in 10000 ms');
  const { test: gateway, verdict } = await tested('API_GATEWAY', error, { url: 'https://a.example' });
  assert.deepEqual(
    [gateway.Response, gateway.StatusCode, gateway.Message],
    ['', 500, 'Internal server error'],
  );
  assert.equal(verdict, 'failed');
  const { test: lambda } = await tested('AWS_LAMBDA', error);
  assert.equal(lambda.Message, 'Unable to call identity provider: FUNCTION_TIMED_OUT, no answer in 10000 ms');
});

test('TestIdentityProvider - a directory is shown in the spelling of the API', async () => {
  const { test: found } = await tested('AWS_DIRECTORY_SERVICE', {
    Role: ROLE,
    HomeDirectory: '/mybucket001',
  });
  assert.deepEqual(JSON.parse(found.Response), {
    homeDirectory: '/mybucket001',
    homeDirectoryDetails: null,
    homeDirectoryType: 'PATH',
    posixProfile: null,
    publicKeys: '[]',
    role: ROLE,
    policy: null,
    username: 'jdoe@example.com',
    identityProviderType: null,
    userConfigMessage: null,
  });
});

test('TestIdentityProvider - of a directory user in no group, or in several, the message says so', async () => {
  for (const message of Object.values(ACCESS_MESSAGES)) {
    const decision = { code: 'NOT_ASSIGNED', message: `The user is not assigned. ${message}` } as const;
    const { test: found } = await tested('AWS_DIRECTORY_SERVICE', {}, { decision });
    assert.deepEqual(found, { Response: '', StatusCode: 200, Message: message, Url: '' });
  }
});
