/** `drawbridge serve` as a child process, configured by a file, for tests of the whole product. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type HandshakeOptions, TestClient } from '../../src/ssh/testing/client.ts';

const ENTRY = fileURLToPath(new URL('../../bin/drawbridge.js', import.meta.url));
const START_TIMEOUT_MS = 30_000;

const address = z.object({ host: z.string(), port: z.number() });
const readyFile = z.strictObject({
  version: z.string(),
  servers: z.array(z.strictObject({ serverId: z.string(), listen: z.strictObject({ SFTP: address }) })),
  demoUser: z.strictObject({ userName: z.string(), password: z.string() }).optional(),
});

export const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
export const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:test';
export const PASSWORD = 'canary-51c2-password';

/** Answers by user name: alice gets in with the password, the others show what can go wrong. */
const FUNCTION_MODULE = `
const grant = { Role: process.env.ROLE, HomeDirectoryType: 'LOGICAL' };
const home = (Target) => ({ ...grant, HomeDirectoryDetails: JSON.stringify([{ Entry: '/', Target }]) });
export async function handler(event) {
  console.log('asked about', event.username);
  if (event.username === 'throws') throw new Error('directory down, password was ' + event.password);
  if (event.username === 'hangs') return new Promise(() => {});
  if (event.username === 'spins') for (;;);
  if (event.username === 'exits') process.exit(3);
  if (event.username === 'garbage') return 'yes';
  if (event.username === 'dotdot') return home('/bucket/../../etc');
  if (event.username === 'rootrole') return { ...home('/bucket'), Role: 'arn:aws:iam::000000000000:role/root-user' };
  if (event.password !== process.env.PASSWORD) return {};
  return home('/bucket/\${transfer:UserName}');
}
`;

export interface Served {
  readonly folder: string;
  readonly ready: z.infer<typeof readyFile>;
  readonly child: ChildProcess;
  /** The exit code, once it has ended. */
  readonly exited: Promise<number | null>;
  /** Everything printed so far, on both streams. */
  output(): string;
  /** A connected client with keys, asked for authentication; of the first server, or of the one at that place. */
  client(handshake?: HandshakeOptions, place?: number): Promise<TestClient>;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
}

export interface ServeOptions {
  /** Changes the configuration before it is written. */
  readonly configure?: (configuration: Record<string, unknown>) => unknown;
  readonly shutdownGraceSeconds?: number;
  /** Source of the identity provider, in place of the usual one. */
  readonly functionModule?: string;
  /** For the Node that runs the launcher. */
  readonly nodeArguments?: readonly string[];
  /** What the ready file holds before the start. */
  readonly readyText?: string;
}

/** A configuration as a user would write it, on a free port. */
function configurationIn(folder: string, shutdownGraceSeconds: number): Record<string, unknown> {
  return {
    data: join(folder, 'data'),
    storage: { buckets: { bucket: { path: join(folder, 'bucket') } } },
    roles: { [ROLE]: {} },
    functions: {
      [FUNCTION]: {
        module: join(folder, 'function.mjs'),
        environment: { ROLE, PASSWORD },
        timeoutSeconds: 1,
      },
    },
    servers: [
      {
        Protocols: ['SFTP'],
        Domain: 'S3',
        IdentityProviderType: 'AWS_LAMBDA',
        IdentityProviderDetails: { Function: FUNCTION },
        listen: { SFTP: '127.0.0.1:0' },
      },
    ],
    shutdownGraceSeconds,
  };
}

/** Writes a configuration into a new folder and starts the command. The folder goes when the process has ended. */
async function launch({
  configure,
  shutdownGraceSeconds = 5,
  functionModule = FUNCTION_MODULE,
  nodeArguments = [],
  readyText,
}: ServeOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-test-'));
  const configuration = configurationIn(folder, shutdownGraceSeconds);
  const readyFilePath = join(folder, 'ready.json');
  await writeFile(join(folder, 'function.mjs'), functionModule);
  if (readyText !== undefined) await writeFile(readyFilePath, readyText);
  // JSON is YAML.
  await writeFile(
    join(folder, 'drawbridge.yaml'),
    JSON.stringify(configure?.(configuration) ?? configuration, null, 1),
  );
  const args = [
    ...nodeArguments,
    ENTRY,
    'serve',
    '--config',
    join(folder, 'drawbridge.yaml'),
    '--ready-file',
    readyFilePath,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  let wasReady = false;
  const exited = once(child, 'exit').then(async ([code]) => {
    wasReady = existsSync(readyFilePath);
    await rm(folder, { recursive: true, force: true });
    return typeof code === 'number' ? code : null;
  });
  return { folder, child, exited, output: () => text, wasReady: () => wasReady };
}

/** Runs the command where it is expected to refuse. @returns its exit code, what it printed, and if a ready file was there */
export async function serveRefused(
  options: ServeOptions,
): Promise<{ code: number | null; output: string; wasReady: boolean }> {
  const { exited, output, child, wasReady } = await launch(options);
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  const code = await exited;
  clearTimeout(timer);
  return { code, output: output(), wasReady: wasReady() };
}

export async function serve(options: ServeOptions = {}): Promise<Served> {
  const { folder, child, exited, output } = await launch(options);
  const ready = await waitForReady(join(folder, 'ready.json'), child, output);
  return {
    folder,
    ready,
    child,
    exited,
    output,
    client: (handshake, place = 0) => connectTo(ready.servers[place]?.listen.SFTP.port ?? 0, handshake),
    stop: async () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

async function waitForReady(
  file: string,
  child: ChildProcess,
  output: () => string,
): Promise<z.infer<typeof readyFile>> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return readyFile.parse(JSON.parse(text));
    if (child.exitCode !== null || performance.now() > deadlineMs) throw new Error(`not ready:\n${output()}`);
    await delay(20);
  }
}

async function connectTo(port: number, handshake: HandshakeOptions = {}): Promise<TestClient> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const client = new TestClient(socket);
  await client.handshake({ kex: 'mlkem768x25519-sha256', ...handshake });
  await client.startAuthentication();
  return client;
}
