import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('./main.ts', import.meta.url));
const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
const PASSWORD = 'canary-82d1';
const CODE = 'canary-code';
const SERVERS = { module: 's-0000000000000000a', file: 's-0000000000000000b', hung: 's-0000000000000000c' };

const HANDLER = `export const handler = async (event) => {
  if (event.serverId === '${SERVERS.hung}') throw new Error('no tenant for ' + event.password);
  const grant = { Role: '${ROLE}', HomeDirectory: '/bucket/jane' };
  if (event.challengeAnswers) return event.state === 's' && event.challengeAnswers[0] === '${CODE}' ? grant : {};
  if (event.password !== '${PASSWORD}') return event.password ? {} : { ...grant, PublicKeys: ['ssh-ed25519 AAAA'] };
  return event.interactive ? { Challenge: { Prompts: [{ Text: 'Code: ' }] }, State: 's' } : grant;
};`;

interface Ended {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command with a function of a module and one that is built in, whose only user is jane. */
async function run(t: TestContext, args: readonly string[], input = ''): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-cli-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'f.mjs'), HANDLER);
  await writeFile(
    join(folder, 'users.yaml'),
    JSON.stringify({ jane: { Password: PASSWORD, Role: ROLE, HomeDirectory: '/bucket/jane' } }),
  );
  const arn = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
  const server = (ServerId: string, name: string) => ({
    ServerId,
    IdentityProviderType: 'AWS_LAMBDA',
    IdentityProviderDetails: { Function: arn(name) },
    listen: { SFTP: '127.0.0.1:0' },
  });
  const configuration = {
    storage: { buckets: { bucket: { path: './bucket' } } },
    roles: { [ROLE]: {} },
    functions: {
      [arn('module')]: { module: './f.mjs' },
      [arn('file')]: { provider: 'file', options: { path: 'users.yaml' } },
    },
    servers: [server(SERVERS.module, 'module'), server(SERVERS.file, 'file'), server(SERVERS.hung, 'module')],
  };
  await writeFile(join(folder, 'drawbridge.yaml'), JSON.stringify(configuration));
  const command = [ENTRY, 'test-identity-provider', '--config', 'drawbridge.yaml', ...args];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, command, { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

const of = (id: string, ...more: string[]) => ['--server-id', id, '--user-name', 'jane', ...more];

test('test-identity-provider - prints the answer of the API, and exits with 0, 1 or 2', async (t) => {
  const granted = await run(t, of(SERVERS.module, '--user-password-stdin'), `${PASSWORD}\n`);
  assert.equal(granted.code, 0, granted.stderr);
  assert.deepEqual(JSON.parse(granted.stdout), {
    Response: JSON.stringify({ Role: ROLE, HomeDirectory: '/bucket/jane' }),
    StatusCode: 200,
    Message: '',
    Url: '',
  });
  const refused = await run(t, of(SERVERS.module, '--user-password-stdin'), 'wrong\n');
  assert.equal(refused.code, 1);
  assert.equal(JSON.parse(refused.stdout).Response, '{}');
  const failed = await run(t, of(SERVERS.hung, '--user-password-stdin'), `${PASSWORD}\n`);
  assert.equal(failed.code, 2);
  assert.equal(JSON.parse(failed.stdout).StatusCode, 500);
  assert.match(JSON.parse(failed.stdout).Message, /^Unable to call identity provider: FUNCTION_THREW/);
  assert.doesNotMatch(failed.stdout + failed.stderr, /canary/);
});

test('test-identity-provider - without a password asks for keys', async (t) => {
  const { code, stdout } = await run(t, of(SERVERS.module));
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(JSON.parse(stdout).Response).PublicKeys, ['ssh-ed25519 AAAA']);
});

test('test-identity-provider - goes through a dialogue with answers from standard input', async (t) => {
  const args = of(SERVERS.module, '--user-password-stdin', '--answers-stdin', '--explain');
  const right = await run(t, args, `${PASSWORD}\n${CODE}\n`);
  assert.equal(right.code, 0, right.stderr);
  assert.match(right.stderr, /Code: /);
  assert.doesNotMatch(right.stdout + right.stderr, /canary/);
  assert.equal((await run(t, args, `${PASSWORD}\nwrong\n`)).code, 1);
  const short = await run(t, args, `${PASSWORD}\n`);
  assert.equal(short.code, 2);
  assert.match(short.stderr, /no line for an answer/);
});

test('test-identity-provider - explains each step of a built-in provider, without secrets', async (t) => {
  const granted = await run(t, of(SERVERS.file, '--user-password-stdin', '--explain'), `${PASSWORD}\n`);
  assert.equal(granted.code, 0, granted.stderr);
  assert.match(
    granted.stderr,
    /routing: file.*file: rules: passed.*file: password: proven.*decision: GRANTED.*accepts the answer as granted/s,
  );
  const refused = await run(t, of(SERVERS.file, '--user-password-stdin', '--explain'), 'canary-wrong\n');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /decision: BAD_CREDENTIALS.*the server refuses: NOT_AUTHENTICATED/s);
  for (const { stdout, stderr } of [granted, refused]) assert.doesNotMatch(stdout + stderr, /canary/);
});

test('test-identity-provider - says what the API says of an unknown server, and what the server would not ask', async (t) => {
  const unknown = await run(t, of('s-fffffffffffffffff'));
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /ResourceNotFoundException: Unknown server/);
  const name = await run(t, ['--server-id', SERVERS.module, '--user-name', '!']);
  assert.equal(name.code, 1);
  assert.match(name.stderr, /USER_NAME_INVALID/);
  assert.equal((await run(t, [])).code, 2, 'no user name');
});
