/** The outcomes of the Lambda contract and of its HTTP form, through a server: what the client gets, and what the log says. */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { OpenFlag } from '../src/sftp/protocol.ts';
import { fingerprint } from '../src/ssh/index.ts';
import { Message } from '../src/ssh/message.ts';
import { publicKeyFromKeyObject } from '../src/ssh/public-key.ts';
import type { TestClient } from '../src/ssh/testing/client.ts';
import { leaksIn, RIGHT } from './testing/canary.ts';
import { EchoingUpstream } from './testing/echoing-upstream.ts';
import { failuresOf, type LogEntry, logEntries } from './testing/log-lines.ts';
import { FUNCTION, ROLE, type Served, serve } from './testing/served.ts';
import { openSftp } from './testing/sftp.ts';
import { byPassword } from './testing/ssh-login.ts';

const S3 = 0;
const EFS = 1;
const LAMBDA = 2;
const GATEWAY = 3;
const MISSING = 4;
const ELSEWHERE = 5;
const DENIED = 6;
const FILE_SYSTEM = 'fs-0123456789abcdef0';
const NO_SUCH_FILE = 2;

const grant = { Role: ROLE, HomeDirectory: '/bucket' };
const efsGrant = { Role: ROLE, HomeDirectory: `/${FILE_SYSTEM}` };
const logical = (Target: string) => ({
  Role: ROLE,
  HomeDirectoryType: 'LOGICAL',
  HomeDirectoryDetails: JSON.stringify([{ Entry: '/', Target }]),
});
const { publicKey } = generateKeyPairSync('ed25519');
const listedKey = `ssh-ed25519 ${publicKeyFromKeyObject(publicKey).blob.toString('base64')}`;
const other = generateKeyPairSync('ed25519').publicKey;

/** What the function answers by user name. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  nothing: {},
  noRole: { HomeDirectory: '/bucket' },
  emptyRole: { ...grant, Role: '' },
  blankRole: { ...grant, Role: '  ' },
  deniedSample: { Role: '', HomeDirectory: '/', Status: 'DENIED' },
  nullAnswer: null,
  listAnswer: [grant],
  textAnswer: 'granted',
  foreignRole: { ...grant, Role: 'arn:aws:iam::000000000000:role/placeholder' },
  noArnRole: { ...grant, Role: 'transfer-user' },
  noSlash: logical('bucket/jane'),
  slashAtEnd: logical('/bucket/jane/'),
  dotDot: logical('/bucket/../secret'),
  otherBucket: logical('/elsewhere/jane'),
  oddType: { ...grant, HomeDirectoryType: 'logical' },
  noDetails: { Role: ROLE, HomeDirectoryType: 'LOGICAL' },
  brokenDetails: { ...logical('/bucket'), HomeDirectoryDetails: '[{' },
  detailsWithPath: { ...logical('/bucket'), HomeDirectoryType: 'PATH' },
  listPolicy: { ...grant, Policy: { Version: '2012-10-17' } },
  longPolicy: { ...grant, Policy: JSON.stringify({ Version: '2012-10-17', Id: 'x'.repeat(2048) }) },
  oddPolicy: { ...grant, Policy: JSON.stringify({ Statement: [{ Effect: 'Perhaps' }] }) },
  fileInTheWay: { ...grant, HomeDirectory: '/bucket/taken/home' },
  challenged: { Challenge: { Prompts: [{ Text: 'Code: ' }] } },
  noProfile: efsGrant,
  textProfile: { ...efsGrant, PosixProfile: '{"Uid":2030,"Gid":2030}' },
  oddProfile: { ...efsGrant, PosixProfile: { Uid: -1, Gid: 2030 } },
  noKeys: grant,
  emptyKeys: { ...grant, PublicKeys: [] },
  blankKeys: { ...grant, PublicKeys: [''] },
  textKeys: { ...grant, PublicKeys: listedKey },
  manyKeys: { ...grant, PublicKeys: Array(51).fill(listedKey) },
  otherKey: { ...grant, PublicKeys: [listedKey] },
  listDetails: { ...logical('/bucket'), HomeDirectoryDetails: [{ Entry: '/', Target: '/bucket' }] },
  rootHome: { Role: ROLE, HomeDirectory: '/' },
};

const FUNCTION_MODULE = `
const answers = ${JSON.stringify(ANSWERS)};
export async function handler(event) {
  if (event.username === 'throws') throw new Error('no directory for ' + event.password);
  if (event.username === 'hangs') return new Promise(() => {});
  if (event.username === 'exits') process.exit(3);
  if (event.username === 'circular') { const answer = {}; answer.Role = answer; return answer; }
  if (event.username === 'much') return { Role: 'x'.repeat(7e6) };
  return answers[event.username];
}
`;

const upstream = new EchoingUpstream();
let server: Served;
before(async () => {
  const url = await upstream.listen();
  server = await serve({
    functionModule: FUNCTION_MODULE,
    configure: (configuration) => configurationWith(configuration, url),
  });
});
after(async () => {
  assert.equal(await server.stop(), 0);
  await upstream[Symbol.asyncDispose]();
  assert.deepEqual(leaksIn(server.output()), []);
});

function configurationWith(configuration: Record<string, unknown>, url: string): unknown {
  const files = join(dirname(String(configuration.data)), 'files');
  const bucket = join(dirname(String(configuration.data)), 'bucket');
  for (const path of [files, bucket]) mkdirSync(path);
  writeFileSync(join(bucket, 'taken'), '');
  const remote = FUNCTION.replace(/[^:]+$/, 'remote');
  const missing = FUNCTION.replace(/[^:]+$/, 'missing');
  const lambda = (arn: string) => ({
    IdentityProviderType: 'AWS_LAMBDA',
    IdentityProviderDetails: { Function: arn },
    listen: { SFTP: '127.0.0.1:0' },
  });
  return {
    ...configuration,
    storage: { ...Object(configuration.storage), fileSystems: { [FILE_SYSTEM]: { path: files } } },
    functions: {
      ...Object(configuration.functions),
      [remote]: {
        endpoint: url,
        credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
        timeoutSeconds: 1,
      },
      [missing]: { module: './not-there.mjs' },
    },
    servers: [
      lambda(FUNCTION),
      { ...lambda(FUNCTION), Domain: 'EFS' },
      lambda(remote),
      {
        IdentityProviderType: 'API_GATEWAY',
        IdentityProviderDetails: { Url: url },
        listen: { SFTP: '127.0.0.1:0' },
      },
      lambda(missing),
      { ...lambda(FUNCTION), SourceNetworks: ['192.0.2.0/24', '2001:db8::/32'] },
      { ...lambda(FUNCTION), SourceNetworks: ['127.0.0.0/8'], DeniedNetworks: ['127.0.0.1'] },
    ],
  };
}

/** One entry, with a code that is in the tables, and a sentence. */
function theFailure(userName: string, serverPlace: number): LogEntry {
  const serverId = server.ready.servers[serverPlace]?.serverId;
  const entries = failuresOf(server.output(), userName).filter(({ 'server-id': id }) => id === serverId);
  assert.equal(entries.length, 1, `${userName}: ${JSON.stringify(entries)}`);
  const [entry] = entries;
  assert.ok(entry !== undefined && (entry.message ?? '').length > 10, 'a cause is given');
  assert.equal(entry['source-ip'], '127.0.0.1');
  return entry;
}

const byPasswordRows: readonly (readonly [
  row: string,
  place: number,
  code: string,
  users: readonly string[],
])[] = [
  ['{} or no Role', S3, 'NOT_AUTHENTICATED', ['nothing', 'noRole', 'emptyRole', 'blankRole', 'deniedSample']],
  ['no JSON object', S3, 'CONTRACT_VIOLATION', ['nullAnswer', 'listAnswer', 'textAnswer', 'unnamed']],
  ['a role that is not there', S3, 'ROLE_UNKNOWN', ['foreignRole']],
  ['a role that is no ARN', S3, 'ROLE_INVALID', ['noArnRole']],
  ['a wrong target', S3, 'HOME_INVALID', ['noSlash', 'slashAtEnd', 'dotDot', 'otherBucket']],
  ['a wrong HomeDirectoryType', S3, 'HOME_TYPE_INVALID', ['oddType']],
  ['LOGICAL without details', S3, 'HOME_DETAILS_MISSING', ['noDetails']],
  ['details that are no JSON', S3, 'HOME_DETAILS_INVALID', ['brokenDetails']],
  ['details with PATH', S3, 'HOME_DETAILS_UNEXPECTED', ['detailsWithPath']],
  ['a policy that is no string', S3, 'POLICY_INVALID', ['listPolicy']],
  ['a policy that is too long', S3, 'POLICY_TOO_LONG', ['longPolicy']],
  ['a policy that cannot be enforced', S3, 'SESSION_POLICY_UNUSABLE', ['oddPolicy']],
  ['a home where a file is in the way', S3, 'HOME_UNAVAILABLE', ['fileInTheWay']],
  ['a challenge to a password', S3, 'CHALLENGE_UNANSWERABLE', ['challenged']],
  ['EFS without PosixProfile', EFS, 'POSIX_PROFILE_MISSING', ['noProfile']],
  [
    'EFS with a text or an impossible PosixProfile',
    EFS,
    'POSIX_PROFILE_INVALID',
    ['textProfile', 'oddProfile'],
  ],
  ['a function that throws', S3, 'FUNCTION_THREW', ['throws']],
  ['a function that hangs', S3, 'FUNCTION_TIMED_OUT', ['hangs']],
  ['a function that exits', S3, 'FUNCTION_CRASHED', ['exits']],
  ['an answer that is no JSON', S3, 'ANSWER_NOT_JSON', ['circular']],
  ['an answer that is too large', S3, 'ANSWER_TOO_LARGE', ['much']],
  ['a module that is missing', MISSING, 'FUNCTION_BAD_MODULE', ['nothing']],
  ['an address in none of the networks of the server', ELSEWHERE, 'SOURCE_REFUSED', ['nothing']],
  ['an address that the server denies', DENIED, 'SOURCE_REFUSED', ['nothing']],
  ['a function on AWS that throws', LAMBDA, 'FUNCTION_THREW', ['throws']],
  ['a function on AWS that hangs', LAMBDA, 'FUNCTION_TIMED_OUT', ['hangs', 'stalls']],
  [
    'a function on AWS that may not be invoked',
    LAMBDA,
    'FUNCTION_UNREACHABLE',
    ['forbids', 'fails', 'breaks'],
  ],
  ['a function on AWS that is throttled', LAMBDA, 'FUNCTION_OVERLOADED', ['throttles']],
  [
    'a method with another status than 200',
    GATEWAY,
    'FUNCTION_THREW',
    ['fails', 'refuses', 'forbids', 'throttles', 'redirects'],
  ],
  ['a method that answers a page', GATEWAY, 'ANSWER_NOT_JSON', ['page']],
  ['a method whose answer breaks off', GATEWAY, 'FUNCTION_UNREACHABLE', ['breaks']],
];
for (const [row, place, code, users] of byPasswordRows) {
  test(`refusal - ${row}: ${code}`, async () => {
    for (const userName of users) {
      const client = await server.client({}, place);
      assert.equal(await byPassword(client, userName, RIGHT), 'refused', userName);
      client.stream.destroy();
      assert.equal(theFailure(userName, place).code, code, userName);
    }
  });
}

/** Sends the user's key, without a signature. */
async function offerKey(userName: string, key = publicKey): Promise<TestClient> {
  const client = await server.client();
  client.sendPublicKey(userName, 'ssh-ed25519', key);
  return client;
}

for (const [row, code, users] of [
  ['a key login without keys in the answer', 'PUBLIC_KEYS_MISSING', ['noKeys', 'emptyKeys', 'blankKeys']],
  ['a key login with keys that are no list', 'PUBLIC_KEYS_INVALID', ['textKeys']],
  ['a key login with too many keys', 'PUBLIC_KEYS_TOO_MANY', ['manyKeys']],
] as const) {
  test(`refusal - ${row}: ${code}`, async () => {
    for (const userName of users) {
      const client = await offerKey(userName);
      await client.expect(Message.USERAUTH_FAILURE);
      client.stream.destroy();
      assert.equal(theFailure(userName, S3).code, code, userName);
    }
  });
}

test('refusal - a key that is not in the list: KEY_NOT_LISTED, and the log names the key that was offered', async () => {
  const client = await offerKey('otherKey', other);
  await client.expect(Message.USERAUTH_FAILURE);
  client.stream.destroy();
  const entry = theFailure('otherKey', S3);
  assert.equal(entry.code, 'KEY_NOT_LISTED');
  assert.equal(entry['ssh-public-key-fingerprint'], fingerprint(publicKeyFromKeyObject(other).blob));
});

test('refusal - a client that leaves before the answer: ABORTED', async () => {
  const client = await server.client({}, GATEWAY);
  const beforeCount = upstream.behaved.length;
  client.sendPassword('hangs', RIGHT);
  while (upstream.behaved.length === beforeCount) await delay(10);
  client.stream.destroy();
  const endMs = performance.now() + 5000;
  while (failuresOf(server.output(), 'hangs').every(({ code }) => code !== 'ABORTED')) {
    assert.ok(performance.now() < endMs, 'the login is given up');
    await delay(10);
  }
});

test('not refused - a home of / without a bucket: the login succeeds, and no file is found', async () => {
  const client = await server.client();
  assert.equal(await byPassword(client, 'rootHome', RIGHT), 'accepted');
  const sftp = await openSftp(client);
  for (const path of ['/a.txt', '/nobucket/a.txt'])
    assert.equal((await sftp.open(path, OpenFlag.READ)).status, NO_SUCH_FILE);
  client.stream.destroy();
});

test('not refused - details as a list, with a warning in the log', async () => {
  const client = await server.client();
  assert.equal(await byPassword(client, 'listDetails', RIGHT), 'accepted');
  client.stream.destroy();
  const warnings = logEntries(server.output()).filter(
    ({ user, level }) => user === 'listDetails' && level === 'warn',
  );
  assert.match(String(warnings[0]?.warning), /HomeDirectoryDetails is an array/);
});
