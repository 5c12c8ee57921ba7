/** Drawbridge as a child process, configured as an operator would: a file, a function module, a bucket on disk. */

import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { cleanEnvironment } from './environment.ts';
import { ServerProcess } from './server-process.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
/** The published entry point, then the source it starts. */
const ENTRY_POINTS = ['bin/drawbridge.js', 'src/cli/main.ts'];
const FUNCTION_MODULE = fileURLToPath(new URL('../function.ts', import.meta.url));
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:interop';
const START_TIMEOUT_MS = 30_000;
/** Short, because one of the function's users never gets an answer and the matrix waits for it. */
const FUNCTION_TIMEOUT_SECONDS = 3;

export const ROLE_ARN = 'arn:aws:iam::000000000000:role/interop';
export const BUCKET = 'interop-bucket';
/** Of the users of the EFS domain. */
export const FILE_SYSTEM = 'fs-0123456789abcdef0';

const ReadyFile = z.object({
  version: z.string(),
  servers: z.array(
    z.object({ listen: z.object({ SFTP: z.object({ host: z.string(), port: z.number() }) }) }),
  ),
});

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface DrawbridgeOptions {
  /** Holds the configuration, the data folder and the log. */
  readonly folder: string;
  /** Where the files of `interop-bucket` are: its member of `storage.buckets`, a folder or S3. */
  readonly bucket: Readonly<Record<string, unknown>>;
  /** The section `storage.fileSystems`; none when absent. */
  readonly fileSystems?: Readonly<Record<string, unknown>>;
  readonly password: string;
  readonly publicKeys: readonly string[];
  /** The default policy when absent. Of the first server. */
  readonly securityPolicyName?: string;
  /** Further servers for the same users and files: what sets each of them apart. */
  readonly moreServers?: readonly Readonly<Record<string, unknown>>[];
  /** Further members of the section `functions`. */
  readonly moreFunctions?: Readonly<Record<string, unknown>>;
  /** The section `limits` of the configuration; the defaults when absent. */
  readonly limits?: Readonly<Record<string, number>>;
}

export interface RunningDrawbridge extends AsyncDisposable {
  readonly version: string;
  /** Of the first server. */
  readonly host: string;
  readonly port: number;
  /** Of `moreServers`, in their order. */
  readonly moreAddresses: readonly Address[];
  readonly server: ServerProcess;
}

/** The script that starts the server in this checkout; undefined when there is none. */
export async function findDrawbridge(): Promise<string | undefined> {
  for (const entryPoint of ENTRY_POINTS) {
    const file = path.join(REPOSITORY, entryPoint);
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

export async function startDrawbridge(options: DrawbridgeOptions): Promise<RunningDrawbridge> {
  const script = await findDrawbridge();
  if (script === undefined) throw new Error(`there is no ${ENTRY_POINTS.join(' and no ')}`);
  await mkdir(options.folder, { recursive: true });
  const configFile = path.join(options.folder, 'drawbridge.yaml');
  const readyFile = path.join(options.folder, 'ready.json');
  // JSON is YAML; 0600 because the function's environment holds the password.
  await writeFile(configFile, JSON.stringify(configuration(options), null, 2), { mode: 0o600 });
  const server = await ServerProcess.start({
    program: process.execPath,
    args: [script, 'serve', '--config', configFile, '--ready-file', readyFile],
    environment: cleanEnvironment(options.folder),
    logFile: path.join(options.folder, 'drawbridge.log'),
  });
  try {
    await server.waitUntil(() => exists(readyFile), START_TIMEOUT_MS);
    const ready = ReadyFile.parse(JSON.parse(await readFile(readyFile, 'utf8')));
    const [address, ...moreAddresses] = ready.servers.map(({ listen }) => listen.SFTP);
    if (address === undefined) throw new Error('the server listens nowhere');
    return {
      version: ready.version,
      ...address,
      moreAddresses,
      server,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function configuration(options: DrawbridgeOptions): unknown {
  const { securityPolicyName } = options;
  const firstServer = securityPolicyName === undefined ? {} : { SecurityPolicyName: securityPolicyName };
  return {
    data: path.join(options.folder, 'data'),
    storage: { buckets: { [BUCKET]: options.bucket }, fileSystems: options.fileSystems ?? {} },
    roles: { [ROLE_ARN]: {} },
    functions: {
      [FUNCTION_ARN]: {
        module: FUNCTION_MODULE,
        environment: {
          INTEROP_ROLE: ROLE_ARN,
          INTEROP_BUCKET: BUCKET,
          INTEROP_FILE_SYSTEM: FILE_SYSTEM,
          INTEROP_PASSWORD: options.password,
          INTEROP_PUBLIC_KEYS: options.publicKeys.join('\n'),
        },
        timeoutSeconds: FUNCTION_TIMEOUT_SECONDS,
      },
      ...options.moreFunctions,
    },
    servers: [firstServer, ...(options.moreServers ?? [])].map((fields) => server(fields)),
    ...(options.limits !== undefined && { limits: options.limits }),
  };
}

/** One server of the configuration; `IdentityProviderDetails` of `fields` adds to the function's ARN. */
function server(fields: Readonly<Record<string, unknown>>): unknown {
  const { IdentityProviderDetails: details, ...others } = fields;
  return {
    Protocols: ['SFTP'],
    Domain: 'S3',
    IdentityProviderType: 'AWS_LAMBDA',
    listen: { SFTP: '127.0.0.1:0' },
    ...others,
    IdentityProviderDetails: {
      Function: FUNCTION_ARN,
      ...(typeof details === 'object' ? details : {}),
    },
  };
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
