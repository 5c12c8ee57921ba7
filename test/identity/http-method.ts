/** The HTTP form against what AWS publishes: botocore's signatures, in both directions, and the STS of moto. */

import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import { HttpMethod, IdentityRequest } from '../../src/identity/index.ts';
import { Secret } from '../../src/identity/secret.ts';
import { Access } from '../../src/identity/serve/access.ts';
import { MethodServer } from '../../src/identity/serve/method-server.ts';
import { runCommand } from '../interop/lab/command.ts';
import { cleanEnvironment } from '../interop/lab/environment.ts';
import { startS3Server } from '../interop/lab/s3-server.ts';
import { makeWorkspace } from '../interop/lab/workspace.ts';
import type { Report } from './main.ts';

const NEEDED_BYTES = 64 * 1024 * 1024;
const PYTHON = fileURLToPath(new URL('../../.cache/venv/bin/python3', import.meta.url));
const SCRIPTS = fileURLToPath(new URL('./http-method/', import.meta.url));
const TIMEOUT_MS = 20_000;

const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: new Secret('secret-of-the-test-key') };
const REGION = 'eu-west-3';
const SERVER_ID = 's-0123456789abcdef0';
const PASSWORD = 'pä"\\%+ 4';
const ROLE = 'arn:aws:iam::123456789012:role/invoke';

/** What a stand-in for STS says, because moto tells the secret of a session to nobody else. */
const SESSION = { keyId: 'ASIAEXAMPLE', secret: 'secret-of-the-session', token: 'token-of-the-session' };
const ASSUMED = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>${SESSION.keyId}</AccessKeyId><SecretAccessKey>${SESSION.secret}</SecretAccessKey>
<SessionToken>${SESSION.token}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`;

export async function check(report: Report): Promise<void> {
  await using workspace = await makeWorkspace('drawbridge-http-method', NEEDED_BYTES);
  const python = async (script: string, ...programArguments: string[]): Promise<string> => {
    const { output } = await runCommand({
      program: PYTHON,
      args: [`${SCRIPTS}${script}`, ...programArguments],
      environment: cleanEnvironment(workspace.path),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return output.trim();
  };
  await checkServed(report, python);
  await using moto = await startS3Server({ kind: 'moto', folder: workspace.path });
  await checkAsked(report, python, moto.endpoint);
}

type Python = (script: string, ...programArguments: string[]) => Promise<string>;

/** botocore asks our server. */
async function checkServed(report: Report, python: Python): Promise<void> {
  const server = new MethodServer({
    provider: {
      check: async () => {},
      authenticate: async (request) => ({ Role: 'r', event: request.event() }),
      close: async () => {},
    },
    access: new Access({ apiKeys: [], signingKeys: [KEY] }),
    onServed: () => {},
  });
  const { port } = await server.listen('127.0.0.1', 0);
  const ask = async (name: string, secret = KEY.secretAccessKey.reveal(), body = '') => {
    const url = `http://127.0.0.1:${port}/prod/servers/${SERVER_ID}/users/${name}/config?protocol=SFTP&sourceIp=2001%3Adb8%3A%3A1`;
    const headers = JSON.stringify({ PasswordBase64: Buffer.from(PASSWORD).toString('base64') });
    const method = body === '' ? 'GET' : 'POST';
    const said = await python(
      'signed_get.py',
      ...[url, KEY.accessKeyId, secret, 'execute-api', REGION, headers, method, body],
    );
    const { status, body: text } = Object(JSON.parse(said));
    return { status, event: status === 200 ? Object(JSON.parse(text)).event : undefined };
  };
  await report('a request that botocore signed is accepted, its name and password as they were', async () => {
    const { status, event } = await ask('jdoe%40example.com');
    assert.equal(status, 200);
    assert.equal(event.username, 'jdoe@example.com');
    assert.equal(event.password, PASSWORD);
  });
  await report('a POST that botocore signed is accepted with its body', async () => {
    const { event } = await ask('jdoe%40example.com', undefined, '{"interactive":true}');
    assert.equal(event.interactive, true);
  });
  await report('a request that botocore signed with another secret is refused', async () => {
    assert.equal((await ask('jdoe%40example.com', 'another-secret-than-the-key')).status, 403);
  });
  await server.stop();
}

interface Seen {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
}

/** We ask with the credentials of a role, and botocore says what the signature has to be. */
async function checkAsked(report: Report, python: Python, motoEndpoint: string): Promise<void> {
  const seen: Seen[] = [];
  await using method = await listen((request, response) => {
    seen.push({ method: request.method ?? '', target: request.url ?? '', headers: request.headers });
    response.end('{"Role":"r"}');
  });
  await using sts = await listen((_request, response) => response.end(ASSUMED));
  const settings = { url: `${method.url}/prod`, invocationRole: ROLE, region: REGION };
  await report('the invocation role is assumed at the check', async () => {
    await withEnvironment(motoEndpoint, async () => {
      const provider = new HttpMethod(settings);
      await provider.check();
      await provider.close();
    });
  });
  await report('a request is signed as botocore signs it, with the session of the role', async () => {
    await withEnvironment(sts.url, async () => {
      const provider = new HttpMethod(settings);
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      assert.deepEqual(await provider.authenticate(passwordLogin(), { signal }), { Role: 'r' });
      await provider.close();
    });
    const [{ method: verb, target, headers } = assert.fail('nobody was asked')] = seen;
    assert.equal(headers['x-amz-security-token'], SESSION.token);
    const [, names = '', signature = ''] =
      /SignedHeaders=([^,]+), Signature=(\w+)/.exec(headers.authorization ?? '') ?? [];
    assert.ok(names.split(';').includes('passwordbase64'), names);
    const signed = Object.fromEntries(names.split(';').map((name) => [name, headers[name]]));
    const expected = await python(
      'signature.py',
      ...[verb, `${method.url}${target}`, JSON.stringify(signed)],
      ...[SESSION.keyId, SESSION.secret, SESSION.token, 'execute-api', REGION],
    );
    assert.equal(signature, expected);
  });
}

function passwordLogin(): IdentityRequest {
  const checked = IdentityRequest.from({
    username: 'jdoe@example.com',
    password: 'two  blanks%+',
    protocol: 'SFTP',
    serverId: SERVER_ID,
    sourceIp: '2001:db8::1',
  });
  assert.equal(checked.outcome, 'ready');
  return checked.request;
}

interface Listening extends AsyncDisposable {
  readonly url: string;
}

async function listen(answer: RequestListener): Promise<Listening> {
  const server = createServer(answer);
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** With the variables by which the SDK learns where STS is and who asks it. */
async function withEnvironment<Result>(stsEndpoint: string, work: () => Promise<Result>): Promise<Result> {
  const variables = {
    AWS_ENDPOINT_URL_STS: stsEndpoint,
    AWS_ACCESS_KEY_ID: 'drawbridge-test',
    AWS_SECRET_ACCESS_KEY: 'drawbridge-test-secret',
  };
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}
