import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('./main.ts', import.meta.url));
const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:f';
const PASSWORD = 'canary-82d1';

interface Ended {
  readonly code: number | string | null | undefined;
  readonly output: string;
}

/** Runs `drawbridge why` with a function that lets jane in with a password. */
async function why(
  t: TestContext,
  args: readonly string[],
  input = '',
  configured = ['--config', 'drawbridge.yaml'],
): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-cli-'));
  t.after(() => rm(folder, { recursive: true }));
  const answer = { Role: ROLE, HomeDirectory: '/bucket/jane' };
  await writeFile(join(folder, 'answer.json'), JSON.stringify(answer));
  await writeFile(
    join(folder, 'f.mjs'),
    `export const handler = (event) => Promise.resolve(event.password === '${PASSWORD}' ? ${JSON.stringify(answer)} : {});`,
  );
  const Statement = { Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
  const configuration = {
    storage: { buckets: { bucket: { path: './bucket' } } },
    roles: { [ROLE]: { policy: { Version: '2012-10-17', Statement } } },
    functions: { [FUNCTION]: { module: './f.mjs' } },
    servers: [
      {
        IdentityProviderType: 'AWS_LAMBDA',
        IdentityProviderDetails: { Function: FUNCTION },
        listen: { SFTP: '127.0.0.1:0' },
      },
    ],
  };
  await writeFile(join(folder, 'drawbridge.yaml'), JSON.stringify(configuration));
  const command = [ENTRY, 'why', ...args, ...configured];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, command, { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr }),
    );
    child.stdin?.end(input);
  });
}

test('why command - exits with 0 for what is allowed, 1 for what is denied, and says why', async (t) => {
  const allowed = await why(t, ['jane', 'get', 'a', '--answer', 'answer.json']);
  assert.equal(allowed.code, 0, allowed.output);
  assert.match(allowed.output, /Statement\[0\] "Read" of the role policy/);
  const denied = await why(t, ['jane', 'put', '/bucket/jane/a', '--answer', 'answer.json']);
  assert.equal(denied.code, 1, denied.output);
  assert.match(denied.output, /no statement of the role policy allows it/);
});

test('why command - a password comes from standard input and is nowhere in the output', async (t) => {
  const asked = await why(t, ['jane', 'get', 'a', '--password-stdin'], `${PASSWORD}\n`);
  assert.equal(asked.code, 0, asked.output);
  const wrong = await why(t, ['jane', 'get', 'a', '--password-stdin'], `${PASSWORD}-wrong\n`);
  assert.equal(wrong.code, 2);
  assert.match(wrong.output, /NOT_AUTHENTICATED/);
  assert.ok(!`${asked.output}${wrong.output}`.includes(PASSWORD));
});

for (const [what, args, message] of [
  ['an operation that is none', ['jane', 'fly', 'a'], /Allowed choices are list, stat/],
  ['a rename without its target', ['jane', 'rename', 'a'], /rename needs the path and the new path/],
  ['a target of something else', ['jane', 'get', 'a', 'b'], /all others need one path/],
  [
    'an answer that is not there',
    ['jane', 'get', 'a', '--answer', 'none.json'],
    /none\.json: cannot be read/,
  ],
] as const) {
  test(`why command - ${what} exits with 2`, async (t) => {
    const { code, output } = await why(t, args);
    assert.equal(code, 2, output);
    assert.match(output, message);
  });
}

test('why command - without a configuration, and without the demo that it would be about, it asks for one', async (t) => {
  const { code, output } = await why(t, ['jane', 'get', 'a'], '', []);
  assert.equal(code, 2);
  assert.match(output, /^drawbridge: there is no demo in this folder: name the configuration by --config/);
});
