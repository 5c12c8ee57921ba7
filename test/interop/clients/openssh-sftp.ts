/** OpenSSH's `sftp` in batch mode. */

import type { Client, ClientSession, Login } from '../client.ts';
import { runSuccessfully } from '../lab/command.ts';
import { openSshCommand, openSshVersion } from './openssh.ts';
import { pathAndParents, withoutConnection } from './program.ts';

export const opensshSftp: Client = {
  name: 'sftp',
  keyType: 'ed25519',
  version: (context) => openSshVersion(context),
  open: (login) => Promise.resolve(session(login)),
};

function session(login: Login): ClientSession {
  const batch = (...lines: readonly string[]) => runBatch(login, lines);
  return withoutConnection({
    async list(directory) {
      const output = await batch(`cd ${quote(directory)}`, 'ls -1a');
      // In batch mode sftp repeats every command behind its prompt.
      return output.split('\n').filter((line) => line !== '' && !line.startsWith('sftp>'));
    },
    put: async (local, remote) => void (await batch(`put ${quote(local)} ${quote(remote)}`)),
    get: async (remote, local) => void (await batch(`get ${quote(remote)} ${quote(local)}`)),
    resumePut: async (local, remote) => void (await batch(`reput ${quote(local)} ${quote(remote)}`)),
    resumeGet: async (remote, local) => void (await batch(`reget ${quote(remote)} ${quote(local)}`)),
    rename: async (from, to) => void (await batch(`rename ${quote(from)} ${quote(to)}`)),
    // A leading '-' lets the batch go on where a parent is there already.
    makeDirectories: async (directory) =>
      void (await batch(...pathAndParents(directory).map((parent) => `-mkdir ${quote(parent)}`))),
    putTree: async (local, remote) => void (await batch(`put -r ${quote(local)} ${quote(remote)}`)),
    getTree: async (remote, local) => void (await batch(`get -r ${quote(remote)} ${quote(local)}`)),
    remove: async (file) => void (await batch(`rm ${quote(file)}`)),
    removeDirectory: async (directory) => void (await batch(`rmdir ${quote(directory)}`)),
  });
}

async function runBatch(login: Login, lines: readonly string[]): Promise<string> {
  const args = ['-b', '-', '-P', String(login.port), `${login.userName}@${login.host}`];
  const result = await runSuccessfully({
    ...openSshCommand('sftp', args, login),
    input: lines.map((line) => `${line}\n`).join(''),
  });
  return result.output;
}

function quote(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}
