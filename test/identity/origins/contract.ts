/** Origin text 002, the contract: its example answers, from a function and from an HTTP method, and how both are asked. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Message } from '../../../src/ssh/message.ts';
import { TestClient } from '../../../src/ssh/testing/client.ts';
import type { Served } from '../../testing/served.ts';
import type { Report } from '../main.ts';
import { type Example, examples, FILE_SYSTEM, PRINTED_ROLE, TESTED_ANSWER } from './answers.ts';
import type { Lab } from './lab.ts';
import { ExampleMethod } from './method.ts';
import { loggedAbout, portOf, start, testIdentityProvider } from './product.ts';
import { type SftpLogin, sftp, sftpDone, sftpRefused } from './sftp.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:answers';
const MODULE = fileURLToPath(new URL('./answers.mjs', import.meta.url));
const PASSWORD = 'canary-002-password';

const TYPES = ['AWS_LAMBDA', 'API_GATEWAY'] as const;
type Type = (typeof TYPES)[number];
const DOMAINS = ['S3', 'EFS'] as const;
/** The id of the EFS examples. */
const NOBODY = 65534;
/** One is printed in the text. */
const SERVER_IDS = {
  AWS_LAMBDA: { S3: 's-00000000000000020', EFS: 's-00000000000000021' },
  API_GATEWAY: { S3: 's-123a4567bcd891e23', EFS: 's-00000000000000023' },
} as const;

/** For methods alone: no answer of a function has these. */
const METHOD_ANSWERS = {
  'status-500': 500,
  'status-403': 403,
  'status-204': 204,
  'printed-body': Buffer.from(
    '{ \\"Role\\": \\"arn:aws:iam::123456789012:role/role-api-gateway-s3\\", \\"HomeDirectoryType\\":\\"LOGICAL\\" }',
  ),
};

/** Too short, too long, or with a first character or another one that the text does not allow. */
const BAD_NAMES = ['ab', 'a'.repeat(101), '-abc', '.abc', '@abc', 'a/bc', 'a b c', 'jos\u00e9'];
const GOOD_NAMES = ['abc', 'a'.repeat(100), '_a-b.c@d', '0ab'];

export async function checkContract(report: Report, lab: Lab): Promise<void> {
  const all = examples(lab.key.publicKey);
  const answers = {
    myuser: TESTED_ANSWER,
    ...Object.fromEntries(all.map((each) => [each.userName, each.answer])),
  };
  await using method = await ExampleMethod.start({ ...answers, ...METHOD_ANSWERS });
  await using served = await startServers(lab, method.url, answers);
  await mkdir(join(served.folder, 'bucket/user'), { recursive: true });
  await mkdir(join(served.folder, 'bucket/other'));

  const file = join(lab.folder, 'contract.txt');
  await writeFile(file, 'contract');
  for (const example of all) {
    await report(`origin 002 - ${example.what}: ${example.isRefused ? 'refused' : 'lets in'}`, async () => {
      await Promise.all(TYPES.map((type) => tryExample(served, lab, file, type, example)));
    });
  }
  await report('origin 002 - the policy of the S3 example keeps its user in user/', () =>
    staysInPrefix(served),
  );
  await report('origin 002 - a HomeDirectory of "/" lets in, and no file is there', () =>
    findsNothing(served),
  );
  await report('origin 002 - TestIdentityProvider prints the answer of the text, and the URL', () =>
    showsAnswer(served, method),
  );
  await report('origin 002 - a status other than 200 is an error, and lets nobody in', () =>
    refusesStatuses(served),
  );
  await report('origin 002 - a body as printed, with backslashes, is no answer', async () => {
    await sftpRefused(login(served, 'API_GATEWAY', 'S3', 'printed-body'));
    await loggedAbout(served, 'printed-body', /ANSWER_NOT_JSON/);
  });
  await report('origin 002 - user names outside the grammar are asked about nowhere', () =>
    judgesNames(served, method),
  );
  await report('origin 002 - the method is asked as the text says', async () => checkQuestions(method));
  await report('origin 002 - no password is printed', async () => {
    assert.doesNotMatch(served.output(), /canary/);
  });
}

async function startServers({ folder, isRoot }: Lab, url: string, answers: object) {
  const details = { AWS_LAMBDA: { Function: FUNCTION }, API_GATEWAY: { Url: url } };
  const efs = join(folder, 'efs-002');
  await mkdir(efs);
  if (isRoot) await chown(efs, NOBODY, NOBODY);
  return start({
    roles: [PRINTED_ROLE],
    functions: { [FUNCTION]: { module: MODULE, environment: { ANSWERS: JSON.stringify(answers) } } },
    fileSystems: { [FILE_SYSTEM]: { path: efs, identity: isRoot ? 'profile' : 'process' } },
    servers: TYPES.flatMap((type) =>
      DOMAINS.map((Domain) => ({
        ServerId: SERVER_IDS[type][Domain],
        Domain,
        IdentityProviderType: type,
        IdentityProviderDetails: details[type],
      })),
    ),
  });
}

function login(
  served: Served,
  type: Type,
  domain: Example['domain'],
  userName: string,
  by: SftpLogin['by'] = { password: PASSWORD },
): SftpLogin {
  return { served, serverId: SERVER_IDS[type][domain], userName, by };
}

async function tryExample(
  served: Served,
  { key }: Lab,
  file: string,
  type: Type,
  { domain, userName, by, isRefused, logged }: Example,
): Promise<void> {
  const credential = by === 'key' ? { keyFile: key.file } : { password: PASSWORD };
  const attempt = login(served, type, domain, userName, credential);
  if (isRefused === true) await sftpRefused(attempt);
  else await sftpDone(attempt, `put ${file} ${type}.txt`, `ls -1 ${type}.txt`);
  if (logged !== undefined) await loggedAbout(served, userName, logged, attempt.serverId);
}

async function staysInPrefix(served: Served): Promise<void> {
  for (const type of TYPES) {
    const output = await sftpDone(
      login(served, type, 'S3', 's3password'),
      'ls -1 /bucket/user',
      '-ls /bucket/other',
      '-ls /bucket',
    );
    assert.match(output, /AWS_LAMBDA\.txt/);
    assert.match(output, /readdir\("\/bucket\/other\/"\): Permission denied/);
    assert.match(output, /Can't ls: "\/bucket" not found/);
  }
}

async function findsNothing(served: Served): Promise<void> {
  const { isDone, output } = await sftp(login(served, 'AWS_LAMBDA', 'S3', 'myuser'), 'get x');
  assert.ok(!isDone);
  assert.match(output, /not found|No such file/i);
}

async function showsAnswer(served: Served, method: ExampleMethod): Promise<void> {
  const [byFunction, byMethod] = await Promise.all(
    TYPES.map((type) =>
      testIdentityProvider(served, {
        serverId: SERVER_IDS[type].S3,
        userName: 'myuser',
        password: PASSWORD,
      }),
    ),
  );
  for (const test of [byFunction, byMethod]) {
    assert.deepEqual([test?.exitCode, test?.StatusCode, test?.Message], [0, 200, '']);
    assert.deepEqual(JSON.parse(test?.Response ?? ''), TESTED_ANSWER);
  }
  assert.equal(byFunction?.Url, '');
  assert.equal(byMethod?.Url, `${method.url}/servers/${SERVER_IDS.API_GATEWAY.S3}/users/myuser/config`);
}

async function refusesStatuses(served: Served): Promise<void> {
  for (const userName of ['status-500', 'status-403', 'status-204']) {
    await sftpRefused(login(served, 'API_GATEWAY', 'S3', userName));
    await loggedAbout(served, userName, /FUNCTION_THREW.*status \d+/);
  }
  const { exitCode, ...test } = await testIdentityProvider(served, {
    serverId: SERVER_IDS.API_GATEWAY.S3,
    userName: 'status-500',
    password: PASSWORD,
  });
  assert.equal(exitCode, 2);
  const { Response, StatusCode, Message } = test;
  assert.deepEqual([Response, StatusCode, Message], ['', 500, 'Internal server error']);
}

/** With a client of our own: others refuse some of the names themselves. */
async function judgesNames(served: Served, method: ExampleMethod): Promise<void> {
  await Promise.all([...BAD_NAMES, ...GOOD_NAMES].map((name) => sendPassword(served, name)));
  const asked = new Set(method.asked.map(({ userName }) => userName));
  assert.deepEqual(
    GOOD_NAMES.filter((name) => !asked.has(name)),
    [],
  );
  assert.deepEqual(
    BAD_NAMES.filter((name) => asked.has(name)),
    [],
  );
}

async function sendPassword(served: Served, userName: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: portOf(served, SERVER_IDS.API_GATEWAY.S3) });
  await once(socket, 'connect');
  const client = new TestClient(socket);
  await client.handshake({ kex: 'mlkem768x25519-sha256' });
  await client.startAuthentication();
  client.sendPassword(userName, PASSWORD);
  await client.expect(Message.USERAUTH_FAILURE);
  socket.destroy();
}

function checkQuestions({ asked, strays }: ExampleMethod): void {
  assert.deepEqual(strays, []);
  for (const { method, query, passwords } of asked) {
    assert.equal(method, 'GET');
    assert.deepEqual(query, { protocol: 'SFTP', sourceIp: '127.0.0.1' });
    assert.equal(passwords[0], passwords[1]);
  }
  const passwordsOf = (name: string) => asked.find(({ userName }) => userName === name)?.passwords;
  assert.deepEqual(passwordsOf('s3password'), [PASSWORD, PASSWORD]);
  assert.deepEqual(passwordsOf('s3key'), [undefined, undefined]);
}
