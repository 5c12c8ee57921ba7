/** Host keys as ssh-keygen writes them, seen by real OpenSSH clients, and a new key learned before it is used. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PASSWORD, type Served, serve } from '../testing/served.ts';

const TIMEOUT_MS = 30_000;
/** Takes every type of host key. */
const POLICY = 'TransferSecurityPolicy-2024-01';

/** File name, and what ssh-keygen is told. `ed25519-next` is the key that replaces `ed25519` some day. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  ed25519: ['-t', 'ed25519'],
  'ed25519-next': ['-t', 'ed25519'],
  rsa: ['-t', 'rsa', '-b', '3072'],
  'rsa-pem': ['-t', 'rsa', '-b', '2048', '-m', 'PEM'],
  ecdsa: ['-t', 'ecdsa', '-b', '256'],
  'ecdsa-pkcs8': ['-t', 'ecdsa', '-b', '384', '-m', 'PKCS8'],
  'ecdsa-521': ['-t', 'ecdsa', '-b', '521'],
};

const execute = promisify(execFile);

async function run(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, ...environment };
  const { stdout } = await execute(program, [...args], { timeout: TIMEOUT_MS, env });
  return stdout;
}

/** @throws AssertionError, Error: what is wrong */
export async function checkHostKeys(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-host-keys-'));
  try {
    for (const [name, args] of Object.entries(KEYS))
      await run('ssh-keygen', ['-q', '-N', '', '-C', name, '-f', join(folder, name), ...args]);
    const server = await serve({ configure: (configuration) => withHostKeys(configuration, folder) });
    try {
      await checkScan(server, folder);
      return await checkUpdate(server, folder);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

function withHostKeys(configuration: Record<string, unknown>, folder: string): Record<string, unknown> {
  const [server] = Array.isArray(configuration.servers) ? configuration.servers : [];
  const HostKeys = Object.keys(KEYS).map((name) => join(folder, name));
  return { ...configuration, servers: [{ ...server, SecurityPolicyName: POLICY, HostKeys }] };
}

function portOf({ ready }: Served): string {
  return String(ready.servers[0]?.listen.SFTP.port ?? 0);
}

/** Clients that ask for one type see the first key of that type. */
async function checkScan(server: Served, folder: string): Promise<void> {
  const scanned = await run('ssh-keyscan', ['-p', portOf(server), '-t', 'ed25519,rsa,ecdsa', '127.0.0.1']);
  const seen = scanned
    .trim()
    .split('\n')
    .map((line) => line.split(' ').slice(1).join(' '))
    .sort();
  const expected = await Promise.all(['ed25519', 'rsa', 'ecdsa'].map((name) => publicKeyOf(folder, name)));
  assert.deepEqual(seen, expected.sort(), 'ssh-keyscan sees the first key of each type');
}

async function publicKeyOf(folder: string, name: string): Promise<string> {
  const [type, base64] = (await readFile(join(folder, `${name}.pub`), 'utf8')).split(' ');
  return `${type} ${base64}`;
}

/** A client that knows one key learns all of them in a login, and verifies each. */
async function checkUpdate(server: Served, folder: string): Promise<string> {
  const knownHosts = join(folder, 'known_hosts');
  const host = `[127.0.0.1]:${portOf(server)}`;
  await writeFile(knownHosts, `${host} ${await publicKeyOf(folder, 'ed25519')}\n`);
  const batch = join(folder, 'batch');
  await writeFile(batch, 'pwd\n');
  const options = {
    UserKnownHostsFile: knownHosts,
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'yes',
    HashKnownHosts: 'no',
    BatchMode: 'no',
    PubkeyAuthentication: 'no',
  };
  const optionArgs = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const args = ['-e', 'sftp', ...optionArgs, '-P', portOf(server), '-b', batch, 'alice@127.0.0.1'];
  await run('sshpass', args, { SSHPASS: PASSWORD });
  const lines = (await readFile(knownHosts, 'utf8')).trim().split('\n');
  const expected = await Promise.all(Object.keys(KEYS).map((name) => publicKeyOf(folder, name)));
  const learned = lines.map((line) => line.replace(`${host} `, ''));
  assert.deepEqual(learned.sort(), expected.sort(), 'known_hosts holds every key');
  return `ssh -o UpdateHostKeys=yes went from 1 known key to ${lines.length}`;
}
