import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../bin/drawbridge.js', import.meta.url));
const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:simulated';

/** What the command prints before it waits. */
async function simulate(t: TestContext, vendor: string): Promise<string> {
  const child = spawn(process.execPath, [ENTRY, 'simulate', vendor], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill());
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += String(chunk);
    if (printed.includes('Ctrl-C')) break;
  }
  return printed;
}

/** The lines for drawbridge.yaml that were printed, in a whole configuration. */
async function configure(t: TestContext, printed: string): Promise<string> {
  const snippet = /^provider: .*?\n\n/ms.exec(printed)?.[0] ?? assert.fail(printed);
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-simulate-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'drawbridge.yaml');
  await writeFile(
    file,
    `
storage: { buckets: { bucket: { path: ./bucket } } }
roles: { '${ROLE}': {} }
functions:
  ${FUNCTION}:
${snippet.trimEnd().replace(/^/gm, '    ')}
    profiles: { static: { Role: '${ROLE}', HomeDirectory: /bucket } }
servers:
  - IdentityProviderType: AWS_LAMBDA
    IdentityProviderDetails: { Function: '${FUNCTION}' }
    listen: { SFTP: 127.0.0.1:0 }
`,
  );
  return file;
}

async function ask(file: string, userName: string, password: string) {
  const args = [
    ENTRY,
    'test-identity-provider',
    '--config',
    file,
    '--user-name',
    userName,
    '--user-password-stdin',
  ];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(`${password}\n`);
  const { Response }: { Response: string } = JSON.parse(await text(child.stdout));
  return Response;
}

for (const [vendor, userName] of [
  ['okta', 'jdoe'],
  ['entra', 'jdoe@contoso.example'],
  ['onelogin', 'jdoe'],
] as const) {
  test(`simulate - ${vendor} as printed lets its users in, and nobody with another password`, async (t) => {
    const file = await configure(t, await simulate(t, vendor));
    assert.match(await ask(file, userName, 'Simulated-1'), new RegExp(ROLE));
    assert.equal(await ask(file, userName, 'Simulated-2'), '{}');
  });
}
