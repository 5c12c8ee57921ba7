/** The server the clients talk to, and where its files lie on our disk. */

import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { BUCKET, startDrawbridge } from './lab/drawbridge.ts';
import { sshdVersion, startSshd } from './lab/sshd.ts';

export type CredentialKind = 'password' | 'key';

export interface Target extends AsyncDisposable {
  readonly name: 'drawbridge' | 'sshd';
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly userName: string;
  readonly password: string;
  /** The ways to log in that this server knows. */
  readonly credentials: readonly CredentialKind[];
  /** What clients put before a path to reach the user's files: empty, or an absolute path. */
  readonly remoteRoot: string;
  /** The same folder on disk. */
  readonly diskRoot: string;
  readLog(): Promise<string>;
  /** Ends the server as a service manager would. @returns its exit code, undefined when it had to be killed. */
  stop(): Promise<number | undefined>;
}

export interface TargetOptions {
  readonly workspace: string;
  readonly publicKeys: readonly string[];
  readonly signal: AbortSignal;
}

export type TargetName = Target['name'];

export function startTarget(name: TargetName, options: TargetOptions): Promise<Target> {
  return name === 'drawbridge' ? drawbridgeTarget(options) : sshdTarget(options);
}

async function drawbridgeTarget({ workspace, publicKeys }: TargetOptions): Promise<Target> {
  const userName = 'interop';
  const bucketFolder = path.join(workspace, BUCKET);
  const diskRoot = path.join(bucketFolder, userName);
  await mkdir(diskRoot, { recursive: true });
  // Random per run, so that finding it in a log is proof and nothing else matches by chance.
  const password = randomBytes(18).toString('base64url');
  const drawbridge = await startDrawbridge({
    folder: path.join(workspace, 'server'),
    bucketFolder,
    password,
    publicKeys,
  });
  const { version, host, port, server } = drawbridge;
  return {
    name: 'drawbridge',
    version: `Drawbridge ${version}`,
    host,
    port,
    userName,
    password,
    credentials: ['password', 'key'],
    remoteRoot: '',
    diskRoot,
    readLog: () => server.readLog(),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** OpenSSH, to tell a fault of a client (or of a test) from a fault of ours. It knows no password here: no PAM. */
async function sshdTarget({ workspace, publicKeys, signal }: TargetOptions): Promise<Target> {
  const folder = path.join(workspace, 'server');
  const diskRoot = path.join(workspace, 'home');
  await mkdir(diskRoot, { recursive: true });
  const { host, port, userName, server } = await startSshd(folder, publicKeys, signal);
  return {
    name: 'sshd',
    version: await sshdVersion(workspace, signal),
    host,
    port,
    userName,
    password: '',
    credentials: ['key'],
    remoteRoot: diskRoot,
    diskRoot,
    readLog: () => server.readLog(),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
