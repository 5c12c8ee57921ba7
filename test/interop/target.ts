/** The server the clients talk to, and where its files lie on our disk. */

import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type CredentialKind, PLAIN_CREDENTIALS } from './client.ts';
import { BUCKET, ROLE_ARN, startDrawbridge } from './lab/drawbridge.ts';
import {
  OTHER_SERVERS,
  otherServers,
  PROMPTED_USER,
  type ServerName,
  twoPromptsFunction,
} from './lab/servers.ts';
import { sshdVersion, startSshd } from './lab/sshd.ts';

export interface Target extends AsyncDisposable {
  readonly name: 'drawbridge' | 'sshd';
  readonly version: string;
  /** The main server's. */
  readonly host: string;
  readonly port: number;
  account(server: ServerName): Account;
  readonly userName: string;
  readonly password: string;
  /** What the second prompt of keyboard-interactive asks for. */
  readonly secondFactor: string;
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

/** One of the servers, and the user whose home `diskRoot` is there. */
export interface Account {
  readonly host: string;
  readonly port: number;
  readonly userName: string;
}

export interface TargetOptions {
  readonly workspace: string;
  readonly publicKeys: readonly string[];
  /** Public key of the authority that signs user certificates. */
  readonly authority: string;
  readonly signal: AbortSignal;
}

export type TargetName = Target['name'];

export function startTarget(name: TargetName, options: TargetOptions): Promise<Target> {
  return name === 'drawbridge' ? drawbridgeTarget(options) : sshdTarget(options);
}

async function drawbridgeTarget({ workspace, publicKeys, authority }: TargetOptions): Promise<Target> {
  const userName = 'interop';
  const bucketFolder = path.join(workspace, BUCKET);
  const diskRoot = path.join(bucketFolder, userName);
  await mkdir(diskRoot, { recursive: true });
  // Random per run, so that finding it in a log is proof and nothing else matches by chance.
  const password = randomBytes(18).toString('base64url');
  const secondFactor = randomBytes(6).toString('hex');
  const drawbridge = await startDrawbridge({
    folder: path.join(workspace, 'server'),
    bucketFolder,
    password,
    publicKeys,
    moreServers: otherServers(authority),
    moreFunctions: twoPromptsFunction({
      password,
      code: secondFactor,
      role: ROLE_ARN,
      homeTarget: `/${BUCKET}/${userName}`,
    }),
  });
  const { version, host, port, moreAddresses, server } = drawbridge;
  const account = (name: ServerName): Account => {
    const address = name === 'main' ? { host, port } : moreAddresses[OTHER_SERVERS.indexOf(name)];
    if (address === undefined) throw new Error(`the server '${name}' listens nowhere`);
    return { ...address, userName: name === 'prompts' ? PROMPTED_USER : userName };
  };
  return {
    name: 'drawbridge',
    version: `Drawbridge ${version}`,
    host,
    port,
    account,
    userName,
    password,
    secondFactor,
    credentials: PLAIN_CREDENTIALS,
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
    account: () => ({ host, port, userName }),
    userName,
    password: '',
    secondFactor: '',
    credentials: ['key'],
    remoteRoot: diskRoot,
    diskRoot,
    readLog: () => server.readLog(),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
