/** The server the clients talk to, and where its files lie on our disk. */

import { randomBytes } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type CredentialKind, PLAIN_CREDENTIALS } from './client.ts';
import { BUCKET, FILE_SYSTEM, ROLE_ARN, startDrawbridge } from './lab/drawbridge.ts';
import { diskPlanter, type Planter, s3Planter } from './lab/planter.ts';
import { startS3Server } from './lab/s3-server.ts';
import {
  OTHER_SERVERS,
  otherServers,
  PROMPTED_USER,
  type ServerName,
  twoPromptsFunction,
} from './lab/servers.ts';
import { sshdVersion, startSshd } from './lab/sshd.ts';

/** The user of everything that is about no other user. */
const USER_NAME = 'interop';
/** As `/tmp`: all users may make things, and only their own are theirs to remove. */
const EVERYBODY = 0o1777;

export interface Target extends AsyncDisposable {
  readonly name: 'drawbridge' | 'sshd';
  readonly version: string;
  /** The main server's. */
  readonly host: string;
  readonly port: number;
  /** @param userName the usual user when absent */
  account(server: ServerName, userName?: UserName): Account;
  readonly userName: string;
  readonly password: string;
  /** What the second prompt of keyboard-interactive asks for. */
  readonly secondFactor: string;
  /** The ways to log in that this server knows. */
  readonly credentials: readonly CredentialKind[];
  /** The usual user's home on disk. */
  readonly diskRoot: string;
  readonly impliesDirectories: boolean;
  readLog(): Promise<string>;
  /** Ends the server as a service manager would. @returns its exit code, undefined when it had to be killed. */
  stop(): Promise<number | undefined>;
}

/** Users whose homes are looked at on disk: the usual one, one who is kept at home by policy, three of the EFS domain. */
export type UserName =
  | typeof USER_NAME
  | 'interop-locked'
  | 'interop-alice'
  | 'interop-bob'
  | 'interop-owner';

/** A user of one of the servers. */
export interface Account {
  readonly host: string;
  readonly port: number;
  readonly userName: string;
  /** What clients put before a path to reach the user's files: empty, or an absolute path. */
  readonly remoteRoot: string;
  /** The same folder on disk. */
  readonly diskRoot: string;
  /** Puts files there. */
  readonly plant: Planter;
}

export interface TargetOptions {
  readonly workspace: string;
  readonly publicKeys: readonly string[];
  /** Public key of the authority that signs user certificates. */
  readonly authority: string;
  readonly signal: AbortSignal;
}

/** Drawbridge with a bucket on local disk, Drawbridge with a bucket of an S3 server, or OpenSSH. */
export const TARGETS = ['disk', 's3', 'sshd'] as const;
export type TargetName = (typeof TARGETS)[number];

export function startTarget(name: TargetName, options: TargetOptions): Promise<Target> {
  switch (name) {
    case 'disk':
      return diskTarget(options);
    case 's3':
      return s3Target(options);
    case 'sshd':
      return sshdTarget(options);
  }
}

/** Where the bucket is: for the configuration, and for us. */
interface BucketPlace {
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly folder: string;
  readonly plant: Planter;
}

async function diskTarget(options: TargetOptions): Promise<Target> {
  const folder = path.join(options.workspace, BUCKET);
  await mkdir(folder);
  return drawbridgeTarget(options, { configuration: { path: folder }, folder, plant: diskPlanter });
}

/** versitygw keeps every object as a file of its name, so that the same proofs hold. */
async function s3Target(options: TargetOptions): Promise<Target> {
  await using running = new AsyncDisposableStack();
  const folder = path.join(options.workspace, 's3');
  const s3 = running.use(await startS3Server({ kind: 'versitygw', folder, bucket: BUCKET }));
  const place: BucketPlace = {
    configuration: s3.configuration(),
    folder: s3.bucketFolder,
    plant: s3Planter(s3),
  };
  const target = running.use(await drawbridgeTarget(options, place));
  const owned = running.move();
  return {
    ...target,
    impliesDirectories: true,
    version: `${target.version} with a bucket of ${s3.kind}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function drawbridgeTarget(options: TargetOptions, bucket: BucketPlace): Promise<Target> {
  const { workspace, publicKeys, authority } = options;
  const fileSystemFolder = path.join(workspace, FILE_SYSTEM);
  const diskRoot = path.join(bucket.folder, USER_NAME);
  for (const folder of [diskRoot, fileSystemFolder]) await mkdir(folder, { recursive: true });
  await chmod(fileSystemFolder, EVERYBODY);
  // Random per run, so that finding it in a log is proof and nothing else matches by chance.
  const password = randomBytes(18).toString('base64url');
  const secondFactor = randomBytes(6).toString('hex');
  const drawbridge = await startDrawbridge({
    folder: path.join(workspace, 'server'),
    bucket: bucket.configuration,
    fileSystems: { [FILE_SYSTEM]: { path: fileSystemFolder } },
    password,
    publicKeys,
    moreServers: otherServers(authority),
    moreFunctions: twoPromptsFunction({
      password,
      code: secondFactor,
      role: ROLE_ARN,
      homeTarget: `/${BUCKET}/${USER_NAME}`,
    }),
  });
  const { version, host, port, moreAddresses, server } = drawbridge;
  const { plant } = bucket;
  const onFileSystem = {
    remoteRoot: `/${FILE_SYSTEM}`,
    diskRoot: fileSystemFolder,
    plant: diskPlanter,
  };
  const homes: Readonly<Record<UserName, Pick<Account, 'remoteRoot' | 'diskRoot' | 'plant'>>> = {
    [USER_NAME]: { remoteRoot: '', diskRoot, plant },
    'interop-locked': {
      remoteRoot: `/${BUCKET}/interop-locked`,
      diskRoot: path.join(bucket.folder, 'interop-locked'),
      plant,
    },
    'interop-alice': onFileSystem,
    'interop-bob': onFileSystem,
    'interop-owner': onFileSystem,
  };
  const account = (name: ServerName, userName: UserName = USER_NAME): Account => {
    const address = name === 'main' ? { host, port } : moreAddresses[OTHER_SERVERS.indexOf(name)];
    if (address === undefined) throw new Error(`the server '${name}' listens nowhere`);
    return { ...address, ...homes[userName], userName: name === 'prompts' ? PROMPTED_USER : userName };
  };
  return {
    name: 'drawbridge',
    version: `Drawbridge ${version}`,
    host,
    port,
    account,
    userName: USER_NAME,
    password,
    secondFactor,
    credentials: PLAIN_CREDENTIALS,
    diskRoot,
    impliesDirectories: false,
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
    account: () => ({ host, port, userName, remoteRoot: diskRoot, diskRoot, plant: diskPlanter }),
    userName,
    password: '',
    secondFactor: '',
    credentials: ['key'],
    diskRoot,
    impliesDirectories: false,
    readLog: () => server.readLog(),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
