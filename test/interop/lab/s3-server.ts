/** S3 servers that we did not write, each as a child process on a free loopback port with a folder of its own. */

import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { runCommand } from './command.ts';
import { cleanEnvironment } from './environment.ts';
import { freePort } from './port.ts';
import { ServerProcess } from './server-process.ts';

export const S3_SERVER_KINDS = ['versitygw', 'moto', 'minio'] as const;
export type S3ServerKind = (typeof S3_SERVER_KINDS)[number];

const CACHE = fileURLToPath(new URL('../../../.cache/', import.meta.url));
const PROGRAMS: Readonly<Record<S3ServerKind, string>> = {
  versitygw: path.join(CACHE, 's3-servers/bin/versitygw'),
  minio: path.join(CACHE, 's3-servers/bin/minio'),
  moto: path.join(CACHE, 'venv/bin/moto_server'),
};

const HOST = '127.0.0.1';
/** moto imports half of botocore before it listens. */
const START_TIMEOUT_MS = 60_000;
const REGION = 'us-east-1';
/** Known to everybody: the servers listen on loopback and hold test files only. MinIO wants 8 characters. */
const ACCESS_KEY_ID = 'drawbridge-test';
const SECRET_ACCESS_KEY = 'drawbridge-test-secret';

export interface RunningS3Server extends AsyncDisposable {
  readonly kind: S3ServerKind;
  readonly endpoint: string;
  readonly host: string;
  readonly port: number;
  readonly region: string;
  readonly bucket: string;
  /** Where the bucket's objects are on disk; with versitygw each is a file of its name. moto has none there. */
  readonly bucketFolder: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly server: ServerProcess;
  /** The member of `storage.buckets` of a configuration that leads here, or to a proxy in front at `endpoint`. */
  configuration(endpoint?: string): Readonly<Record<string, unknown>>;
}

export interface S3ServerOptions {
  readonly kind: S3ServerKind;
  /** Holds the objects and the log; made when it is missing. moto keeps its objects in memory. */
  readonly folder: string;
  /** Made at start. */
  readonly bucket?: string;
}

export async function isS3ServerInstalled(kind: S3ServerKind): Promise<boolean> {
  try {
    await access(PROGRAMS[kind]);
    return true;
  } catch {
    return false;
  }
}

/** The kinds that are there, in the order of `S3_SERVER_KINDS`. */
export async function installedS3Servers(): Promise<readonly S3ServerKind[]> {
  const installed = await Promise.all(S3_SERVER_KINDS.map(isS3ServerInstalled));
  return S3_SERVER_KINDS.filter((_, index) => installed[index]);
}

/** Such as `moto 5.2.5`. Programs built by `go install` know their version only as Go wrote it into them. */
export async function s3ServerVersion(
  kind: S3ServerKind,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const [program, args] =
    kind === 'moto'
      ? [path.join(CACHE, 'venv/bin/python'), ['-c', 'import moto; print("mod moto", moto.__version__)']]
      : ['go', ['version', '-m', PROGRAMS[kind]]];
  try {
    const { output } = await runCommand({ program, args, environment: cleanEnvironment(folder), signal });
    return `${kind} ${/\bmod\s+\S+\s+(\S+)/.exec(output)?.[1] ?? 'of unknown version'}`;
  } catch {
    return `${kind} of unknown version`;
  }
}

export async function startS3Server(options: S3ServerOptions): Promise<RunningS3Server> {
  const { kind, folder, bucket = 'lab' } = options;
  const objects = path.join(folder, 'objects');
  await mkdir(objects, { recursive: true });
  const port = await freePort(HOST);
  const endpoint = `http://${HOST}:${port}`;
  const server = await ServerProcess.start({
    program: PROGRAMS[kind],
    args: argumentsOf(kind, port, objects),
    environment: { ...cleanEnvironment(folder), ...environmentOf(kind) },
    logFile: path.join(folder, `${kind}.log`),
  });
  const credentials = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY };
  try {
    await server.waitUntil(() => answers(endpoint), START_TIMEOUT_MS);
    await makeBucket(endpoint, bucket);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    kind,
    endpoint,
    host: HOST,
    port,
    region: REGION,
    bucket,
    bucketFolder: path.join(objects, bucket),
    credentials,
    server,
    configuration: (at = endpoint) => ({
      bucket,
      endpoint: at,
      region: REGION,
      pathStyle: true,
      credentials,
    }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function argumentsOf(kind: S3ServerKind, port: number, objects: string): string[] {
  switch (kind) {
    case 'versitygw':
      // Without the option it ends the connection behind every answer, which no service does.
      return ['--port', `${HOST}:${port}`, '--quiet', '--keep-alive', 'posix', objects];
    case 'moto':
      return ['--host', HOST, '--port', String(port)];
    case 'minio':
      return ['server', '--quiet', '--address', `${HOST}:${port}`, objects];
  }
}

function environmentOf(kind: S3ServerKind): Record<string, string> {
  switch (kind) {
    case 'versitygw':
      return { ROOT_ACCESS_KEY: ACCESS_KEY_ID, ROOT_SECRET_KEY: SECRET_ACCESS_KEY };
    case 'moto':
      return {};
    case 'minio':
      return { MINIO_ROOT_USER: ACCESS_KEY_ID, MINIO_ROOT_PASSWORD: SECRET_ACCESS_KEY, MINIO_BROWSER: 'off' };
  }
}

/** Any answer will do: without a signature most of them refuse. */
async function answers(endpoint: string): Promise<boolean> {
  try {
    await (await fetch(endpoint, { signal: AbortSignal.timeout(2_000) })).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function makeBucket(endpoint: string, bucket: string): Promise<void> {
  const client = new S3Client({
    endpoint,
    region: REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
  });
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } finally {
    client.destroy();
  }
}
