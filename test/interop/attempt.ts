/** One operation of one client with one login on one server, in folders of its own that are removed afterwards. */

import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, ClientSession, Credential, CredentialKind, Login } from './client.ts';
import { hostKeyFingerprints, type KeyPair, type KeyType } from './lab/keys.ts';
import type { LargeFiles } from './lab/large-files.ts';
import type { ServerName } from './lab/servers.ts';
import { type Algorithms, writeSshConfig } from './lab/ssh-config.ts';
import type { Operation, Stage } from './operations.ts';
import type { Target, UserName } from './target.ts';

const OPERATION_TIMEOUT_MS = 60_000;
/** The slowest client that is still of use. */
const SLOWEST_BYTES_PER_MS = 2_000;

const CLOSE_TIMEOUT_MS = 5_000;
const CLOSE_POLL_MS = 50;
const OPENED = /"activity-type":"OPEN"/g;
const CLOSED = /"activity-type":"(?:PARTIAL_)?CLOSE"/g;

/** What all attempts of a run share. */
export interface Run {
  readonly target: Target;
  /** The ways to log in that operations are tried with. */
  readonly credentials: readonly CredentialKind[];
  readonly keys: Readonly<Record<KeyType, KeyPair>>;
  /** Keys that no user lists, each with a certificate. */
  readonly certifiedKeys: Readonly<Record<KeyType, KeyPair>>;
  readonly knownHostsFile: string;
  readonly largeFiles: LargeFiles;
  /** Folder for everything local. */
  readonly workspace: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A client that is not installed: a failure where all must be there, else a skip. */
  readonly requiresAllClients: boolean;
  readonly signal: AbortSignal;
  /** Hears what is done and how long it took. */
  progress(line: string): void;
}

export interface Attempt {
  readonly client: Client;
  readonly credential: CredentialKind;
  readonly server: ServerName;
  /** The usual user when absent. */
  readonly userName?: UserName;
  readonly operation: Operation;
  readonly algorithms?: Algorithms;
  /** Lets OpenSSH write host keys that the server announces into the known hosts. */
  readonly updatesHostKeys?: boolean;
}

/** @throws whatever says that the operation, or what it left on the server's disk, is not as it must be */
export async function attempt(run: Run, asked: Attempt): Promise<void> {
  const { target, workspace, largeFiles } = run;
  const { client, credential, server, userName, operation } = asked;
  const { remoteRoot, diskRoot, plant } = target.account(server, userName);
  const folder = [client.name, credential, server, operation.name].join('-').replaceAll(' ', '-');
  const scratch = path.join(workspace, 'clients', folder);
  const disk = path.join(diskRoot, folder);
  const files = path.join(scratch, 'files');
  await mkdir(files, { recursive: true });
  await plant.directory(disk);
  const scale = operation.scale === 'large' && client.depth === 'brief' ? 'reduced' : operation.scale;
  const large = scale === undefined ? undefined : await largeFiles.get(scale);
  const transferMs = large === undefined ? 0 : Math.ceil(large.sizeBytes / SLOWEST_BYTES_PER_MS);
  const deadline = AbortSignal.timeout(OPERATION_TIMEOUT_MS + transferMs);
  const login = await makeLogin(run, asked, scratch, AbortSignal.any([run.signal, deadline]));
  const stage: Stage = {
    remote: (name) => path.posix.join(`${remoteRoot}/${folder}`, name),
    disk: (name) => path.join(disk, name),
    local: (name) => path.join(files, name),
    plant,
    get large() {
      if (large === undefined) throw new Error(`'${operation.name}' moves no large file`);
      return large;
    },
    async use(action) {
      const logStart = (await target.readLog()).length;
      const result = await withSession(client, login, action);
      if (client.leavesEarly === true) await filesAreClosed(target, logStart);
      return result;
    },
  };
  try {
    await operation.run(stage);
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await rm(disk, { recursive: true, force: true });
  }
}

async function withSession<T>(
  client: Client,
  login: Login,
  action: (session: ClientSession) => Promise<T>,
): Promise<T> {
  await using session = await client.open(login);
  return await action(session);
}

/** As the log has it; a server that does not log files closes them at once. @throws Error after some seconds */
async function filesAreClosed(target: Target, logStart: number): Promise<void> {
  const deadlineMs = performance.now() + CLOSE_TIMEOUT_MS;
  for (;;) {
    const log = (await target.readLog()).slice(logStart);
    if ((log.match(OPENED)?.length ?? 0) === (log.match(CLOSED)?.length ?? 0)) return;
    if (performance.now() > deadlineMs) throw new Error(`a file stays open:\n${log}`);
    await delay(CLOSE_POLL_MS);
  }
}

async function makeLogin(run: Run, asked: Attempt, scratch: string, signal: AbortSignal): Promise<Login> {
  const { target, knownHostsFile, environment } = run;
  const { client, server, userName, algorithms = {}, updatesHostKeys = false } = asked;
  const credential = credentialOf(run, asked.credential, client.keyType);
  const sshConfigFile = path.join(scratch, 'ssh_config');
  await writeSshConfig(sshConfigFile, { knownHostsFile, credential, algorithms, updatesHostKeys });
  return {
    ...target.account(server, userName),
    credential,
    algorithms,
    knownHostsFile,
    hostKeyFingerprints: await hostKeyFingerprints(knownHostsFile),
    sshConfigFile,
    impliesDirectories: target.impliesDirectories,
    scratch,
    environment,
    signal,
  };
}

function credentialOf(run: Run, kind: CredentialKind, keyType: KeyType): Credential {
  const { password, secondFactor } = run.target;
  const key = run.keys[keyType];
  switch (kind) {
    case 'password':
      return { kind, password };
    case 'key':
      return { kind, key };
    case 'key and password':
      return { kind, key, password };
    case 'prompts':
      return { kind, answers: [password, secondFactor] };
    case 'certificate': {
      const certified = run.certifiedKeys[keyType];
      return { kind, key: certified, certificateFile: `${certified.file}-cert.pub` };
    }
  }
}
