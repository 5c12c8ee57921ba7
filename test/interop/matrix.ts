/** Walks client × way to log in × operation, one at a time, and cleans up after each. */

import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Client, credentialName, type Login, MissingClient } from './client.ts';
import { hostKeyFingerprints, type KeyPair, type KeyType, writeSshConfig } from './lab/keys.ts';
import type { LargeFile, Operation, Stage } from './operations.ts';
import { type Check, judge, type Outcome } from './outcome.ts';
import type { CredentialKind, Target } from './target.ts';

const OPERATION_TIMEOUT_MS = 60_000;
/** The slowest client that is still of use. */
const SLOWEST_BYTES_PER_MS = 2_000;
const VERSION_TIMEOUT_MS = 20_000;

export interface MatrixOptions {
  readonly target: Target;
  readonly clients: readonly Client[];
  readonly operations: readonly Operation[];
  readonly keys: Readonly<Record<KeyType, KeyPair>>;
  readonly knownHostsFile: string;
  readonly large: LargeFile;
  /** Folder for everything local. */
  readonly workspace: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A client that is not installed: a failure where all must be there, else a skip. */
  readonly requiresAllClients: boolean;
  readonly signal: AbortSignal;
  /** Hears one line per client and way to log in. */
  progress(line: string): void;
}

export interface MatrixResult {
  readonly checks: readonly Check[];
  /** By client name; absent for a missing one. */
  readonly versions: ReadonlyMap<string, string>;
}

export async function runMatrix(options: MatrixOptions): Promise<MatrixResult> {
  const checks: Check[] = [];
  const versions = new Map<string, string>();
  for (const client of options.clients) {
    if (options.signal.aborted) break;
    const version = await clientVersion(client, options);
    if (version instanceof MissingClient) {
      checks.push(...missingClientChecks(client, version, options));
      continue;
    }
    versions.set(client.name, version);
    for (const kind of options.target.credentials) {
      const startedMs = performance.now();
      checks.push(...(await runClient(client, kind, options)));
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      options.progress(`${client.name} ${version}, ${credentialName(kind, client.keyType)}: ${seconds} s`);
    }
  }
  return { checks, versions };
}

async function clientVersion(client: Client, options: MatrixOptions): Promise<string | MissingClient> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(VERSION_TIMEOUT_MS)]);
  try {
    return await client.version({ environment: options.environment, signal });
  } catch (error) {
    if (error instanceof MissingClient) return error;
    throw error;
  }
}

function missingClientChecks(
  client: Client,
  missing: MissingClient,
  options: MatrixOptions,
): readonly Check[] {
  const outcome: Outcome = {
    kind: options.requiresAllClients ? 'failed' : 'skipped',
    detail: missing.message,
  };
  return options.operations.map(({ name }) => ({
    column: client.name,
    row: name,
    variant: 'missing',
    outcome,
  }));
}

async function runClient(
  client: Client,
  kind: CredentialKind,
  options: MatrixOptions,
): Promise<readonly Check[]> {
  const variant = credentialName(kind, client.keyType);
  const checks: Check[] = [];
  for (const operation of options.operations) {
    if (options.signal.aborted) break;
    const outcome = await judge(
      () => runOperation(client, kind, operation, options),
      [options.target.password],
    );
    checks.push({ column: client.name, row: operation.name, variant, outcome });
  }
  return checks;
}

async function runOperation(
  client: Client,
  kind: CredentialKind,
  operation: Operation,
  options: MatrixOptions,
): Promise<void> {
  const { target, workspace, large } = options;
  const folder = `${client.name}-${kind}-${operation.name}`.replaceAll(' ', '-');
  const scratch = path.join(workspace, 'clients', folder);
  const disk = path.join(target.diskRoot, folder);
  const files = path.join(scratch, 'files');
  await mkdir(files, { recursive: true });
  await mkdir(disk);
  const transferMs = operation.isLarge ? Math.ceil(large.sizeBytes / SLOWEST_BYTES_PER_MS) : 0;
  const deadline = AbortSignal.timeout(OPERATION_TIMEOUT_MS + transferMs);
  const login = await makeLogin(client, kind, scratch, AbortSignal.any([options.signal, deadline]), options);
  const stage: Stage = {
    remote: (name) => path.posix.join(`${target.remoteRoot}/${folder}`, name),
    disk: (name) => path.join(disk, name),
    local: (name) => path.join(files, name),
    large,
    async use(action) {
      await using session = await client.open(login);
      return await action(session);
    },
  };
  try {
    await operation.run(stage);
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await rm(disk, { recursive: true, force: true });
  }
}

async function makeLogin(
  client: Client,
  kind: CredentialKind,
  scratch: string,
  signal: AbortSignal,
  options: MatrixOptions,
): Promise<Login> {
  const { target, knownHostsFile, environment } = options;
  const key = options.keys[client.keyType];
  const sshConfigFile = path.join(scratch, 'ssh_config');
  await writeSshConfig(sshConfigFile, {
    knownHostsFile,
    credential: kind === 'key' ? { identityFile: key.file } : 'password',
  });
  return {
    host: target.host,
    port: target.port,
    userName: target.userName,
    credential: kind === 'key' ? { kind, key } : { kind, password: target.password },
    knownHostsFile,
    hostKeyFingerprints: await hostKeyFingerprints(knownHostsFile),
    sshConfigFile,
    scratch,
    environment,
    signal,
  };
}
