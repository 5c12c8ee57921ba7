import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import {
  AdminGetUserCommand,
  CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import { awsClientSettings } from './aws.ts';

async function client(t: TestContext, listener: RequestListener, attempts: 1 | 2) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const endpoint = `http://127.0.0.1:${address.port}`;
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' };
  const sdk = new CognitoIdentityProviderClient(
    awsClientSettings({ endpoint, credentials }, { region: 'eu-west-1', attempts }),
  );
  t.after(() => {
    sdk.destroy();
    server.closeAllConnections();
    server.close();
  });
  return sdk;
}

const look = () => new AdminGetUserCommand({ UserPoolId: 'eu-west-1_aBcDeFgHi', Username: 'jdoe' });

test('aws - an answer that stops within its body has a limit of its own, not only that of the login', async (t) => {
  const sdk = await client(
    t,
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).write('{"Username":');
    },
    1,
  );
  const startMs = performance.now();
  await assert.rejects(sdk.send(look(), { abortSignal: AbortSignal.timeout(9000) }), {
    name: 'TimeoutError',
  });
  assert.ok(performance.now() - startMs < 7000);
});

test('aws - with one attempt an error of the service is not asked again', async (t) => {
  let callCount = 0;
  const listener: RequestListener = (_request, response) => {
    callCount += 1;
    response.writeHead(500, { 'content-type': 'application/x-amz-json-1.1' });
    response.end('{"__type":"InternalErrorException"}');
  };
  await assert.rejects((await client(t, listener, 1)).send(look()), { name: 'InternalErrorException' });
  assert.equal(callCount, 1);
  await assert.rejects((await client(t, listener, 2)).send(look()), { name: 'InternalErrorException' });
  assert.equal(callCount, 3);
});
