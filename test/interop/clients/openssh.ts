/** How the programs of OpenSSH get their credentials. */

import type { Client, Login } from '../client.ts';
import type { Command } from '../lab/command.ts';
import { programVersion } from './program.ts';

/** The command that runs an OpenSSH program for a login; the password travels in the environment, never in argv. */
export function openSshCommand(program: string, args: readonly string[], login: Login): Command {
  const { credential, sshConfigFile, environment, signal } = login;
  if (credential.kind === 'key') {
    return { program, args: ['-F', sshConfigFile, ...args], environment, signal };
  }
  return {
    program: 'sshpass',
    // `sftp -b` turns BatchMode on, and that forbids the question for a password; the first value given wins.
    args: ['-e', program, '-F', sshConfigFile, '-oBatchMode=no', ...args],
    environment: { ...environment, SSHPASS: credential.password },
    signal,
  };
}

/** `OpenSSH_9.2p1`. Also proves that sshpass is there. @throws MissingClient */
export async function openSshVersion(context: Parameters<Client['version']>[0]): Promise<string> {
  await programVersion({ program: 'sshpass', args: ['-V'], ...context }, /sshpass/);
  return programVersion({ program: 'ssh', args: ['-V'], ...context }, /OpenSSH_[^\s,]+/);
}
