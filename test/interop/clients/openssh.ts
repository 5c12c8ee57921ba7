/** How the programs of OpenSSH get their credentials. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client, CredentialKind, Login } from '../client.ts';
import type { Command } from '../lab/command.ts';
import { programVersion } from './program.ts';

export const OPENSSH_CREDENTIALS: readonly CredentialKind[] = [
  'password',
  'key',
  'key and password',
  'prompts',
  'certificate',
];

/** The command that runs an OpenSSH program for a login; secrets travel in files and the environment, never in argv. */
export async function openSshCommand(
  program: string,
  args: readonly string[],
  login: Login,
): Promise<Command> {
  const { credential, sshConfigFile, environment, signal } = login;
  // `sftp -b` turns BatchMode on, and that forbids every question; the first value given wins.
  const asking = ['-F', sshConfigFile, '-oBatchMode=no', ...args];
  switch (credential.kind) {
    case 'key':
    case 'certificate':
      return { program, args: ['-F', sshConfigFile, ...args], environment, signal };
    case 'password':
    case 'key and password':
      return {
        program: 'sshpass',
        args: ['-e', program, ...asking],
        environment: { ...environment, SSHPASS: credential.password },
        signal,
      };
    case 'prompts': {
      const askPass = await writeAskPass(login.scratch, credential.answers);
      const asked = { SSH_ASKPASS: askPass, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: 'none' };
      return { program, args: asking, environment: { ...environment, ...asked }, signal };
    }
  }
}

/** A program that answers every question with the next line of a file. @returns its path */
async function writeAskPass(folder: string, answers: readonly string[]): Promise<string> {
  const file = path.join(folder, 'answers');
  await writeFile(file, answers.map((answer) => `${answer}\n`).join(''), { mode: 0o600 });
  const script = path.join(folder, 'askpass');
  await writeFile(script, `#!/bin/sh\nhead -n 1 '${file}' && sed -i 1d '${file}'\n`, { mode: 0o700 });
  return script;
}

/** `OpenSSH_9.2p1`. Also proves that sshpass is there. @throws MissingClient */
export async function openSshVersion(
  context: Parameters<Client['version']>[0],
  program = 'ssh',
): Promise<string> {
  await programVersion({ program: 'sshpass', args: ['-V'], ...context }, /sshpass/);
  return programVersion({ program, args: ['-V'], ...context }, /OpenSSH_[^\s,]+/);
}
