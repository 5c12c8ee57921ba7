import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PasswordVerifier } from '../identity/passwords/password-verifier.ts';
import { Secret } from '../identity/secret.ts';

const ENTRY = fileURLToPath(new URL('./main.ts', import.meta.url));
const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
const PASSWORD = 'canary-82d1-"%2B';
const API_KEY = 'api-key-of-the-test';
const FILE_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:file';
const MODULE_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:module';
const SERVER_ID = 's-0123456789abcdef0';

const CONFIGURATION = {
  storage: { buckets: { bucket: { path: './bucket' } } },
  roles: { [ROLE]: {} },
  functions: {
    [FILE_ARN]: { provider: 'file', options: { path: 'users.json' }, rules: { refusalFloorMs: 0 } },
    [MODULE_ARN]: { module: './f.mjs' },
  },
  servers: [
    {
      ServerId: SERVER_ID,
      IdentityProviderType: 'AWS_LAMBDA',
      IdentityProviderDetails: { Function: FILE_ARN },
      listen: { SFTP: '127.0.0.1:0' },
    },
  ],
};

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-identity-'));
  t.after(() => rm(folder, { recursive: true }));
  const files = {
    'drawbridge.yaml': JSON.stringify(CONFIGURATION),
    'users.json': JSON.stringify({ jane: { Password: PASSWORD, Role: ROLE, HomeDirectory: '/bucket/jane' } }),
    'f.mjs': 'export const handler = async ({ username }) => ({ Role: username });',
    'api-keys': `# for the tests\n${API_KEY}\n`,
    'short-keys': 'short\n',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

function start(folder: string, args: readonly string[], input = ''): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [ENTRY, 'identity', ...args], { cwd: folder });
  child.stdin.end(input);
  return child;
}

async function run(folder: string, args: readonly string[], input = '') {
  const child = start(folder, args, input);
  const ended = Promise.withResolvers<number | null>();
  child.on('exit', (code) => ended.resolve(code));
  const [code, stdout, stderr] = await Promise.all([ended.promise, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** Starts the method, waits for its address, and stops it when the test ends. */
async function serve(t: TestContext, args: readonly string[]) {
  const folder = await makeFolder(t);
  const child = start(folder, ['serve', '--config', 'drawbridge.yaml', '--listen', '127.0.0.1:0', ...args]);
  t.after(() => child.kill('SIGKILL'));
  const output: string[] = [];
  const ready = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output.push(chunk.toString());
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(output.join('')) ?? [];
      if (url !== undefined) ready.resolve(url);
    });
  }
  child.on('exit', (code) => ready.reject(new Error(`it ended with ${code}: ${output.join('')}`)));
  return { url: await ready.promise, child, output };
}

const path = (name: string) =>
  `/servers/${SERVER_ID}/users/${name}/config?protocol=SFTP&sourceIp=203.0.113.9`;
const passwordHeader = (password: string) => ({ PasswordBase64: Buffer.from(password).toString('base64') });

test('identity serve - a built-in provider is served, needs the key, and ends in good order', async (t) => {
  const { url, child, output } = await serve(t, ['--function', FILE_ARN, '--api-key-file', 'api-keys']);
  const ask = (headers: Readonly<Record<string, string>>) => fetch(`${url}${path('jane')}`, { headers });
  assert.equal((await ask(passwordHeader(PASSWORD))).status, 403);
  const key = { 'x-api-key': API_KEY };
  const right = await ask({ ...key, ...passwordHeader(PASSWORD) });
  assert.equal(right.status, 200);
  assert.equal(Object(await right.json()).Role, ROLE);
  const wrong = await ask({ ...key, ...passwordHeader('other') });
  assert.deepEqual([wrong.status, await wrong.text()], [200, '{}']);
  assert.equal(wrong.headers.get('X-Drawbridge-Decision'), 'BAD_CREDENTIALS');
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  const log = output.join('');
  assert.match(log, /"code":"GRANTED"/);
  assert.equal(log.includes('canary'), false);
  assert.equal(log.includes(API_KEY), false);
});

test('identity serve - a module is served', async (t) => {
  const { url } = await serve(t, ['--function', MODULE_ARN]);
  const response = await fetch(`${url}${path('j%40example.com')}`);
  assert.deepEqual(await response.json(), { Role: 'j@example.com' });
});

const REFUSED: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
  'which function is not said': [[], /name one of the functions by --function:/],
  'the function is not there': [['--function', `${FILE_ARN}s`], /holds no function/],
  'the address is none': [['--listen', 'nowhere'], /write host:port/],
  'passwords would travel in clear': [['--listen', '0.0.0.0:0'], /travel in clear/],
  'anybody could ask': [['--listen', '0.0.0.0:0', '--plain-http'], /anybody could try passwords/],
  'a key can be guessed': [['--api-key-file', 'short-keys'], /16 or more/],
  'the key file is not there': [['--api-key-file', 'no-file'], /no-file cannot be read/],
  'the certificate is none': [['--tls-key', 'api-keys', '--tls-cert', 'api-keys'], /as PEM/],
  'the certificate is missing': [['--tls-key', 'api-keys'], /belong together/],
};

for (const [what, [args, message]] of Object.entries(REFUSED)) {
  test(`identity serve - does not start where ${what}`, async (t) => {
    const folder = await makeFolder(t);
    const { code, stderr } = await run(folder, ['serve', '--config', 'drawbridge.yaml', ...args]);
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.equal(stderr.includes('short\n'), false);
  });
}

test('identity lint - tells what is wrong, and whether it matters, by its exit code', async (t) => {
  const folder = await makeFolder(t);
  const good = await run(folder, ['lint', 'users.json']);
  assert.equal(good.code, 0);
  await writeFile(
    join(folder, 'bad.json'),
    JSON.stringify({ jane: { Password: PASSWORD, Role: 'no-role' } }),
  );
  const bad = await run(folder, ['lint', 'bad.json']);
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /^error: jane: Role: /m);
  assert.equal((await run(folder, ['lint', 'no-file'])).code, 2);
  assert.equal(`${bad.stdout}${good.stdout}`.includes('canary'), false);
});

test('identity hash-password - prints a hash that the password fits', async (t) => {
  const folder = await makeFolder(t);
  const { code, stdout } = await run(folder, ['hash-password'], `${PASSWORD}\n`);
  assert.equal(code, 0);
  assert.match(stdout, /^\$argon2id\$/);
  const stored = new Secret(stdout.trim());
  const verdict = await new PasswordVerifier().verify(
    stored,
    new Secret(PASSWORD),
    AbortSignal.timeout(5000),
  );
  assert.equal(verdict.isRight, true);
  assert.equal((await run(folder, ['hash-password'], '\n')).code, 1);
});
