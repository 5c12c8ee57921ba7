/** OpenSSH's `sftp` against a server of a check: one login, a batch of commands, what came of it. */

import assert from 'node:assert/strict';
import { runCommand } from '../../interop/lab/command.ts';
import { cleanEnvironment } from '../../interop/lab/environment.ts';
import type { Served } from '../../testing/served.ts';
import { portOf } from './product.ts';

const TIMEOUT_MS = 30_000;

/** Host keys are not looked at: other tests do. */
const COMMON = [
  '-oStrictHostKeyChecking=no',
  '-oUserKnownHostsFile=/dev/null',
  '-oGlobalKnownHostsFile=/dev/null',
  '-oUpdateHostKeys=no',
  '-oIdentityAgent=none',
  '-oNumberOfPasswordPrompts=1',
  '-oLogLevel=ERROR',
];

export interface SftpLogin {
  readonly served: Served;
  readonly serverId: string;
  readonly userName: string;
  /** A password, or the file of a private key. */
  readonly by: { readonly password: string } | { readonly keyFile: string };
}

/** Both streams, and whether all commands went well. */
export interface SftpResult {
  readonly isDone: boolean;
  readonly output: string;
}

export async function sftp(login: SftpLogin, ...lines: readonly string[]): Promise<SftpResult> {
  const { served, serverId, userName, by } = login;
  const place = ['-b', '-', '-P', String(portOf(served, serverId)), `${userName}@127.0.0.1`];
  const environment = cleanEnvironment(served.folder);
  const command =
    'keyFile' in by
      ? {
          program: 'sftp',
          args: [
            ...COMMON,
            '-oPreferredAuthentications=publickey',
            '-oIdentitiesOnly=yes',
            '-i',
            by.keyFile,
            ...place,
          ],
          environment,
        }
      : {
          // The environment shows the password to this user only, the arguments would show it to everybody.
          program: 'sshpass',
          args: ['-e', 'sftp', '-oBatchMode=no', '-oPreferredAuthentications=password', ...COMMON, ...place],
          environment: { ...environment, SSHPASS: by.password },
        };
  const { exitCode, output, errorOutput } = await runCommand({
    ...command,
    input: lines.map((line) => `${line}\n`).join(''),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { isDone: exitCode === 0, output: output + errorOutput };
}

/** @returns what was printed */
export async function sftpDone(login: SftpLogin, ...lines: readonly string[]): Promise<string> {
  const { isDone, output } = await sftp(login, ...lines);
  assert.ok(isDone, `${login.userName}: ${output}\n${login.served.output()}`);
  return output;
}

/** The login itself is refused. */
export async function sftpRefused(login: SftpLogin): Promise<void> {
  const { isDone, output } = await sftp(login, 'pwd');
  assert.ok(!isDone, `${login.userName} was let in`);
  assert.match(output, /Permission denied/, login.userName);
}
