/** `command:` functions with the runtime clients of AWS: awslambdaric (PyPI) and aws-lambda-ric (npm). */

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  type FunctionArn,
  IdentityRequest,
  type LoginAttempt,
  parseFunctionArn,
  parseIdentityResponse,
  RuntimeApiFunction,
} from '../../src/identity/index.ts';
import { type RunningS3Server, startS3Server } from '../interop/lab/s3-server.ts';
import { makeWorkspace } from '../interop/lab/workspace.ts';
import type { Report } from './main.ts';

const NEEDED_BYTES = 64 * 1024 * 1024;
const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url));
const FUNCTIONS = fileURLToPath(new URL('./runtime/', import.meta.url));
const PYTHON_RUNTIME = [`${CACHE}venv/bin/python3`, '-m', 'awslambdaric'];
const NODE_RUNTIME = [process.execPath, `${CACHE}lambda-ric/node_modules/aws-lambda-ric/index.mjs`];
const TIMEOUT_MS = 20_000;

const SERVER_ID = 's-0123456789abcdef0';
const PASSWORD = 'c4nary-mypassword';
const ROLE = 'arn:aws:iam::000000000000:role/transfer-demo-secret-role';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEGxLqbVEOcoLYO1mDVdYzrj8iVBQrcJyB1D4VU1h0ix';
/** The secret of origin text 004, with the members that its function knows beside. */
const SECRET = {
  Password: PASSWORD,
  FTPPassword: 'other-password',
  Role: ROLE,
  PublicKey: `${KEY},${KEY} second`,
  PosixProfile: '{"Uid": 1001, "Gid": 1001}',
  HomeDirectoryDetails: '[{"Entry": "/sakshi", "Target": "/fs-0e70962c7438494a9/sakshi"}]',
};
const GRANTED = {
  Role: ROLE,
  PosixProfile: { Uid: 1001, Gid: 1001 },
  HomeDirectoryDetails: SECRET.HomeDirectoryDetails,
  HomeDirectoryType: 'LOGICAL',
};

export async function check(report: Report): Promise<void> {
  await using workspace = await makeWorkspace('drawbridge-runtime', NEEDED_BYTES);
  // moto's server answers for every service of AWS that it knows.
  await using moto = await startS3Server({ kind: 'moto', folder: workspace.path });
  await plantSecret(moto);
  await checkPython(report, moto);
  await checkNode(report);
}

async function plantSecret({ endpoint, region, credentials }: RunningS3Server): Promise<void> {
  const client = new SecretsManagerClient({ endpoint, region, credentials });
  const Name = `aws/transfer/${SERVER_ID}/sakshi`;
  await client.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(SECRET) }));
  client.destroy();
}

async function checkPython(report: Report, { endpoint, credentials }: RunningS3Server): Promise<void> {
  const lines: string[] = [];
  const provider = new RuntimeApiFunction({
    functionArn: functionArn(),
    command: [...PYTHON_RUNTIME, 'secrets_manager.lambda_handler'],
    taskRoot: FUNCTIONS,
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      PYTHONDONTWRITEBYTECODE: '1',
    },
    timeoutMs: TIMEOUT_MS,
    onLine: ({ line }) => lines.push(line),
  });
  const ask = (attempt: Partial<LoginAttempt>) => answerOf(provider, { username: 'sakshi', ...attempt });
  await report('awslambdaric starts the function of origin text 004', () => provider.check());
  await report('origin text 004: the password of the secret lets its user in', async () => {
    assert.deepEqual(await ask({ password: PASSWORD }), GRANTED);
  });
  await report('origin text 004: another password is refused', async () => {
    assert.deepEqual(await ask({ password: 'wrong-password' }), {});
  });
  await report('origin text 004: an unknown user is refused', async () => {
    assert.deepEqual(await ask({ username: 'nobody', password: PASSWORD }), {});
  });
  await report('origin text 004: a key look-up gets the list of keys', async () => {
    assert.deepEqual(await ask({}), { ...GRANTED, PublicKeys: [KEY, `${KEY} second`] });
  });
  await report('origin text 004: FTP has a password of its own', async () => {
    assert.deepEqual(await ask({ protocol: 'FTP', password: PASSWORD }), {});
    assert.deepEqual(await ask({ protocol: 'FTP', password: SECRET.FTPPassword }), GRANTED);
  });
  await report('origin text 004: FTP and FTPS are refused without a password', async () => {
    for (const protocol of ['FTP', 'FTPS'] as const) assert.deepEqual(await ask({ protocol }), {});
  });
  await report('origin text 004: the server accepts the answer for a server of the EFS domain', async () => {
    const attempt = { username: 'sakshi', password: PASSWORD };
    const request = requestOf(attempt);
    const judged = parseIdentityResponse(await ask(attempt), {
      request,
      domain: 'EFS',
      roles: new Set([ROLE]),
      storageNames: new Set(['fs-0e70962c7438494a9']),
    });
    assert.equal(judged.outcome, 'granted');
  });
  await report('origin text 004: what the function prints is shown without passwords', async () => {
    assert.ok(lines.includes('Using PASSWORD authentication'), lines.join('\n'));
    assert.equal(lines.join('\n').includes('c4nary'), false);
  });
  await provider.close();
}

async function checkNode(report: Report): Promise<void> {
  const provider = new RuntimeApiFunction({
    functionArn: functionArn(),
    command: [...NODE_RUNTIME, 'index.handler'],
    taskRoot: FUNCTIONS,
    timeoutMs: TIMEOUT_MS,
    onLine: () => {},
  });
  await report('aws-lambda-ric is asked and answers', async () => {
    const attempt = { username: 'jdoe@example.com', password: 'pässwörd"\\%+' };
    assert.deepEqual(await answerOf(provider, attempt), {
      Role: 'r',
      event: JSON.parse(JSON.stringify(requestOf(attempt).event())),
      functionName: 'partners',
      invokedFunctionArn: functionArn().arn,
      hasTime: true,
    });
  });
  await report('aws-lambda-ric tells what was thrown, and the log does not tell the password', async () => {
    await assert.rejects(answerOf(provider, { username: 'thrower', password: PASSWORD }), {
      code: 'FUNCTION_THREW',
      message: 'TypeError: no tenant for [password]',
    });
  });
  await report('aws-lambda-ric answers again after an error', async () => {
    assert.equal(Object(await answerOf(provider, {})).Role, 'r');
  });
  await provider.close();
}

function answerOf(provider: RuntimeApiFunction, attempt: Partial<LoginAttempt>): Promise<unknown> {
  return provider.authenticate(requestOf(attempt), { signal: AbortSignal.timeout(TIMEOUT_MS) });
}

function requestOf(attempt: Partial<LoginAttempt>): IdentityRequest {
  const checked = IdentityRequest.from({
    username: 'alice',
    protocol: 'SFTP',
    serverId: SERVER_ID,
    sourceIp: '203.0.113.9',
    ...attempt,
  });
  assert.equal(checked.outcome, 'ready');
  return checked.request;
}

function functionArn(): FunctionArn {
  const parsed = parseFunctionArn('arn:aws:lambda:us-east-1:000000000000:function:partners');
  assert.ok(parsed);
  return parsed;
}
