/** Packs the built package as it would be published, starts it from there, and imports its public parts. */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const START_TIMEOUT_MS = 30_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'drawbridge-package-'));
try {
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root, encoding: 'utf8' }),
  );
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', folder]);
  const unpacked = join(folder, 'package');
  if (existsSync(join(unpacked, 'src'))) throw new Error('the package holds the sources instead of the build');
  symlinkSync(join(root, 'node_modules'), join(unpacked, 'node_modules'));
  importsFrom(unpacked, 'drawbridge/ssh', 'ServerConnection');
  importsFrom(unpacked, 'drawbridge/identity', 'parseIdentityResponse');
  importsFrom(unpacked, 'drawbridge/lambda', 'handler');
  importsFrom(unpacked, 'drawbridge/policy', 'compilePolicy');
  await startsFrom(unpacked);
  console.log(`${filename} starts and serves`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The package imports itself by name, as its users would. */
function importsFrom(unpacked, specifier, name) {
  const check = `import { ${name} } from '${specifier}'; if (!${name}) process.exit(1);`;
  execFileSync('node', ['--input-type=module', '--eval', check], { cwd: unpacked });
}

async function startsFrom(unpacked) {
  const config = join(unpacked, 'drawbridge.yaml');
  writeFileSync(config, configuration());
  writeFileSync(join(unpacked, 'f.mjs'), 'export const handler = async () => ({});\n');
  const ready = join(unpacked, 'ready.json');
  const child = spawn('node', ['bin/drawbridge.js', 'serve', '--config', config, '--ready-file', ready], {
    cwd: unpacked,
    stdio: 'inherit',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!existsSync(ready)) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error('the package does not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (JSON.parse(readFileSync(ready, 'utf8')).servers.length !== 1) throw new Error('the ready file is wrong');
  child.kill('SIGTERM');
  const code = await ended;
  if (code !== 0) throw new Error(`the package ended with ${code}`);
}

function configuration() {
  return `
data: ./data
storage: { buckets: { bucket: { path: ./bucket } } }
functions: { 'arn:aws:lambda:us-east-1:000000000000:function:f': { module: ./f.mjs } }
servers:
  - IdentityProviderType: AWS_LAMBDA
    IdentityProviderDetails: { Function: 'arn:aws:lambda:us-east-1:000000000000:function:f' }
    listen: { SFTP: 127.0.0.1:0 }
`;
}
