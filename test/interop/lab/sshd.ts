/** OpenSSH's `sshd` with the in-process SFTP server on a loopback port: the stand-in and the measure. */

import { access, mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { runCommand } from './command.ts';
import { cleanEnvironment } from './environment.ts';
import { generateKey, KEY_TYPES } from './keys.ts';
import { canConnect, freePort } from './port.ts';
import { ServerProcess } from './server-process.ts';

export const SSHD = '/usr/sbin/sshd';
/** Debian's build refuses to start as root without this folder; a service manager would make it. */
const PRIVILEGE_SEPARATION_FOLDER = '/run/sshd';
const START_TIMEOUT_MS = 10_000;

export interface RunningSshd extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly userName: string;
  readonly server: ServerProcess;
}

export async function isSshdInstalled(program = SSHD): Promise<boolean> {
  try {
    await access(program);
    return true;
  } catch {
    return false;
  }
}

/** `OpenSSH_9.2p1 …`. */
export async function sshdVersion(folder: string, signal: AbortSignal, program = SSHD): Promise<string> {
  // There is no version option before 9.8; an unknown option prints it in the usage text.
  const { output, errorOutput } = await runCommand({
    program,
    args: ['-V'],
    environment: cleanEnvironment(folder),
    signal,
  });
  return /OpenSSH_[^\s,]+/.exec(output + errorOutput)?.[0] ?? 'OpenSSH of unknown version';
}

/** Starts sshd for the user who runs this, with keys as the only login. */
export async function startSshd(
  folder: string,
  publicKeys: readonly string[],
  signal: AbortSignal,
  program = SSHD,
): Promise<RunningSshd> {
  await mkdir(folder, { recursive: true });
  if (userInfo().uid === 0) await mkdir(PRIVILEGE_SEPARATION_FOLDER, { recursive: true });
  const hostKeys = await Promise.all(
    KEY_TYPES.map((type) => generateKey(path.join(folder, `host_${type}`), type, signal)),
  );
  const authorizedKeysFile = path.join(folder, 'authorized_keys');
  await writeFile(authorizedKeysFile, `${publicKeys.join('\n')}\n`);
  const host = '127.0.0.1';
  const port = await freePort(host);
  const configFile = path.join(folder, 'sshd_config');
  await writeFile(
    configFile,
    [
      `ListenAddress ${host}:${port}`,
      ...hostKeys.map((key) => `HostKey ${key.file}`),
      `AuthorizedKeysFile ${authorizedKeysFile}`,
      'AuthenticationMethods publickey',
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      'UsePAM no',
      'UseDNS no',
      'PidFile none',
      'MaxStartups 200',
      'LogLevel ERROR',
      'Subsystem sftp internal-sftp',
      '',
    ].join('\n'),
  );
  const server = await ServerProcess.start({
    program,
    args: ['-D', '-e', '-f', configFile],
    environment: cleanEnvironment(folder),
    logFile: path.join(folder, 'sshd.log'),
  });
  try {
    await server.waitUntil(() => canConnect(host, port), START_TIMEOUT_MS);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    host,
    port,
    userName: userInfo().username,
    server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
