/** Policies over a real connection: what the user is told, and what the log tells the operator. */

import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { OpenFlag, StatusCode } from '../src/sftp/protocol.ts';
import { Message } from '../src/ssh/message.ts';
import { PASSWORD, ROLE, type Served, serve, serveRefused } from './testing/served.ts';
import { openSftp } from './testing/sftp.ts';

const WRITE_NEW = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.TRUNCATE;
const variable = (name: string): string => ['$', '{transfer:', name, '}'].join('');

const ROLE_POLICY = {
  Version: '2012-10-17',
  Statement: [
    { Sid: 'Everything', Effect: 'Allow', Action: 's3:*', Resource: '*' },
    { Sid: 'NoScripts', Effect: 'Deny', Action: 's3:PutObject', Resource: 'arn:aws:s3:::bucket/*.sh' },
  ],
};
const LOCK_DOWN = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'List',
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: `arn:aws:s3:::${variable('HomeBucket')}`,
      Condition: { StringLike: { 's3:prefix': [`${variable('HomeFolder')}/*`, variable('HomeFolder')] } },
    },
    {
      Sid: 'Objects',
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:GetObject'],
      Resource: `arn:aws:s3:::${variable('HomeDirectory')}/*`,
    },
  ],
};
const HOME = '/bucket/jane';
const WRONG = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'Typo', Effect: 'Allow', Action: 's3:*', Resorce: '*' }],
};
const ANSWERS: Readonly<Record<string, object>> = {
  jane: { HomeDirectory: HOME, Policy: LOCK_DOWN },
  wrong: { HomeDirectory: HOME, Policy: WRONG },
  logical: {
    HomeDirectoryType: 'LOGICAL',
    HomeDirectoryDetails: JSON.stringify([{ Entry: '/', Target: HOME }]),
    Policy: LOCK_DOWN,
  },
};

/** Everybody's password is the same. */
const FUNCTION_MODULE = `
const answers = ${JSON.stringify(ANSWERS)};
export const handler = async ({ username, password }) => {
  const { Policy, ...answer } = answers[username] ?? {};
  if (Policy === undefined || password !== process.env.PASSWORD) return {};
  return { Role: process.env.ROLE, ...answer, Policy: JSON.stringify(Policy) };
};
`;

/** Variables of IAM are not those of the configuration. */
const escaped = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll('${', '$${'));
const withRolePolicy = (policy: unknown) => (all: Record<string, unknown>) => ({
  ...all,
  roles: { [ROLE]: { policy: escaped(policy) } },
});

let server: Served;
before(async () => {
  server = await serve({ functionModule: FUNCTION_MODULE, configure: withRolePolicy(ROLE_POLICY) });
});
after(() => server.stop());

/** The lines of the activity log of one kind about one user, as soon as there are so many. */
async function logged(activityType: string, user: string, count: number): Promise<Record<string, unknown>[]> {
  for (;;) {
    const lines = server
      .output()
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.includes(`"activity-type":"${activityType}"`))
      .map((line) => JSON.parse(line))
      .filter((line) => line.user === user);
    if (lines.length >= count) return lines;
    await delay(20);
  }
}

test('policies - a session is held in its home, and the log names the statement that refused', async () => {
  const client = await server.client();
  client.sendPassword('jane', PASSWORD);
  await client.expect(Message.USERAUTH_SUCCESS);
  const sftp = await openSftp(client);
  const { handle } = await sftp.open('report.csv', WRITE_NEW);
  assert.equal((await sftp.write(handle, 0, 'text')).status, StatusCode.OK);
  assert.equal((await sftp.close(handle)).status, StatusCode.OK);
  await access(join(server.folder, 'bucket', 'jane', 'report.csv'));

  const outside = await sftp.open('/bucket/bob/report.csv', OpenFlag.READ);
  assert.deepEqual([outside.status, outside.message], [StatusCode.PERMISSION_DENIED, 'permission denied']);
  const script = await sftp.open('/bucket/jane/run.sh', WRITE_NEW);
  assert.equal(script.status, StatusCode.PERMISSION_DENIED);
  client.stream.destroy();

  const [first, second] = await logged('ERROR', 'jane', 2);
  assert.partialDeepStrictEqual(first, {
    operation: 'OPEN',
    path: '/bucket/bob/report.csv',
    code: 'PERMISSION_DENIED',
    action: 's3:GetObject',
    resource: 'arn:aws:s3:::bucket/bob/report.csv',
    policy: 'session',
    outcome: 'implicit-deny',
  });
  assert.partialDeepStrictEqual(second, {
    action: 's3:PutObject',
    resource: 'arn:aws:s3:::bucket/jane/run.sh',
    policy: 'role',
    outcome: 'explicit-deny',
    statement: 'Statement[1] "NoScripts"',
  });
});

for (const [userName, what, message] of [
  ['wrong', 'that is not understood', /Statement\[0\]\.Resorce/],
  ['logical', 'with home variables in a LOGICAL home', /Statement\[0\]\.Resource: .*HomeBucket/],
] as const) {
  test(`policies - a session policy ${what} refuses the login, and the log names its statement`, async () => {
    const client = await server.client();
    client.sendPassword(userName, PASSWORD);
    await client.expect(Message.USERAUTH_FAILURE);
    client.stream.destroy();
    const [refusal] = await logged('AUTH_FAILURE', userName, 1);
    assert.equal(refusal?.code, 'SESSION_POLICY_UNUSABLE');
    assert.match(String(refusal?.message), message);
  });
}

test('policies - a role policy that is not understood stops the start, with its line', async () => {
  const { code, output } = await serveRefused({ configure: withRolePolicy(WRONG) });
  assert.equal(code, 1);
  assert.match(output, /^drawbridge: .*drawbridge\.yaml:\d+/s);
  assert.match(output, /Statement\[0\]\.Resorce/);
});
