import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { OpenFlag } from '../src/sftp/protocol.ts';
import { Message } from '../src/ssh/message.ts';
import type { TestClient } from '../src/ssh/testing/client.ts';
import { PASSWORD, type Served, serve, serveRefused } from './testing/served.ts';
import { openSftp } from './testing/sftp.ts';

const READ = OpenFlag.READ;
const WRITE_NEW = OpenFlag.WRITE | OpenFlag.CREATE;

let server: Served;
before(async () => {
  server = await serve();
});
after(async () => {
  assert.equal(await server.stop(), 0, 'SIGTERM ends the server in good order');
});

async function logIn(target: Served, userName = 'alice', password = PASSWORD): Promise<TestClient> {
  const client = await target.client();
  client.sendPassword(userName, password);
  await client.expect(Message.USERAUTH_SUCCESS);
  return client;
}

test('serve - a user logs in through the function and a file reaches the bucket on disk', async () => {
  const client = await logIn(server);
  const sftp = await openSftp(client);
  const { handle } = await sftp.open('/hello.txt', WRITE_NEW);
  assert.equal((await sftp.write(handle, 0, Buffer.from('hello'))).status, 0);
  assert.equal((await sftp.close(handle)).status, 0);
  assert.equal(await readFile(join(server.folder, 'bucket', 'alice', 'hello.txt'), 'utf8'), 'hello');
  client.stream.destroy();
});

for (const [userName, code] of [
  ['alice', 'NOT_AUTHENTICATED'],
  ['nobody', 'NOT_AUTHENTICATED'],
  ['throws', 'FUNCTION_THREW'],
  ['hangs', 'FUNCTION_TIMED_OUT'],
  ['spins', 'FUNCTION_TIMED_OUT'],
  ['exits', 'FUNCTION_CRASHED'],
  ['garbage', 'CONTRACT_VIOLATION'],
  ['dotdot', 'HOME_INVALID'],
  ['rootrole', 'ROLE_UNKNOWN'],
] as const) {
  test(`serve - ${userName} with a wrong password is refused as ${code}, and the log does not hold the password`, async () => {
    const wrong = `${PASSWORD}-wrong-${userName}`;
    const client = await server.client();
    client.sendPassword(userName, wrong);
    await client.expect(Message.USERAUTH_FAILURE);
    client.stream.destroy();
    const lines = server
      .output()
      .split('\n')
      .filter((line) => line.includes('AUTH_FAILURE') && line.includes(`"${userName}"`));
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', new RegExp(`"code":"${code}"`));
    assert.ok(!server.output().includes(wrong), 'the password is nowhere in what the server prints');
  });
}

test('serve - while one function call hangs, others log in', async () => {
  const hanging = await server.client();
  hanging.sendPassword('hangs', 'x');
  const client = await logIn(server);
  client.stream.destroy();
  hanging.stream.destroy();
});

test('serve - neither .. nor a planted symbolic link leads out of the bucket, and both fail alike', async () => {
  const home = join(server.folder, 'bucket', 'bob');
  await mkdir(home, { recursive: true });
  await writeFile(join(server.folder, 'secret.txt'), 'secret');
  await symlink(join(server.folder, 'secret.txt'), join(home, 'absolute'));
  await symlink('../../secret.txt', join(home, 'relative'));
  await symlink('..', join(home, 'up'));
  const client = await logIn(server, 'bob');
  const sftp = await openSftp(client);
  const statuses = [];
  for (const path of [
    '../../secret.txt',
    '/../../etc/passwd',
    'absolute',
    'relative',
    'up/../secret.txt',
    'up/alice',
    'missing',
  ]) {
    statuses.push((await sftp.open(path, READ)).status);
  }
  assert.deepEqual(new Set(statuses), new Set([2]));
  client.stream.destroy();
});

test('stop - a transfer may end within the grace period, then the process exits with 0', async () => {
  const stopping = await serve();
  const client = await logIn(stopping);
  const sftp = await openSftp(client);
  const { handle } = await sftp.open('/late.txt', WRITE_NEW);
  const stopped = stopping.stop();
  await delay(300);
  assert.equal((await sftp.write(handle, 0, Buffer.from('on time'))).status, 0);
  assert.equal((await sftp.close(handle)).status, 0);
  assert.equal(await stopped, 0);
});

test('stop - a transfer that does not end is cut off after the grace period', async () => {
  const stopping = await serve({ shutdownGraceSeconds: 1 });
  const client = await logIn(stopping);
  const sftp = await openSftp(client);
  await sftp.open('/never.txt', WRITE_NEW);
  assert.equal(await stopping.stop(), 0);
});

test('ready file - says version, server ids and real ports', () => {
  const [first] = server.ready.servers;
  assert.match(server.ready.version, /^\d+\.\d+\.\d+/);
  assert.match(first?.serverId ?? '', /^s-[0-9a-f]{17}$/);
  assert.ok((first?.listen.SFTP.port ?? 0) > 0);
  assert.equal(server.ready.demoUser, undefined);
});

const refusals: readonly [string, (configuration: Record<string, unknown>) => unknown, RegExp][] = [
  ['an unknown key', (all) => ({ ...all, sevrers: [] }), /sevrers.*servers/],
  [
    'a file system that is not there',
    (all) => ({ ...all, storage: { fileSystems: { 'fs-0123456789abcdef0': { path: '/nowhere/at/all' } } } }),
    /\/nowhere\/at\/all.*ENOENT/,
  ],
  ['a data folder that is a file', (all) => ({ ...all, data: '/dev/null' }), /\/dev\/null/],
];
for (const [what, configure, message] of refusals) {
  test(`bad input - ${what}: one clear line, exit code 1`, async () => {
    const { code, output } = await serveRefused({ configure });
    assert.equal(code, 1);
    assert.match(output, message);
    assert.match(output, /^drawbridge: /);
    assert.equal(output.trim().split('\n').length, 1, output);
  });
}

test('bad input - a port in use: one clear line that names it', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { code, output } = await serveRefused({
    configure: (all) => JSON.parse(JSON.stringify(all).replace('127.0.0.1:0', `127.0.0.1:${port}`)),
  });
  taken.close();
  assert.equal(code, 1);
  assert.match(output, new RegExp(`cannot listen on 127.0.0.1:${port}: the port is in use`));
});

test('bad input - a module that cannot be loaded is said at start, its logins are refused, the process lives', async () => {
  const broken = await serve({
    configure: (all) => JSON.parse(JSON.stringify(all).replace('function.mjs', 'missing.mjs')),
  });
  const client = await broken.client();
  client.sendPassword('alice', PASSWORD);
  await client.expect(Message.USERAUTH_FAILURE);
  assert.match(broken.output(), /FUNCTION_BAD_MODULE/);
  assert.match(broken.output(), /missing\.mjs/);
  client.stream.destroy();
  assert.equal(await broken.stop(), 0);
});

test('ready file - one of an earlier run is gone before the start, so that nobody takes it for the new one', async () => {
  const { output, wasReady } = await serveRefused({
    readyText: '{"old": true}',
    configure: (configuration) => ({
      ...configuration,
      storage: { fileSystems: { 'fs-0123456789abcdef0': { path: '/nonexistent' } } },
    }),
  });
  assert.match(output, /nonexistent/);
  assert.equal(wasReady, false);
});
